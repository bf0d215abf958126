#include "pool/store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "absl/time/clock.h"
#include "base/file.h"
#include "gtest/gtest.h"
#include "pool/pool.h"

namespace pool {
namespace {

using base::Ipv4;

const absl::Time kNow = absl::FromUnixNanos(1'800'000'000'123'456'789);

std::string FreshDir() {
  static int n = 0;
  std::string dir = testing::TempDir() + "/store_test." +
                    std::to_string(getpid()) + "." + std::to_string(n++);
  EXPECT_TRUE(base::MakeDirectories(dir).ok());
  return dir;
}

Address Leased(uint32_t ip, const std::string& id) {
  return {Ipv4(ip),
          "10.0.0.0/24",
          State::kLeased,
          kNow,
          absl::InfiniteFuture(),
          3,
          Lease{{"net", id, "eth0"},
                {"default", "pod", "uid"},
                "/run/netns/x",
                "ucni01",
                Phase::kAttached,
                kNow,
                absl::Seconds(42)}};
}

Records Everything() {
  Address cooling{
      Ipv4(2), "s",         State::kCooling, kNow, kNow + absl::Seconds(30),
      1,       std::nullopt};
  return {PutAddress{Leased(1, "a")}, PutAddress{cooling},
          PutTombstone{{{"net", "b", "eth0"}, absl::Seconds(5), kNow}},
          OpenIntent{
              {7, Intent::Kind::kRelease, "s", 0, {Ipv4(2), Ipv4(3)}, kNow}}};
}

TEST(StoreTest, LoadGivesBackWhatWasCommitted) {
  const std::string dir = FreshDir();
  {
    auto store = Store::Open(dir);
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Commit(Everything()).ok());
  }
  auto store = Store::Open(dir);
  Pool loaded{Policy{}}, expected{Policy{}};
  loaded.Apply((*store)->Load().value());
  expected.Apply(Everything());
  EXPECT_EQ(loaded.addresses(), expected.addresses());
  EXPECT_EQ(loaded.intents(), expected.intents());
  EXPECT_EQ(loaded.tombstones(), expected.tombstones());
}

TEST(StoreTest, DropsRows) {
  auto store = Store::Open(FreshDir()).value();
  ASSERT_TRUE(store->Commit(Everything()).ok());
  ASSERT_TRUE(
      store
          ->Commit({DropAddress{Ipv4(1)}, DropAddress{Ipv4(2)},
                    DropTombstone{{"net", "b", "eth0"}}, CloseIntent{7}})
          .ok());
  EXPECT_TRUE(store->Load()->empty());
}

TEST(StoreTest, ALeaseThatEndsLeavesNoTrace) {
  auto store = Store::Open(FreshDir()).value();
  ASSERT_TRUE(store->Commit({PutAddress{Leased(1, "a")}}).ok());
  Address warm{Ipv4(1), "s",         State::kWarm, kNow, absl::InfiniteFuture(),
               4,       std::nullopt};
  ASSERT_TRUE(store->Commit({PutAddress{warm}}).ok());
  // Another address may now hold the attachment.
  EXPECT_TRUE(store->Commit({PutAddress{Leased(2, "a")}}).ok());
}

TEST(StoreTest, OneAttachmentCannotHoldTwoAddresses) {
  auto store = Store::Open(FreshDir()).value();
  ASSERT_TRUE(store->Commit({PutAddress{Leased(1, "a")}}).ok());
  EXPECT_FALSE(store->Commit({PutAddress{Leased(2, "a")}}).ok());
  EXPECT_EQ(store->Load()->size(), 1u);
}

TEST(StoreTest, AFailedCommitWritesNothing) {
  auto store = Store::Open(FreshDir()).value();
  EXPECT_FALSE(
      store->Commit({PutAddress{Leased(1, "a")}, PutAddress{Leased(2, "a")}})
          .ok());
  EXPECT_TRUE(store->Load()->empty());
}

TEST(StoreTest, CommitsSurviveTheDeathOfTheProcess) {
  const std::string dir = FreshDir();
  const pid_t child = fork();
  if (child == 0) {
    auto store = Store::Open(dir).value();
    store->Commit({PutAddress{Leased(1, "a")}}).IgnoreError();
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(Store::Open(dir).value()->Load()->size(), 1u);
}

TEST(StoreTest, DamagedStoreIsDataLossAndCanBeSetAside) {
  const std::string dir = FreshDir();
  ASSERT_TRUE(
      base::WriteFileAtomically(dir + "/store.db", std::string(9000, 'x'))
          .ok());
  EXPECT_EQ(Store::Open(dir).status().code(), absl::StatusCode::kDataLoss);
  const auto aside = Store::SetAside(dir, kNow);
  ASSERT_TRUE(aside.ok());
  EXPECT_EQ(base::ReadFile(*aside, 10000)->size(), 9000u);
  EXPECT_TRUE(Store::Open(dir).ok());
}

TEST(StoreTest, AnImpossibleRowIsDataLossAndNamed) {
  const std::string dir = FreshDir();
  { auto store = Store::Open(dir).value(); }
  auto db = base::Database::Open(dir + "/store.db").value();
  ASSERT_TRUE(db.Execute("INSERT INTO address(ip, subnet, state, since_ns, "
                         "until_ns, recycled) VALUES('1.2.3.4','s','boiling',"
                         "0,0,0)")
                  .ok());
  const auto load = Store::Open(dir).value()->Load();
  EXPECT_EQ(load.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(load.status().message(),
            "store: table address, row 1.2.3.4: bad state");
}

// An address that is lent, one that is borrowed, one that is asked for.
Records Shifts() {
  const Intent lend{.id = -1,
                    .kind = Intent::Kind::kLend,
                    .subnet = "s",
                    .addresses = {Ipv4(4)},
                    .opened_at = kNow,
                    .key = "k1",
                    .peer = "node-b"};
  Intent borrow = lend;
  borrow.id = -2;
  borrow.kind = Intent::Kind::kBorrow;
  borrow.addresses = {Ipv4(5)};
  Intent asked = borrow;
  asked.id = -3;
  asked.addresses = {};
  return {
      OpenIntent{lend}, OpenIntent{borrow}, OpenIntent{asked},
      PutAddress{In(State::kLeaving, {.ip = Ipv4(4), .subnet = "s"}, kNow)},
      PutAddress{In(State::kArriving, {.ip = Ipv4(5), .subnet = "s"}, kNow)}};
}

TEST(StoreTest, ShiftsAndTheirAddressesAreLoadedAgain) {
  const std::string dir = FreshDir();
  ASSERT_TRUE(Store::Open(dir).value()->Commit(Shifts()).ok());
  Pool loaded{Policy{}}, expected{Policy{}};
  loaded.Apply(Store::Open(dir).value()->Load().value());
  expected.Apply(Shifts());
  EXPECT_EQ(loaded.addresses(), expected.addresses());
  EXPECT_EQ(loaded.intents(), expected.intents());
}

TEST(StoreTest, AWarmAddressThatIsLentAndTakenBackIsThereOnce) {
  const std::string dir = FreshDir();
  auto store = Store::Open(dir).value();
  Pool pool{Policy{}};
  const auto commit = [&](const Records& records) {
    ASSERT_TRUE(store->Commit(records).ok());
    pool.Apply(records);
  };
  commit({PutAddress{In(State::kWarm, {.ip = Ipv4(4), .subnet = "s"}, kNow)}});
  const auto [intent, records] = pool.DecideLend("k", "node-b", "s", kNow);
  commit(records);
  commit(pool.DecideKeptBack(intent, kNow));
  Pool loaded{Policy{}};
  loaded.Apply(store->Load().value());
  EXPECT_EQ(loaded.addresses(), pool.addresses());
  EXPECT_TRUE(loaded.intents().empty());
}

// Version 0.1.0 takes any kind but "allocate" and any state that it doesn't
// know for damage.
TEST(StoreTest, TheTablesOfVersionOneHoldNothingOfShifts) {
  const std::string dir = FreshDir();
  auto store = Store::Open(dir).value();
  ASSERT_TRUE(store
                  ->Commit({PutAddress{
                      In(State::kWarm, {.ip = Ipv4(4), .subnet = "s"}, kNow)}})
                  .ok());
  ASSERT_TRUE(store->Commit(Shifts()).ok());
  auto db = base::Database::Open(dir + "/store.db").value();
  for (const char* table : {"address", "intent"}) {
    auto select =
        db.Prepare(std::string("SELECT count(*) FROM ") + table).value();
    ASSERT_TRUE(select.Step().value());
    EXPECT_EQ(select.Int(0), 0) << table;
  }
}

TEST(StoreTest, AnImpossibleShiftIsDataLossAndNamed) {
  const std::string dir = FreshDir();
  { auto store = Store::Open(dir).value(); }
  auto db = base::Database::Open(dir + "/store.db").value();
  ASSERT_TRUE(
      db.Execute("INSERT INTO shift VALUES(-1,'lend','k','node-b','s','',0)")
          .ok());
  const auto load = Store::Open(dir).value()->Load();
  EXPECT_EQ(load.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(load.status().message(), "store: table shift, row -1: bad address");
}

Address FixedTo(uint32_t ip, const char* pod) {
  Address row = In(State::kFixed, {.ip = Ipv4(ip), .subnet = "s"}, kNow);
  row.tenant = Tenant{"shop", pod, "uid"};
  return row;
}

TEST(StoreTest, KeepsWhomAnAddressIsFixedTo) {
  const std::string dir = FreshDir();
  Address leased = Leased(5, "a");
  leased.tenant = Tenant{"shop", "db-1", "uid-1"};
  Pool pool{Policy()};
  pool.Apply({PutAddress{FixedTo(4, "db-0")}, PutAddress{leased}});
  pool.Apply(pool.DecideTake(Ipv4(6), {"shop", "db-2", "u"}, "s", kNow)
                 .value()
                 .second);
  {
    auto store = Store::Open(dir).value();
    ASSERT_TRUE(
        store
            ->Commit({PutAddress{FixedTo(4, "db-0")}, PutAddress{leased},
                      OpenIntent{*pool.FindTake(Ipv4(6))},
                      PutAddress{*pool.Find(Ipv4(6))}})
            .ok());
  }
  Pool again{Policy()};
  again.Apply(Store::Open(dir).value()->Load().value());
  EXPECT_EQ(again.addresses(), pool.addresses());
  EXPECT_EQ(again.intents(), pool.intents());
}

TEST(StoreTest, ForgetsTheTenantOfAnAddressThatIsFree) {
  const std::string dir = FreshDir();
  auto store = Store::Open(dir).value();
  const Address row = FixedTo(4, "db-0");
  ASSERT_TRUE(store->Commit({PutAddress{row}}).ok());
  ASSERT_TRUE(store->Commit({PutAddress{In(State::kWarm, row, kNow)}}).ok());
  Pool pool{Policy()};
  pool.Apply(store->Load().value());
  EXPECT_EQ(pool.Find(Ipv4(4))->state, State::kWarm);
  EXPECT_FALSE(pool.Find(Ipv4(4))->tenant.has_value());
}

// It doesn't know whom an address is fixed to, and lends it to others.
TEST(StoreTest, WhatVersionOneDidToAFixedAddressDoesntChangeWhoseItIs) {
  const std::string dir = FreshDir();
  auto store = Store::Open(dir).value();
  ASSERT_TRUE(store->Commit({PutAddress{FixedTo(4, "db-0")}}).ok());
  auto db = base::Database::Open(dir + "/store.db").value();
  ASSERT_TRUE(db.Execute("INSERT INTO address(ip, subnet, state, since_ns, "
                         "until_ns, recycled) "
                         "VALUES('0.0.0.4', 's', 'warm', 0, 0, 0)")
                  .ok());
  Pool pool{Policy()};
  pool.Apply(store->Load().value());
  EXPECT_EQ(*pool.Find(Ipv4(4)), FixedTo(4, "db-0"));
}

TEST(StoreTest, AnotherSchemaIsRefused) {
  const std::string dir = FreshDir();
  ASSERT_TRUE(Store::Open(dir).value()->SetSetting("schema", "99").ok());
  EXPECT_EQ(Store::Open(dir).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(StoreLockTest, IsExclusiveUntilGivenUp) {
  const std::string dir = FreshDir();
  auto first = StoreLock::Take(dir, absl::Now());
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(StoreLock::Take(dir, absl::Now()).status().code(),
            absl::StatusCode::kUnavailable);
  first = absl::UnavailableError("gave it up");
  EXPECT_TRUE(StoreLock::Take(dir, absl::Now()).ok());
}

}  // namespace
}  // namespace pool
