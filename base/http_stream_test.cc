#include "base/http_stream.h"

#include <chrono>
#include <future>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/http_lab.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace base {
namespace {

using testing::HasSubstr;
using testing::Not;

// A server that sends `chunks_`, and lets go when the test ends; to /short it
// answers in one piece.
class HttpStreamTest : public testing::Test {
 protected:
  ~HttpStreamTest() override { chunks_.End(); }

  LabAnswer Answer(const LabRequest& request) {
    if (request.target == "/short") return {.body = short_};
    return {.headers = {{"X-Kind", "stream"}},
            .then = then_,
            .next_chunk = [this] { return chunks_.Next(); }};
  }
  // All that comes until the end, or what went wrong.
  static absl::StatusOr<std::string> Rest(HttpStream& stream) {
    std::string all;
    for (;;) {
      absl::StatusOr<std::string> part = stream.Read();
      if (!part.ok()) return part.status();
      if (part->empty()) return all;
      all += *part;
    }
  }

  LabChunks chunks_;
  LabAnswer::Then then_ = LabAnswer::Then::kKeep;
  std::string short_ = "x";
  const HttpLab lab_{
      [this](const LabRequest& request) { return Answer(request); }};
};

TEST_F(HttpStreamTest, HandsOutTheHeadBeforeAnyOfTheBody) {
  HttpStream stream({});
  const auto head = stream.Open({.url = lab_.url() + "/watch?a=b"});
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->Header("x-kind"), "stream");
  EXPECT_EQ(head->body, "");
}

TEST_F(HttpStreamTest, HandsOutEachPartAsItComes) {
  HttpStream stream({});
  ASSERT_TRUE(stream.Open({.url = lab_.url()}).ok());
  for (const std::string text : {"one", "two"}) {
    chunks_.Send(text);
    const auto part = stream.Read();
    ASSERT_TRUE(part.ok()) << part.status();
    EXPECT_EQ(*part, text);
  }
  chunks_.Send("three");
  chunks_.End();
  EXPECT_EQ(*Rest(stream), "three");
  EXPECT_EQ(*stream.Read(), "");
}

TEST_F(HttpStreamTest, AnAnswerThatBreaksOffIsUnavailable) {
  then_ = LabAnswer::Then::kClose;
  HttpStream stream({});
  ASSERT_TRUE(stream.Open({.url = lab_.url() + "/p?secret"}).ok());
  chunks_.Send("half");
  EXPECT_EQ(*stream.Read(), "half");
  chunks_.End();
  const auto end = stream.Read();
  EXPECT_EQ(end.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(end.status().ToString(), HasSubstr("/p: "));
  EXPECT_THAT(end.status().ToString(), Not(HasSubstr("secret")));
}

TEST_F(HttpStreamTest, SilenceForTooLongIsADeadline) {
  HttpStream stream({});
  ASSERT_TRUE(
      stream.Open({.url = lab_.url(), .idle_timeout = absl::Milliseconds(50)})
          .ok());
  const auto part = stream.Read();
  EXPECT_EQ(part.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(part.status().ToString(), HasSubstr("nothing came for 50ms"));
}

TEST_F(HttpStreamTest, AHeadThatDoesNotComeIsADeadline) {
  then_ = LabAnswer::Then::kSilence;
  chunks_.End();
  HttpStream stream({});
  const auto head =
      stream.Open({.url = lab_.url(), .head_timeout = absl::Milliseconds(50)});
  EXPECT_EQ(head.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(HttpStreamTest, TheTimeoutCountsForAllOfIt) {
  HttpStream stream({});
  ASSERT_TRUE(
      stream.Open({.url = lab_.url(), .timeout = absl::Milliseconds(300)})
          .ok());
  const auto part = stream.Read();
  EXPECT_EQ(part.status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(HttpStreamTest, AnotherThreadStopsAWait) {
  HttpStream stream({});
  ASSERT_TRUE(stream.Open({.url = lab_.url()}).ok());
  auto part =
      std::async(std::launch::async, [&stream] { return stream.Read(); });
  // Until it waits, and curl for nothing else.
  absl::SleepFor(absl::Seconds(1));
  stream.Stop();
  // Whoever isn't woken up waits for 10 s.
  EXPECT_EQ(part.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_EQ(part.get().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(stream.Open({.url = lab_.url()}).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(HttpStreamTest, ReadsALargeBodyWhole) {
  short_ = std::string(5'000'000, 'x');
  HttpStream stream({.max_body_bytes = 10});
  ASSERT_TRUE(stream.Open({.url = lab_.url() + "/short"}).ok());
  const auto all = Rest(stream);
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->size(), short_.size());
}

TEST_F(HttpStreamTest, UsesAConnectionAgainOnlyAfterTheEndOfAnAnswer) {
  HttpStream stream({});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(stream.Open({.url = lab_.url() + "/short"}).ok());
    EXPECT_EQ(*Rest(stream), "x");
  }
  EXPECT_EQ(lab_.requests().back().connection, 1);
  ASSERT_TRUE(stream.Open({.url = lab_.url() + "/long"}).ok());
  ASSERT_TRUE(stream.Open({.url = lab_.url() + "/short"}).ok());
  EXPECT_EQ(lab_.requests().back().connection, 2);
}

TEST_F(HttpStreamTest, ReadingWithoutARequestIsRefused) {
  HttpStream stream({});
  EXPECT_EQ(stream.Read().status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(stream.Open({.url = "secret"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(stream.Read().status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace base
