#include "applets/ipamd/journal.h"

#include <map>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using pool::Reason;
using testing::ElementsAre;

constexpr absl::Time kStart = absl::UnixEpoch();
constexpr base::Ipv4 kIp(0x0a000005);
constexpr base::Ipv4 kOther(0x0a000006);

Note Of(Reason reason, std::string text = "") {
  Note note;
  note.reason = reason;
  note.text = std::move(text);
  return note;
}

Note At(Reason reason, base::Ipv4 ip) {
  Note note = Of(reason);
  note.address = ip;
  return note;
}

Note By(Reason reason, const std::string& ns, const std::string& name) {
  Note note = Of(reason);
  note.pod = {ns, name, ""};
  return note;
}

std::vector<Reason> Reasons(const std::vector<Journal::Entry>& entries) {
  std::vector<Reason> reasons;
  for (const auto& entry : entries) reasons.push_back(entry.note.reason);
  return reasons;
}

TEST(JournalTest, TellsWhatHappenedInOrder) {
  Journal journal(kStart);
  journal.Add(Of(Reason::kPoolDry), kStart);
  journal.Add(At(Reason::kLeased, kIp), kStart);
  journal.Add(Of(Reason::kVpcUnavailable), kStart);
  EXPECT_THAT(
      Reasons(journal.Find({})),
      ElementsAre(Reason::kPoolDry, Reason::kLeased, Reason::kVpcUnavailable));
  EXPECT_EQ(journal.last_sequence(), 3u);
}

TEST(JournalTest, CountsWhatRepeatsAndKeepsTheLatestText) {
  Journal journal(kStart);
  journal.Add(Of(Reason::kVpcUnavailable, "request 1"), kStart);
  journal.Add(At(Reason::kConflict, kIp), kStart + absl::Seconds(1));
  journal.Add(Of(Reason::kVpcUnavailable, "request 2"),
              kStart + absl::Minutes(9));
  const auto entries = journal.Find({});
  EXPECT_THAT(Reasons(entries),
              ElementsAre(Reason::kConflict, Reason::kVpcUnavailable));
  EXPECT_EQ(entries[1].count, 2u);
  EXPECT_EQ(entries[1].first, kStart);
  EXPECT_EQ(entries[1].last, kStart + absl::Minutes(9));
  EXPECT_EQ(entries[1].note.text, "request 2");
  EXPECT_EQ(entries[1].sequence, 3u);
}

TEST(JournalTest, WhatComesBackAfterALongTimeIsAnotherStory) {
  Journal journal(kStart);
  journal.Add(Of(Reason::kSubnetExhausted), kStart);
  journal.Add(Of(Reason::kSubnetExhausted), kStart + Journal::kRepeat);
  journal.Add(Of(Reason::kSubnetExhausted),
              kStart + 2 * Journal::kRepeat + absl::Nanoseconds(1));
  EXPECT_EQ(journal.Find({}).size(), 2u);
}

TEST(JournalTest, OnlyTheSameSubjectRepeats) {
  Journal journal(kStart);
  journal.Add(At(Reason::kConflict, kIp), kStart);
  journal.Add(At(Reason::kConflict, kOther), kStart);
  journal.Add(By(Reason::kPoolDry, "a", "b"), kStart);
  journal.Add(By(Reason::kPoolDry, "a", "c"), kStart);
  Note subnet = Of(Reason::kSubnetExhausted);
  subnet.subnet = "s1";
  journal.Add(subnet, kStart);
  subnet.subnet = "s2";
  journal.Add(subnet, kStart);
  EXPECT_EQ(journal.Find({}).size(), 6u);
}

