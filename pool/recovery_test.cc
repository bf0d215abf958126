#include "pool/recovery.h"

#include "gtest/gtest.h"

namespace pool {
namespace {

using base::Ipv4;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const base::Attachment kAttachment{"net", "c1", "eth0"};
const std::vector<User> kOurs = {{Ipv4(1), "ucni01", kAttachment}};

class RecoveryTest : public testing::Test {
 protected:
  void TakeIn(const std::vector<Ipv4>& found, const std::vector<User>& users) {
    pool_.Apply(DecideTakeIn(pool_, "s", found, users, kNow));
  }
  void Rebuild(const std::vector<Ipv4>& listed,
               const std::vector<User>& users) {
    pool_.Apply(DecideRebuild(pool_, "s", listed, users, kNow));
  }
  State StateOf(uint32_t ip) { return pool_.Find(Ipv4(ip))->state; }

  Pool pool_{Policy{.probing = true}};
};

TEST_F(RecoveryTest, ALostStoreIsRebuiltFromTheKernelsPods) {
  Rebuild({Ipv4(1), Ipv4(2), Ipv4(3)},
          {{Ipv4(1), "ucni01", kAttachment}, {Ipv4(2), "ucni02", {}}});
  ASSERT_NE(pool_.Find(kAttachment), nullptr);
  EXPECT_EQ(pool_.Find(kAttachment)->ip, Ipv4(1));
  EXPECT_EQ(pool_.Find(kAttachment)->lease->host_ifname, "ucni01");
  EXPECT_EQ(StateOf(2), State::kQuarantined);
  EXPECT_EQ(StateOf(3), State::kCooling);
}

// The DEL found no lease, and its pod's network is still being taken down.
TEST_F(RecoveryTest, APodWhoseDelCameMeanwhileIsLeasedToBeTakenDown) {
  pool_.Apply(pool_.DecideDetach(kAttachment, absl::Seconds(9), kNow));
  Rebuild({Ipv4(1)}, kOurs);
  ASSERT_NE(pool_.Find(kAttachment), nullptr);
  EXPECT_EQ(pool_.Find(kAttachment)->lease->phase, Phase::kDetaching);
  pool_.Apply(pool_.DecideDetached(kAttachment, kNow));
  EXPECT_EQ(StateOf(1), State::kCooling);
}

TEST_F(RecoveryTest, OneAttachmentIsNeverRestoredTwice) {
  TakeIn({Ipv4(1)}, kOurs);
  TakeIn({Ipv4(1), Ipv4(2)}, {{Ipv4(2), "ucni01", kAttachment}});
  EXPECT_EQ(pool_.Find(kAttachment)->ip, Ipv4(1));
  EXPECT_EQ(StateOf(2), State::kQuarantined);
}

TEST_F(RecoveryTest, ARunningPodTheVpcDoesNotListIsLeasedAtARebuildOnly) {
  TakeIn({}, kOurs);
  EXPECT_EQ(pool_.Find(kAttachment), nullptr);
  Rebuild({}, kOurs);
  EXPECT_NE(pool_.Find(kAttachment), nullptr);
}

TEST_F(RecoveryTest, WhatAnAllocationGaveUnseenIsProbedOrRests) {
  TakeIn({Ipv4(1)}, {});
  EXPECT_EQ(StateOf(1), State::kFresh);
  pool_.SetPolicy(Policy{.probing = false});
  TakeIn({Ipv4(2)}, {});
  EXPECT_EQ(StateOf(2), State::kCooling);
}

TEST_F(RecoveryTest, AnAddressThatIsKnownStaysAsItIs) {
  TakeIn({Ipv4(1)}, kOurs);
  TakeIn({Ipv4(1)}, {});
  EXPECT_EQ(StateOf(1), State::kLeased);
}

TEST_F(RecoveryTest, OnlyAllocationsOpenedLongAgoAreSettled) {
  pool_.Apply(pool_.DecideAllocate(2, "s", kNow).second);
  EXPECT_TRUE(DecideSettled(pool_, kNow - absl::Nanoseconds(1)).empty());
  pool_.Apply(DecideSettled(pool_, kNow));
  EXPECT_TRUE(pool_.intents().empty());
}

}  // namespace
}  // namespace pool
