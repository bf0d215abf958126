#include "applets/ctl/follow.h"

#include <deque>
#include <string>
#include <vector>

#include "applets/rpc/messages_events.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1700794140);

rpc::Event Of(uint64_t sequence, const char* reason) {
  rpc::Event event;
  event.sequence = sequence;
  event.first = event.last = kNow;
  event.reason = reason;
  return event;
}

// An ipamd whose journal the test writes.
class FollowTest : public testing::Test {
 protected:
  FollowTest() {
    host_.now = [] { return kNow; };
    host_.connect = [this](const Options&) -> absl::StatusOr<Connection> {
      if (gone_) return absl::NotFoundError("ipamd isn't running");
      return Connection([this](absl::string_view, absl::string_view path,
                               absl::string_view) { return Answer(path); });
    };
    host_.print = [this](absl::string_view text) {
      printed_.emplace_back(text);
      return true;
    };
    // What happens between two questions; then the end.
    host_.pause = [this](absl::Duration) {
      if (happens_.empty()) return false;
      happens_.front()();
      happens_.pop_front();
      return true;
    };
    options_.action = Action::kEvents;
    options_.format = Format::kJson;
    options_.follow = true;
  }
  absl::StatusOr<std::string> Answer(absl::string_view path) {
    asked_.emplace_back(path);
    rpc::EventsReply reply{"n", began_, 0, 0, {}};
    uint64_t since = 0;
    const size_t at = path.find("since=");
    since = std::stoull(std::string(path.substr(at + 6)));
    for (const rpc::Event& event : journal_) {
      reply.last = std::max(reply.last, event.sequence);
      if (event.sequence > since) reply.events.push_back(event);
    }
    return rpc::ToJson(reply);
  }

  Host host_;
  Options options_;
  bool gone_ = false;
  absl::Time began_ = kNow - absl::Hours(1);
  std::vector<rpc::Event> journal_ = {Of(1, "leased")};
  std::deque<std::function<void()>> happens_;
  std::vector<std::string> printed_;
  std::vector<std::string> asked_;
};

TEST_F(FollowTest, WithoutTheFlagItIsAskedOnce) {
  options_.follow = false;
  options_.format = Format::kText;
  const Outcome outcome = ShowEvents(options_, host_);
  EXPECT_EQ(outcome.exit_status, kDone);
  EXPECT_THAT(outcome.out, HasSubstr("leased"));
  EXPECT_THAT(printed_, IsEmpty());
}

TEST_F(FollowTest, WhatIsNewIsPrintedOnce) {
  happens_ = {[] {}, [&] { journal_.push_back(Of(2, "conflict")); }, [] {},
              // Counted again: it has another sequence.
              [&] { journal_[0] = Of(3, "leased"); }};
  EXPECT_EQ(ShowEvents(options_, host_).exit_status, kDone);
  EXPECT_THAT(printed_, ElementsAre(HasSubstr("leased"), HasSubstr("conflict"),
                                    HasSubstr("\"sequence\":3")));
  EXPECT_THAT(asked_.back(), EndsWith("since=2&"));
}

TEST_F(FollowTest, AnIpamdThatIsRestartedIsWaitedFor) {
  happens_ = {[&] { gone_ = true; }, [] {},
              [&] {
                gone_ = false;
                began_ = kNow;
                journal_ = {Of(1, "rebuilding")};
              }};
  EXPECT_EQ(ShowEvents(options_, host_).exit_status, kDone);
  EXPECT_THAT(
      printed_,
      ElementsAre(HasSubstr("leased"), "# ipamd is gone; waiting for it\n",
                  "# ipamd is back\n", HasSubstr("rebuilding")));
}

TEST_F(FollowTest, ItEndsWhenNobodyReads) {
  host_.print = [](absl::string_view) { return false; };
  happens_ = {[] { ADD_FAILURE() << "goes on"; }};
  EXPECT_EQ(ShowEvents(options_, host_).exit_status, kDone);
}

TEST_F(FollowTest, WithoutIpamdItDoesNotBegin) {
  gone_ = true;
  EXPECT_EQ(ShowEvents(options_, host_).exit_status, kFailed);
}

TEST_F(FollowTest, WhatIsTooOldIsLeftOut) {
  journal_[0].last = kNow - absl::Minutes(20);
  options_.since = absl::Minutes(10);
  ShowEvents(options_, host_);
  EXPECT_THAT(printed_, ElementsAre(""));
}

}  // namespace
}  // namespace applets::ctl
