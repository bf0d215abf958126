#include "applets/ledger/ledger.h"

#include <unistd.h>

#include <string>

#include "absl/time/clock.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::ledger {
namespace {

using base::Ipv4;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);
const base::Attachment kAttachment{"net", "c", "eth0"};

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() { EXPECT_TRUE(base::MakeDirectories(dir_).ok()); }

  std::unique_ptr<Ledger> Open() {
    auto ledger = Ledger::Open(dir_, pool::Policy{}, kNow, absl::Now());
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    return *std::move(ledger);
  }
  // A ledger with one address, leased, and closed again.
  void LeaseOne() {
    auto ledger = Open();
    auto [intent, records] = ledger->pool().DecideAllocate(1, "s", kNow);
    ASSERT_TRUE(ledger->Record(records).ok());
    ASSERT_TRUE(
        ledger->Record(ledger->pool().DecideAllocated(intent, {Ipv4(1)}, kNow))
            .ok());
    const auto grant = ledger->pool().DecideAcquire(
        {kAttachment, {}, "", "", absl::Seconds(1)}, kNow);
    ASSERT_TRUE(ledger->Record(grant->records).ok());
    ASSERT_TRUE(ledger->MarkRebuilt().ok());
  }

  const std::string dir_ =
      testing::TempDir() + "/ledger." + std::to_string(getpid()) + "." +
      testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(LedgerTest, WhatWasRecordedIsThereAgain) {
  LeaseOne();
  const auto ledger = Open();
  ASSERT_NE(ledger->pool().Find(kAttachment), nullptr);
  EXPECT_EQ(ledger->pool().Find(kAttachment)->ip, Ipv4(1));
  EXPECT_FALSE(ledger->needs_rebuild());
}

TEST_F(LedgerTest, OneProcessAtATime) {
  const auto ledger = Open();
  EXPECT_EQ(
      Ledger::Open(dir_, pool::Policy{}, kNow, absl::Now()).status().code(),
      absl::StatusCode::kUnavailable);
}

TEST_F(LedgerTest, ANewStoreMustBeRebuilt) {
  EXPECT_TRUE(Open()->needs_rebuild());
  EXPECT_TRUE(Open()->needs_rebuild());
}

TEST_F(LedgerTest, ADamagedStoreIsSetAsideAndMustBeRebuilt) {
  LeaseOne();
  ASSERT_TRUE(
      base::WriteFileAtomically(dir_ + "/store.db", std::string(9000, 'x'))
          .ok());
  const auto ledger = Open();
  EXPECT_TRUE(ledger->needs_rebuild());
  EXPECT_EQ(base::ReadFile(ledger->set_aside(), 10000)->size(), 9000u);
  EXPECT_EQ(ledger->pool().counts().total(), 0);
}

TEST_F(LedgerTest, LeasesAndTombstonesOfAnEarlierBootEnd) {
  LeaseOne();
  {
    auto ledger = Open();
    ASSERT_TRUE(ledger
                    ->Record(ledger->pool().DecideDetach(
                        {"net", "other", "eth0"}, absl::Seconds(1), kNow))
                    .ok());
    ASSERT_TRUE(ledger->store().SetSetting("boot_id", "an earlier one").ok());
  }
  const auto ledger = Open();
  EXPECT_EQ(ledger->pool().Find(kAttachment), nullptr);
  EXPECT_EQ(ledger->pool().counts().cooling, 1);
  EXPECT_TRUE(ledger->pool().tombstones().empty());
}

}  // namespace
}  // namespace applets::ledger
