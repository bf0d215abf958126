#include "kube/follower.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/http_lab.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

using base::LabAnswer;
using base::LabRequest;

std::string Pod(const std::string& name, int version) {
  return absl::StrCat(R"({"metadata":{"name":")", name,
                      R"(","resourceVersion":")", version, "\"}}");
}

std::string Event(const std::string& type, const std::string& object) {
  return absl::StrCat(R"({"type":")", type, R"(","object":)", object, "}\n");
}

LabAnswer ListOf(const std::string& items, int version) {
  return {.body = absl::StrCat(R"({"metadata":{"resourceVersion":")", version,
                               R"("},"items":[)", items, "]}")};
}

// An API server over a real socket. Lists are given in turn, and so are
// watches: each sends its chunks until the test ends it.
class FollowerTest : public testing::Test {
 protected:
  ~FollowerTest() override {
    for (base::LabChunks& watch : watches_) watch.End();
  }

  LabAnswer Answer(const LabRequest& request) {
    if (!absl::StrContains(request.target, "watch=true")) {
      LabAnswer list = lists_.front();
      if (lists_.size() > 1) lists_.pop_front();
      return list;
    }
    base::LabChunks* watch = &watches_[opened_];
    if (opened_ + 1 < std::size(watches_)) ++opened_;
    return {.next_chunk = [watch] { return watch->Next(); }};
  }

  void Start() {
    auto client = std::make_unique<Client>(
        Config{.server = lab_.url()},
        ClientOptions{.max_attempts = 1,
                      .first_backoff = absl::Milliseconds(1)});
    follower_ = std::make_unique<Follower>(
        std::move(client),
        Query{.resource = kPods, .field_selector = "spec.nodeName=n"},
        [this](const Follower::Report& report) { Take(report); },
        MirrorOptions{absl::Milliseconds(1), absl::Milliseconds(4)});
  }
  void Take(const Follower::Report& report) {
    const std::lock_guard lock(mutex_);
    for (const Change& change : report.changes) {
      if (change.object) {
        known_[change.key.name] =
            *change.object->Get("metadata")->String("resourceVersion");
      } else {
        known_.erase(change.key.name);
      }
    }
    last_ = report;
    if (!report.status.ok()) ++errors_;
    told_.notify_all();
  }
  using Known = std::map<std::string, std::string>;
  // Waits until that is what is known.
  void Expect(const Known& known) {
    std::unique_lock lock(mutex_);
    const bool came = told_.wait_for(lock, std::chrono::seconds(20),
                                     [&] { return known_ == known; });
    EXPECT_TRUE(came) << testing::PrintToString(known_);
  }
  Follower::Report Last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  void ExpectError() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(told_.wait_for(lock, std::chrono::seconds(20),
                               [&] { return errors_ > 0; }));
  }

  std::deque<LabAnswer> lists_ = {ListOf(Pod("a", 3), 7)};
  base::LabChunks watches_[4];
  size_t opened_ = 0;
  const base::HttpLab lab_{
      [this](const LabRequest& request) { return Answer(request); }};

  std::mutex mutex_;
  std::condition_variable told_;
  Known known_;
  Follower::Report last_;
  int errors_ = 0;
  std::unique_ptr<Follower> follower_;
};

TEST_F(FollowerTest, TellsTheListAndThenTheWatch) {
  Start();
  Expect({{"a", "3"}});
  watches_[0].Send(Event("ADDED", Pod("b", 8)) + Event("DELETED", Pod("a", 9)));
  Expect({{"b", "8"}});
  EXPECT_TRUE(Last().complete);
  const auto requests = lab_.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].target,
            "/api/v1/pods?fieldSelector=spec.nodeName%3Dn&resourceVersion=0");
  EXPECT_TRUE(absl::StrContains(requests[1].target, "&resourceVersion=7&"));
}

TEST_F(FollowerTest, ResumesAWatchThatEndsWithoutAnotherList) {
  Start();
  watches_[0].Send(Event("ADDED", Pod("b", 8)));
  Expect({{"a", "3"}, {"b", "8"}});
  watches_[0].End();
  watches_[1].Send(Event("ADDED", Pod("c", 9)));
  Expect({{"a", "3"}, {"b", "8"}, {"c", "9"}});
  const auto requests = lab_.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_TRUE(absl::StrContains(requests[2].target, "&resourceVersion=8&"));
}

TEST_F(FollowerTest, ListsAgainWhenTheVersionHasExpired) {
  lists_.push_back(ListOf(Pod("z", 50), 51));
  Start();
  Expect({{"a", "3"}});
  watches_[0].Send(Event("ERROR", R"({"code":410,"reason":"Expired"})"));
  Expect({{"z", "50"}});
  watches_[1].Send(Event("MODIFIED", Pod("z", 52)));
  Expect({{"z", "52"}});
  EXPECT_TRUE(Last().status.ok());
}

TEST_F(FollowerTest, ComesBackWhenTheServerDoes) {
  lists_ = {{.status = 503, .body = "{}"}, ListOf(Pod("a", 3), 7)};
  Start();
  ExpectError();
  Expect({{"a", "3"}});
}

TEST_F(FollowerTest, ABrokenWatchIsAnErrorUntilTheNextIsOpen) {
  Start();
  Expect({{"a", "3"}});
  watches_[0].Send("{\"type\":");
  watches_[0].End();
  ExpectError();
  watches_[1].Send(Event("ADDED", Pod("b", 9)));
  Expect({{"a", "3"}, {"b", "9"}});
  EXPECT_TRUE(Last().status.ok());
}

TEST_F(FollowerTest, StopsWithinAWatch) {
  Start();
  Expect({{"a", "3"}});
  follower_.reset();
}

TEST_F(FollowerTest, StopsWhileTheServerIsSilent) {
  lists_ = {{.then = LabAnswer::Then::kSilence}};
  Start();
  follower_.reset();
}

}  // namespace
}  // namespace kube
