#include "applets/upgrade/kube_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace applets::upgrade {
namespace {

Fleet Some() {
  Fleet fleet{.id = "x", .wanted = "bb", .reason = "r"};
  fleet.means.image = "i:1";
  fleet.started = absl::FromUnixSeconds(1700000000);
  fleet.settled = absl::InfiniteFuture();
  for (const NodeState state :
       {NodeState::kDone, NodeState::kFailed, NodeState::kWaiting}) {
    fleet.nodes.push_back({.name = absl::StrCat("n", fleet.nodes.size()),
                           .state = state,
                           .adds = AddCounts{3, 1},
                           .changed = fleet.started,
                           .not_before = absl::InfinitePast()});
  }
  return fleet;
}

TEST(KubeRecordTest, IsReadAsItWasWritten) {
  const ClusterRecord record{
      .holder = "me", .renewed = "t", .wish = Wish::kAbort, .fleet = Some()};
  const auto json = base::Json::Parse(EncodeRecord(record));
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json->String("kind"), "CniUpgrade");
  EXPECT_EQ(*json->Get("spec")->String("wish"), "abort");
  const auto read = DecodeRecord(*json);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, record);
}

TEST(KubeRecordTest, KubectlSeesHowFarItIs) {
  const auto json =
      base::Json::Parse(RecordPatch({.holder = "me", .fleet = Some()}));
  const auto status = json->Get("status");
  EXPECT_EQ(*status->String("progress"), "2/3");
  EXPECT_EQ(*status->Int("done"), 1);
  EXPECT_EQ(*status->Int("failed"), 1);
  EXPECT_EQ(*status->String("image"), "i:1");
  EXPECT_EQ(*status->String("phase"), "running");
}

TEST(KubeRecordTest, AWishLeavesAllElseAlone) {
  EXPECT_EQ(WishPatch(Wish::kPause), R"({"spec":{"wish":"pause"}})");
  EXPECT_EQ(WishPatch(Wish::kNone), R"({"spec":{"wish":null}})");
  EXPECT_FALSE(
      base::Json::Parse(HolderPatch({.holder = "me"}))->Find("status"));
}

TEST(KubeRecordTest, AnObjectThatSaysNothingIsNobodysAndAnUnknownWishNone) {
  const auto json = base::Json::Parse(R"({"metadata": {"name": "x"},
                            "spec": {"wish": "fly"}})");
  const auto record = DecodeRecord(*json);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(*record, ClusterRecord());
}

TEST(KubeRecordTest, WhatIsEmptyIsTakenAwayByAPatchAndNotWrittenAtFirst) {
  const ClusterRecord record{.renewed = "t"};
  EXPECT_EQ(HolderPatch(record),
            R"({"spec":{"holder":null,"renewed":"t","wish":null}})");
  const auto json = base::Json::Parse(EncodeRecord(record));
  EXPECT_EQ(json->Get("spec")->Dump(), R"({"renewed":"t"})");
}

TEST(KubeRecordTest, ADamagedRunIsNamed) {
  const auto json = base::Json::Parse(R"({"status": {"run": {"schema": 1}}})");
  EXPECT_THAT(std::string(DecodeRecord(*json).status().message()),
              testing::HasSubstr("status.run"));
}

TEST(KubeRecordTest, AsManyNodesAsAClusterMayHaveFit) {
  ClusterRecord record{.fleet = Some()};
  record.fleet->nodes.assign(5000,
                             {.name = "10.10.100.200",
                              .state = NodeState::kDone,
                              .batch = 100,
                              .before = std::string(64, 'a'),
                              .version = "0.1.0",
                              .address = "10.10.100.200",
                              .changed = absl::FromUnixSeconds(1700000000)});
  EXPECT_LT(EncodeRecord(record).size(), kMaxRecordBytes);
}

}  // namespace
}  // namespace applets::upgrade
