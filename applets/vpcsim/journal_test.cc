#include "applets/vpcsim/journal.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/state_file.h"
#include "base/fd.h"
#include "base/sqlite.h"

namespace applets::vpcsim {
namespace {

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    std::string pattern = absl::StrCat(testing::TempDir(), "/journalXXXXXX");
    path_ = absl::StrCat(mkdtemp(pattern.data()), "/world.db");
  }

  static std::unique_ptr<World> Make() {
    return MakeWorld({.settings = {.project = "org-1",
                                   .quotas = {.secondary_per_interface = 50},
                                   .batch_shape = BatchShape::kExample},
                      .subnet = base::Ipv4Prefix::Parse("10.0.0.0/24").value(),
                      .hosts = 5,
                      .port_prefix = "node-"})
        .value();
  }
  std::unique_ptr<Journal> Open() {
    auto journal = Journal::Open(path_);
    EXPECT_TRUE(journal.ok()) << journal.status();
    return *std::move(journal);
  }
  // As the next process finds it.
  std::unique_ptr<World> Found() { return Open()->Restore().value(); }
  static void Must(const absl::Status& status) {
    ASSERT_TRUE(status.ok()) << status;
  }
  static std::string Text(const World& world) { return DumpState(world, {}); }

  void ChangeSomething(World& world) {
    const auto draw = [this](size_t end) {
      return absl::Uniform<size_t>(random_, 0, end);
    };
    const auto nics = world.interfaces();
    const std::string id = nics[draw(nics.size())]->id;
    const base::Mac mac = nics[draw(nics.size())]->mac;
    const base::Ipv4 address(0x0a000000 + static_cast<uint32_t>(draw(256)));
    const Interface* owner = world.OwnerOf("", address);
    const base::Mac had = owner == nullptr ? mac : owner->mac;
    switch (draw(9)) {
      case 0:
      case 1:
        (void)world.Allocate(mac);
        return;
      case 2:
        (void)world.Release(had, address);
        return;
      case 3:
        (void)world.Move(address, had, mac);
        return;
      case 4:
        if (nics.size() > 20) return;
        (void)world.CreateInterface(
            {.subnet = "subnet-1", .security_groups = {{"sg-1", 2}}}, random_);
        return;
      case 5:
        (void)world.Attach(id, absl::StrCat("uhost-", 1 + draw(5)));
        return;
      case 6:
        (void)world.Detach(id, world.InterfaceById(id)->host);
        return;
      case 7:
        (void)world.Boot(absl::StrCat("uhost-", 1 + draw(5)),
                         absl::StrCat("/run/netns/", draw(9)));
        return;
      default:
        (void)world.DeleteInterface(id);
    }
  }

  std::string path_;
  std::mt19937_64 random_{3};
};

TEST_F(JournalTest, NewFileHasNoWorld) { EXPECT_EQ(Found(), nullptr); }

TEST_F(JournalTest, WorldOutlivesTheProcessWithItsSettings) {
  const auto journal = Open();
  const auto world = Make();
  Must(journal->Follow(*world));
  EXPECT_EQ(Text(*Found()), Text(*world));
  EXPECT_EQ(Found()->settings(), world->settings());
}

TEST_F(JournalTest, AFileOfTheFirstSchemaIsTakenOn) {
  Must(base::Database::Open(path_)->Execute(R"(
    CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL);
    INSERT INTO setting VALUES('schema', '1');
    INSERT INTO setting VALUES('settings', '{"region":"cn-old"}');
    CREATE TABLE vpc(id TEXT PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO vpc VALUES('uvnet-1', 'v');
    CREATE TABLE subnet(id TEXT PRIMARY KEY, vpc TEXT NOT NULL,
      name TEXT NOT NULL, zone TEXT NOT NULL, prefix TEXT NOT NULL,
      next INTEGER NOT NULL);
    INSERT INTO subnet VALUES('subnet-1', 'uvnet-1', 's', 'cn-bj2-04',
      '10.0.0.0/24', 167772170);
    CREATE TABLE host(id TEXT PRIMARY KEY, name TEXT NOT NULL,
      zone TEXT NOT NULL, old_metadata INTEGER NOT NULL,
      net_feature TEXT NOT NULL, role TEXT NOT NULL);
    INSERT INTO host VALUES('uhost-1', 'h', 'cn-bj2-04', 0, '', '');
    CREATE TABLE interface(id TEXT PRIMARY KEY, mac TEXT NOT NULL,
      subnet TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL,
      is_default INTEGER NOT NULL, address INTEGER NOT NULL,
      port TEXT NOT NULL);
    INSERT INTO interface VALUES('uni-1', '52:54:00:00:00:01', 'subnet-1',
      '', 'uhost-1', 1, 167772165, 'node-1');
  )"));
  const auto journal = Open();
  const auto found = journal->Restore().value();
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->InterfaceById("uni-1")->port, "node-1");
  Must(journal->Follow(*found));
  Must(found->Boot("uhost-1", "/run/netns/a"));
  Must(journal->Commit());
  EXPECT_EQ(Found()->HostById("uhost-1")->netns, "/run/netns/a");
}

