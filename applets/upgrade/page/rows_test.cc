#include "applets/upgrade/page/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/json.h"

namespace applets::upgrade::page {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Every tenth has failed, the rest can be upgraded.
std::vector<Row> Rows(int count) {
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) {
    Row row{.node = absl::StrFormat("node-%04d", i),
            .address = absl::StrCat("10.0.", i / 250, ".", i % 250),
            .version = i % 2 == 0 ? "7.1.0" : "7.2.0",
            .sha256 = "0123456789abcdef",
            .state = RowState::kOutdated,
            .changed = absl::FromUnixSeconds(1000 - i),
            .can_upgrade = true};
    if (i % 10 == 0) {
      row.state = RowState::kFailed;
      row.text = "self-test: No address";
    }
    rows.push_back(row);
  }
  return rows;
}

std::vector<std::string> NodesOf(const View& view) {
  std::vector<std::string> nodes;
  for (const Row& row : view.rows) nodes.push_back(row.node);
  return nodes;
}

Question Ask(const rpc::Query& query) {
  const auto question = QuestionOf(query);
  EXPECT_TRUE(question.ok()) << question.status();
  return question.value_or(Question());
}

TEST(RowsTest, APageOfThousandsIsShown) {
  const View view = Look(Rows(5000), Ask({{"page", "2"}, {"size", "3"}}));
  EXPECT_EQ(view.total, 5000);
  EXPECT_EQ(view.page, 2);
  EXPECT_THAT(NodesOf(view),
              ElementsAre("node-0006", "node-0007", "node-0008"));
}

TEST(RowsTest, APageBehindTheLastIsTheLast) {
  const View view = Look(Rows(10), Ask({{"page", "99"}, {"size", "4"}}));
  EXPECT_EQ(view.page, 2);
  EXPECT_THAT(NodesOf(view), ElementsAre("node-0008", "node-0009"));
  EXPECT_EQ(Look({}, Question()), View());
}

TEST(RowsTest, ASearchLooksIntoNodeAddressVersionAndLog) {
  const auto found = [](const std::string& text) {
    return Look(Rows(5000), Ask({{"search", text}})).total;
  };
  EXPECT_EQ(found("NODE-0123"), 1);
  EXPECT_EQ(found("10.0.19.249"), 1);
  EXPECT_EQ(found("7.2.0"), 2500);
  EXPECT_EQ(found("no address"), 500);
  EXPECT_EQ(found("nothing like it"), 0);
}

TEST(RowsTest, CountsAreOfAllThatTheSearchFinds) {
  const View view =
      Look(Rows(5000), Ask({{"search", "7.1.0"}, {"state", "failed"}}));
  EXPECT_EQ(view.total, 500);
  EXPECT_EQ(view.counts[static_cast<size_t>(RowState::kFailed)], 500);
  EXPECT_EQ(view.counts[static_cast<size_t>(RowState::kOutdated)], 2000);
}

TEST(RowsTest, RowsAreSortedByAColumn) {
  const auto first = [](const rpc::Query& query) {
    return Look(Rows(20), Ask(query)).rows.front().node;
  };
  EXPECT_EQ(first({{"order", "list"}, {"descending", "1"}}), "node-0019");
  EXPECT_EQ(first({{"order", "node"}, {"descending", "1"}}), "node-0019");
  EXPECT_EQ(first({{"order", "version"}, {"descending", "1"}}), "node-0001");
  EXPECT_EQ(first({{"order", "state"}, {"descending", "1"}}), "node-0000");
  EXPECT_EQ(first({{"order", "changed"}}), "node-0019");
}

TEST(RowsTest, WhatIsWrongWithAQuestionIsNamed) {
  EXPECT_THAT(QuestionOf({{"state", "x"}}).status().message(),
              HasSubstr("state"));
  EXPECT_THAT(QuestionOf({{"order", "x"}}).status().message(),
              HasSubstr("order"));
  EXPECT_THAT(QuestionOf({{"size", "201"}}).status().message(),
              HasSubstr("size"));
  EXPECT_FALSE(QuestionOf({{"page", "-1"}}).ok());
  EXPECT_FALSE(QuestionOf({{"search", std::string(201, 'x')}}).ok());
  EXPECT_EQ(Ask({{"size", "0"}}).size, 1);
}

TEST(RowsTest, NamesAreOfAllPages) {
  std::vector<Row> rows = Rows(100);
  rows[10].can_upgrade = false;
  EXPECT_THAT(page::NamesOf(rows, Ask({{"state", "failed"}, {"size", "1"}})),
              SizeIs(9));
}

TEST(RowsTest, AViewIsJson) {
  std::vector<Row> rows = Rows(2);
  rows[0].text = "a \"quote\"\nand a line";
  const auto json = base::Json::Parse(ToJson(Look(rows, Question())));
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json->Int("total"), 2);
  EXPECT_EQ(*json->Get("counts")->Int("failed"), 1);
  const base::Json row = json->Array("rows")->front();
  EXPECT_EQ(*row.String("text"), rows[0].text);
  EXPECT_EQ(*row.String("sha256"), "01234567");
  EXPECT_EQ(*row.Int("changed"), 1000);
  EXPECT_EQ(row.Array("can")->size(), 1);
}

TEST(RowsTest, JsonIsOneLine) {
  std::vector<Row> rows = Rows(1);
  rows[0].text = "two\nlines\r";
  EXPECT_EQ(ToJson(Look(rows, Question())).find_first_of("\r\n"),
            std::string::npos);
}

TEST(RowsTest, ADeltaHasOnlyWhatChanged) {
  std::vector<Row> rows = Rows(100);
  const View before = Look(rows, Question());
  EXPECT_EQ(DeltaJson(before, Look(rows, Question())), "");
  rows[3].state = RowState::kUpgrading;
  const auto json =
      base::Json::Parse(DeltaJson(before, Look(rows, Question())));
  ASSERT_TRUE(json.ok());
  ASSERT_THAT(*json->Array("changed"), SizeIs(1));
  const base::Json change = json->Array("changed")->front();
  EXPECT_EQ(*change.Int("at"), 3);
  EXPECT_EQ(*change.Get("row")->String("state"), "upgrading");
  EXPECT_EQ(*json->Get("counts")->Int("upgrading"), 1);
}

TEST(RowsTest, ADeltaOfOtherRowsIsTheWholeView) {
  std::vector<Row> rows = Rows(100);
  const Question failed = Ask({{"state", "failed"}});
  const View before = Look(rows, failed);
  rows[0].state = RowState::kCurrent;
  const View now = Look(rows, failed);
  EXPECT_EQ(DeltaJson(before, now), ToJson(now));
}

TEST(RowsTest, WhatHappensOnAnotherPageChangesCountsAlone) {
  std::vector<Row> rows = Rows(100);
  const View before = Look(rows, Question());
  rows[99].state = RowState::kUpgrading;
  const auto json =
      base::Json::Parse(DeltaJson(before, Look(rows, Question())));
  ASSERT_TRUE(json.ok());
  EXPECT_THAT(*json->Array("changed"), SizeIs(0));
  EXPECT_EQ(*json->Get("counts")->Int("upgrading"), 1);
}

}  // namespace
}  // namespace applets::upgrade::page
