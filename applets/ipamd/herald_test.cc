#include "applets/ipamd/herald.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class HeraldTest : public testing::Test {
 protected:
  static Note NoteOf(pool::Reason reason, const std::string& uid = "u1") {
    Note note;
    note.reason = reason;
    note.pod = {"shop", "web-0", uid};
    note.text = "try again";
    return note;
  }
  std::optional<Herald::Call> Hear(pool::Reason reason) {
    return herald_.OnNote(NoteOf(reason), now_);
  }

  absl::Time now_ = absl::FromUnixSeconds(1767323045);
  Herald herald_{"node-a"};
};

TEST_F(HeraldTest, WhyAPodHasNoAddressIsAWarningToIt) {
  const auto call = Hear(pool::Reason::kSubnetExhausted);
  ASSERT_TRUE(call.has_value());
  EXPECT_TRUE(call->create);
  EXPECT_EQ(call->event.reason, "subnet-exhausted");
  EXPECT_EQ(call->event.type, kube::Event::Type::kWarning);
  EXPECT_EQ(call->event.key.name_space, "shop");
  EXPECT_THAT(call->event.key.name, StartsWith("web-0.subnet-exhausted."));
  EXPECT_EQ(call->event.about_uid, "u1");
  EXPECT_EQ(call->event.node, "node-a");
  EXPECT_THAT(call->event.message, HasSubstr("no address left. try again"));
}

TEST_F(HeraldTest, WhatHappensAllTheTimeIsNotTold) {
  EXPECT_FALSE(Hear(pool::Reason::kLeased).has_value());
  EXPECT_FALSE(Hear(pool::Reason::kDetached).has_value());
  EXPECT_FALSE(Hear(pool::Reason::kDeleted).has_value());
}

TEST_F(HeraldTest, WhatIsAboutNoPodIsNotTold) {
  Note note = NoteOf(pool::Reason::kConflict);
  note.pod = {};
  EXPECT_FALSE(herald_.OnNote(note, now_).has_value());
}

TEST_F(HeraldTest, TheSameAgainIsCountedAndWrittenOnceAMinute) {
  const auto first = Hear(pool::Reason::kPoolDry);
  for (int i = 0; i < 5; ++i) {
    now_ += absl::Seconds(5);
    EXPECT_FALSE(Hear(pool::Reason::kPoolDry).has_value());
  }
  now_ += absl::Minutes(1);
  const auto again = Hear(pool::Reason::kPoolDry);
  ASSERT_TRUE(again.has_value());
  EXPECT_FALSE(again->create);
  EXPECT_EQ(again->event.key, first->event.key);
  EXPECT_EQ(again->event.count, 7);
  EXPECT_EQ(again->event.last, now_);
}

TEST_F(HeraldTest, AnotherReasonOrPodIsAnotherEvent) {
  Hear(pool::Reason::kPoolDry);
  EXPECT_TRUE(Hear(pool::Reason::kVpcUnavailable)->create);
  EXPECT_TRUE(
      herald_.OnNote(NoteOf(pool::Reason::kPoolDry, "u2"), now_)->create);
}

TEST_F(HeraldTest, AnEventThatTheServerHasForgottenIsMadeAnew) {
  Hear(pool::Reason::kPoolDry);
  now_ += Herald::kLife;
  EXPECT_TRUE(Hear(pool::Reason::kPoolDry)->create);
}

TEST_F(HeraldTest, AFloodIsCutOff) {
  int written = 0;
  const auto flood = [&] {
    for (int i = 0; i < 1000; ++i) {
      const Note note = NoteOf(pool::Reason::kPoolDry, absl::StrCat(i));
      if (herald_.OnNote(note, now_)) ++written;
    }
  };
  flood();
  EXPECT_EQ(written, Herald::kBurst);
  EXPECT_EQ(herald_.dropped(), 1000U - Herald::kBurst);
  now_ += 2 * Herald::kInterval;
  Note note = NoteOf(pool::Reason::kPoolDry, "later");
  EXPECT_TRUE(herald_.OnNote(note, now_).has_value());
  note.pod.uid = "too";
  EXPECT_TRUE(herald_.OnNote(note, now_).has_value());
  note.pod.uid = "much";
  EXPECT_FALSE(herald_.OnNote(note, now_).has_value());
}

TEST_F(HeraldTest, RemembersNoMoreThanItMay) {
  for (int i = 0; i < 3000; ++i) {
    now_ += Herald::kInterval;
    ASSERT_TRUE(
        herald_.OnNote(NoteOf(pool::Reason::kPoolDry, absl::StrCat(i)), now_)
            .has_value());
    ASSERT_LE(herald_.known(), Herald::kMaxKnown);
  }
}

}  // namespace
}  // namespace applets::ipamd