TEST_F(JournalTest, ChangesAreThereOnceTheyAreCommitted) {
  const auto journal = Open();
  const auto world = Make();
  Must(journal->Follow(*world));
  const std::string before = Text(*world);
  for (int i = 0; i < 500; ++i) ChangeSomething(*world);
  EXPECT_EQ(Text(*Found()), before);
  Must(journal->Commit());
  EXPECT_NE(Text(*world), before);
  EXPECT_EQ(Text(*Found()), Text(*world));
}

TEST_F(JournalTest, EveryCommitIsTheWorldOfThatMoment) {
  const auto journal = Open();
  const auto world = Make();
  Must(journal->Follow(*world));
  for (int i = 0; i < 200; ++i) {
    for (int k = 0; k < 5; ++k) ChangeSomething(*world);
    Must(journal->Commit());
    ASSERT_EQ(Text(*Found()), Text(*world)) << "commit " << i;
  }
}

TEST_F(JournalTest, RestoredWorldIsFollowedOn) {
  {
    const auto journal = Open();
    const auto world = Make();
    Must(journal->Follow(*world));
    for (int i = 0; i < 100; ++i) ChangeSomething(*world);
    Must(journal->Commit());
  }
  const auto journal = Open();
  const auto world = journal->Restore().value();
  Must(journal->Follow(*world));
  for (int i = 0; i < 100; ++i) ChangeSomething(*world);
  ASSERT_TRUE(world->SetPort("uni-1", "other").ok());
  Must(world->AddHost({.id = "uhost-9", .zone = "cn-bj2-04"}));
  Must(journal->Commit());
  EXPECT_EQ(Text(*Found()), Text(*world));
}

TEST_F(JournalTest, RowsThatMakeNoWorldAreDataLoss) {
  Must(Open()->Follow(*Make()));
  {
    auto db = base::Database::Open(path_).value();
    Must(db.Execute("UPDATE interface SET address = 167772161"));
  }
  const auto restored = Open()->Restore();
  EXPECT_EQ(restored.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(restored.status().message().find("uni-1"), std::string::npos);
}

// What a killed process has told of, byte by byte through a pipe, is there.
TEST_F(JournalTest, WhatWasCommittedSurvivesAKill) {
  constexpr size_t kEnough = 300;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto journal = Open();
    const auto world = Make();
    if (!journal->Follow(*world).ok()) _exit(1);
    const base::Mac mac = world->InterfaceById("uni-1")->mac;
    std::deque<base::Ipv4> held;
    while (true) {
      // In turn an address is given and, but for the last three, given back.
      held.push_back(std::get<base::Ipv4>(world->Allocate(mac)));
      if (held.size() > 3) {
        (void)world->Release(mac, held.front());
        held.pop_front();
      }
      if (!journal->Commit().ok()) _exit(1);
      const auto told = static_cast<uint8_t>(held.back().bits());
      if (write(ends[1], &told, 1) != 1) _exit(0);
    }
  }
  close(ends[1]);
  const base::Fd told_end(ends[0]);
  std::vector<uint8_t> told(kEnough);
  for (uint8_t& one : told) ASSERT_EQ(read(told_end.get(), &one, 1), 1);
  ASSERT_EQ(kill(child, SIGKILL), 0);
  uint8_t more = 0;
  while (read(told_end.get(), &more, 1) == 1) told.push_back(more);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));

  // The last one told of is there; at most one call was committed after it.
  const auto world = Found();
  const base::Ipv4 last(0x0a000000 + told.back());
  const Interface* owner = world->OwnerOf("", last);
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(owner->id, "uni-1");
  EXPECT_EQ(world->secondary_count(), 3U);
}

}  // namespace
}  // namespace applets::vpcsim
