#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/http_lab.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kube/client.h"
#include "kube/error.h"

namespace kube {
namespace {

using base::LabAnswer;
using base::LabRequest;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Line(const std::string& type, int version) {
  return absl::StrCat(R"({"type":")", type,
                      R"(","object":{"metadata":{"resourceVersion":")", version,
                      "\"}}}\n");
}

// An API server whose watch sends `chunks_`.
class ClientWatchTest : public testing::Test {
 protected:
  ~ClientWatchTest() override { chunks_.End(); }

  LabAnswer Answer() {
    if (refusal_.status != 200) return refusal_;
    return {.next_chunk = [this] { return chunks_.Next(); }};
  }
  absl::StatusOr<std::unique_ptr<Watch>> Open() {
    return client_.OpenWatch(
        {.resource = kPods, .field_selector = "spec.nodeName=a"}, "41");
  }

  base::LabChunks chunks_;
  LabAnswer refusal_ = {};
  const base::HttpLab lab_{[this](const LabRequest&) { return Answer(); }};
  Client client_{{.server = lab_.url(), .token = "opensesame"},
                 {.watch_idle_timeout = absl::Seconds(10)}};
};

TEST_F(ClientWatchTest, AsksForBookmarksFromAVersionOn) {
  ASSERT_TRUE(Open().ok());
  EXPECT_THAT(
      lab_.requests().at(0).target,
      AllOf(HasSubstr("/api/v1/pods?watch=true"),
            HasSubstr("&allowWatchBookmarks=true"),
            HasSubstr("&fieldSelector=spec.nodeName%3Da"),
            HasSubstr("&resourceVersion=41"), HasSubstr("&timeoutSeconds=")));
}

TEST_F(ClientWatchTest, HandsOutEventsAsTheyCome) {
  const auto watch = Open();
  ASSERT_TRUE(watch.ok()) << watch.status();
  chunks_.Send(Line("ADDED", 42) + Line("MODIFIED", 43) + "{\"type\":");
  const auto first = (*watch)->Next();
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->size(), 2U);
  EXPECT_EQ(first->at(1).kind, WatchEvent::Kind::kModified);
  chunks_.Send("\"BOOKMARK\",\"object\":{}}\n");
  const auto second = (*watch)->Next();
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->size(), 1U);
  EXPECT_EQ(second->at(0).kind, WatchEvent::Kind::kBookmark);
  chunks_.End();
  EXPECT_TRUE((*watch)->Next()->empty());
}

TEST_F(ClientWatchTest, EventsBeforeAnErrorAreHandedOutFirst) {
  const auto watch = Open();
  ASSERT_TRUE(watch.ok()) << watch.status();
  chunks_.Send(Line("ADDED", 42) +
               R"({"type":"ERROR","object":{"code":410,"reason":"Expired"}})"
               "\n");
  EXPECT_EQ((*watch)->Next()->size(), 1U);
  const absl::Status error = (*watch)->Next().status();
  EXPECT_EQ(error.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ReasonOf(error), "Expired");
}

TEST_F(ClientWatchTest, AnEndWithinAnEventIsDataLoss) {
  const auto watch = Open();
  ASSERT_TRUE(watch.ok()) << watch.status();
  chunks_.Send("{\"type\":");
  chunks_.End();
  EXPECT_EQ((*watch)->Next().status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ClientWatchTest, ARefusalIsAnErrorWithItsReason) {
  refusal_ = {.status = 410,
              .body = R"({"reason":"Gone","message":"too old opensesame"})"};
  const absl::Status error = Open().status();
  EXPECT_EQ(error.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ReasonOf(error), "Gone");
  EXPECT_THAT(std::string(error.message()),
              AllOf(HasSubstr("watch /api/v1/pods: too old"),
                    Not(HasSubstr("opensesame"))));
}

TEST_F(ClientWatchTest, AnotherThreadStopsIt) {
  const auto watch = Open();
  ASSERT_TRUE(watch.ok()) << watch.status();
  absl::Status status;
  std::thread reader([&] { status = (*watch)->Next().status(); });
  (*watch)->Stop();
  reader.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST(ClientWatchStopTest, StoppingTheClientEndsAWatchThatIsBeingOpened) {
  std::promise<void> asked;
  const base::HttpLab lab([&](const LabRequest&) {
    asked.set_value();
    return LabAnswer{.then = LabAnswer::Then::kSilence};
  });
  Client client({.server = lab.url()});
  absl::Status status;
  std::thread opening(
      [&] { status = client.OpenWatch({.resource = kPods}, "1").status(); });
  asked.get_future().wait();
  client.Stop();
  opening.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(client.OpenWatch({.resource = kPods}, "1").status().code(),
            absl::StatusCode::kCancelled);
}

TEST(ClientWatchSilenceTest, SilenceForTooLongEndsIt) {
  base::LabChunks chunks;
  const base::HttpLab lab([&](const LabRequest&) {
    return LabAnswer{.next_chunk = [&] { return chunks.Next(); }};
  });
  const absl::Cleanup let_go = [&] { chunks.End(); };
  Client client({.server = lab.url()},
                {.watch_idle_timeout = absl::Milliseconds(30)});
  const auto watch = client.OpenWatch({.resource = kPods}, "1");
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_EQ((*watch)->Next().status().code(),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace kube