TEST(JournalTest, CanBeAskedForAPodOrAnAddress) {
  Journal journal(kStart);
  journal.Add(By(Reason::kPoolDry, "shop", "web"), kStart);
  Note leased = By(Reason::kLeased, "shop", "web");
  leased.address = kIp;
  journal.Add(leased, kStart);
  journal.Add(At(Reason::kDrift, kIp), kStart);
  journal.Add(By(Reason::kPoolDry, "shop", "db"), kStart);
  EXPECT_THAT(Reasons(journal.Find({.pod = base::Pod{"shop", "web", "any"}})),
              ElementsAre(Reason::kPoolDry, Reason::kLeased));
  EXPECT_THAT(Reasons(journal.Find({.address = kIp})),
              ElementsAre(Reason::kLeased, Reason::kDrift));
  EXPECT_TRUE(journal.Find({.address = kOther}).empty());
}

TEST(JournalTest, AReaderAsksForWhatIsNew) {
  Journal journal(kStart);
  journal.Add(At(Reason::kConflict, kIp), kStart);
  journal.Add(At(Reason::kConflict, kOther), kStart);
  const uint64_t seen = journal.last_sequence();
  EXPECT_TRUE(journal.Find({.after = seen}).empty());
  // What is counted again is news, too.
  journal.Add(At(Reason::kConflict, kIp), kStart + absl::Seconds(9));
  const auto news = journal.Find({.after = seen});
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].note.address, kIp);
  EXPECT_EQ(journal.Find({.since = kStart + absl::Seconds(5)}).size(), 1u);
}

TEST(JournalTest, ForgetsTheOldestButNoErrorBecauseOfRoutine) {
  Journal journal(kStart);
  journal.Add(Of(Reason::kStoreFailed), kStart);
  for (uint32_t i = 0; i < 2 * Journal::kCapacity; ++i) {
    journal.Add(At(Reason::kLeased, base::Ipv4(i)), kStart);
  }
  const auto entries = journal.Find({});
  EXPECT_EQ(entries.size(), Journal::kCapacity + 1);
  EXPECT_EQ(entries[0].note.reason, Reason::kStoreFailed);
  EXPECT_EQ(entries[1].note.address, base::Ipv4(Journal::kCapacity));
  EXPECT_EQ(journal.forgotten(), Journal::kCapacity);
}

TEST(JournalTest, ALongTextIsCutBetweenCharacters) {
  Journal journal(kStart);
  // "ä" has two bytes, so that the limit is inside one of them.
  std::string text = "x";
  while (text.size() < 2 * Journal::kMaxTextBytes) text += "\xc3\xa4";
  journal.Add(Of(Reason::kVpcRefused, text), kStart);
  const std::string kept = journal.Find({})[0].note.text;
  EXPECT_EQ(kept,
            absl::StrCat(text.substr(0, Journal::kMaxTextBytes - 1), "..."));
}

// Compared with the plainest journal there could be.
TEST(JournalTest, AlwaysHasTheLatestNoteOfEachSubject) {
  absl::BitGen random(std::seed_seq{4});
  Journal journal(kStart);
  std::map<std::pair<Reason, base::Ipv4>, uint64_t> latest;
  absl::Time now = kStart;
  const auto reasons = pool::AllReasons();
  for (int i = 0; i < 20000; ++i) {
    now += absl::Seconds(absl::Uniform(random, 0, 20));
    const Reason reason = reasons[absl::Uniform(random, 0u, reasons.size())];
    const base::Ipv4 ip(absl::Uniform(random, 0u, 200u));
    journal.Add(At(reason, ip), now);
    latest[{reason, ip}] = journal.last_sequence();
    if (i % 500 != 0) continue;
    uint64_t before = 0;
    std::map<std::pair<Reason, base::Ipv4>, uint64_t> found;
    for (const auto& entry : journal.Find({})) {
      EXPECT_GT(entry.sequence, before);
      before = entry.sequence;
      found[{entry.note.reason, *entry.note.address}] = entry.sequence;
    }
    EXPECT_LE(found.size(), 2 * Journal::kCapacity);
    for (const auto& [key, sequence] : found) {
      EXPECT_EQ(sequence, latest[key]);
    }
  }
}

}  // namespace
}  // namespace applets::ipamd
