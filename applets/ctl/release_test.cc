#include "applets/ctl/release.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kTwoUnused[] =
    R"({"node":"n","addresses":[{"address":"10.0.0.5","why":"popped"},
        {"address":"10.0.0.6","why":"unknown"}]})";

class ReleaseTest : public testing::Test {
 protected:
  ReleaseTest() {
    options_.action = Action::kRelease;
    options_.target = "node-1";
    ipamd_ = [this](absl::string_view method, absl::string_view path,
                    absl::string_view body) -> absl::StatusOr<std::string> {
      if (method == "GET") return unused_;
      EXPECT_EQ(path, "/v1/addresses/release");
      asked_.emplace_back(body);
      return released_;
    };
    host_.connect = [this](const Options&) { return ipamd_; };
    host_.ask = [this](const std::string& question) {
      question_ = question;
      return answer_;
    };
  }
  Outcome Release() { return ReleaseAddresses(options_, host_, ipamd_); }

  Options options_;
  Host host_;
  Connection ipamd_;
  std::string unused_ = kTwoUnused;
  std::string released_ = R"({"released":["10.0.0.5"],"refused":[]})";
  std::string answer_ = "y";
  std::string question_;
  std::vector<std::string> asked_;
};

TEST_F(ReleaseTest, ListsWhatNobodyUsesAndAsks) {
  const Outcome outcome = Release();
  EXPECT_EQ(outcome.exit_status, kDone);
  EXPECT_EQ(outcome.out, "released 10.0.0.5\n");
  EXPECT_EQ(question_,
            "About to give back to the VPC:\n  10.0.0.5\n  10.0.0.6\n"
            "Continue? [y/N] ");
  EXPECT_THAT(asked_,
              ElementsAre("{\"node\":\"node-1\",\"addresses\":[\"10.0.0.5\","
                          "\"10.0.0.6\"]}"));
}

TEST_F(ReleaseTest, OnlyAYesIsAYes) {
  for (const char* answer : {"", "n", "no", "yep", "Y E S", "10.0.0.5"}) {
    answer_ = answer;
    const Outcome outcome = Release();
    EXPECT_EQ(outcome.exit_status, kNo) << answer;
    EXPECT_EQ(outcome.err, "Nothing was released.\n");
  }
  EXPECT_THAT(asked_, IsEmpty());
  for (const char* answer : {"y", "Y", "yes", " YES\r"}) {
    answer_ = answer;
    EXPECT_EQ(Release().exit_status, kDone) << answer;
  }
}

TEST_F(ReleaseTest, WithYesNobodyIsAsked) {
  options_.yes = true;
  host_.ask = [](const std::string&) {
    ADD_FAILURE() << "asks";
    return "";
  };
  EXPECT_EQ(Release().exit_status, kDone);
}

TEST_F(ReleaseTest, AnAddressThatIsNamedIsTheOnlyOne) {
  options_.address = base::Ipv4::Parse("10.0.0.9").value();
  unused_ = "never asked for";
  Release();
  EXPECT_THAT(question_, HasSubstr("10.0.0.9"));
  EXPECT_THAT(asked_, ElementsAre(HasSubstr("[\"10.0.0.9\"]")));
}

TEST_F(ReleaseTest, NothingUnusedIsNothingToDo) {
  unused_ = R"({"node":"n","addresses":[]})";
  const Outcome outcome = Release();
  EXPECT_EQ(outcome.exit_status, kDone);
  EXPECT_EQ(outcome.err, "Nothing to release.\n");
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(ReleaseTest, WhatIsRefusedIsToldAndNotASuccess) {
  released_ = R"({"released":["10.0.0.5"],
      "refused":[{"address":"10.0.0.6","problem":"a pod has it"}]})";
  const Outcome outcome = Release();
  EXPECT_EQ(outcome.exit_status, kNo);
  EXPECT_EQ(outcome.out, "released 10.0.0.5\n");
  EXPECT_EQ(outcome.err, "not released: 10.0.0.6: a pod has it\n");
}

TEST_F(ReleaseTest, AnIpamdThatWentMeanwhileIsToldSo) {
  host_.connect = [](const Options&) -> absl::StatusOr<Connection> {
    return absl::NotFoundError("ipamd isn't running");
  };
  EXPECT_EQ(Release().exit_status, kFailed);
}

}  // namespace
}  // namespace applets::ctl
