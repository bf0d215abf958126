#include "kube/client.h"

#include <unistd.h>

#include <deque>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/http_lab.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kube/error.h"

namespace kube {
namespace {

using base::LabAnswer;
using base::LabRequest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Then = LabAnswer::Then;

LabAnswer Ok(const std::string& body) { return {.body = body}; }
LabAnswer Refusal(int status, const std::string& reason,
                  const std::string& message = "no") {
  return {.status = status,
          .body = absl::StrCat(R"({"kind":"Status","reason":")", reason,
                               R"(","message":")", message, "\"}")};
}

// An API server that gives its answers in turn, the last one again and again.
class ClientTest : public testing::Test {
 protected:
  LabAnswer Next() {
    if (answers_.empty()) return Ok("{}");
    LabAnswer answer = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    return answer;
  }
  std::vector<std::string> Asked() const {
    std::vector<std::string> lines;
    for (const LabRequest& request : lab_.requests()) {
      lines.push_back(absl::StrCat(request.method, " ", request.target,
                                   request.body.empty() ? "" : " ",
                                   request.body));
    }
    return lines;
  }
  static absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

  static constexpr ClientOptions kFast = {
      .first_backoff = absl::Milliseconds(1),
      .max_backoff = absl::Milliseconds(2)};

  std::deque<LabAnswer> answers_;
  const base::HttpLab lab_{[this](const LabRequest&) { return Next(); }};
  Client client_{{.server = lab_.url(), .token = "opensesame"}, kFast};
};

TEST_F(ClientTest, GetsAnObjectWithItsToken) {
  answers_ = {Ok(R"({"metadata":{"name":"a"}})")};
  const auto pod = client_.Get(kPods, {"web", "a"}, Soon());
  ASSERT_TRUE(pod.ok()) << pod.status();
  EXPECT_EQ(*pod->Get("metadata")->String("name"), "a");
  EXPECT_THAT(Asked(), ElementsAre("GET /api/v1/namespaces/web/pods/a"));
  const LabRequest sent = lab_.requests().at(0);
  EXPECT_EQ(sent.headers.at("authorization"), "Bearer opensesame");
  EXPECT_EQ(sent.headers.at("accept"), "application/json");
  EXPECT_THAT(sent.headers.at("user-agent"), HasSubstr("cnivpc/"));
}

TEST_F(ClientTest, ARefusalKeepsCodeAndReasonAndNamesWhatWasAsked) {
  answers_ = {Refusal(404, "NotFound", "pods \\\"a\\\" not found")};
  const absl::Status status = client_.Get(kPods, {"web", "a"}, Soon()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), "NotFound");
  EXPECT_EQ(status.message(),
            "GET /api/v1/namespaces/web/pods/a: pods \"a\" not found");
  EXPECT_EQ(lab_.requests().size(), 1U);
}

TEST_F(ClientTest, ATokenThatTheServerQuotesStaysSecret) {
  answers_ = {Refusal(401, "Unauthorized", "bad token opensesame")};
  const absl::Status status = client_.Get(kPods, {"web", "a"}, Soon()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(status.ToString(), Not(HasSubstr("opensesame")));
  EXPECT_EQ(ReasonOf(status), "Unauthorized");
}

TEST_F(ClientTest, AnAnswerThatIsNoObjectIsDataLoss) {
  for (const std::string body : {"", "x", "[]", "null"}) {
    answers_ = {Ok(body)};
    EXPECT_EQ(client_.Get(kNodes, {"", "n"}, Soon()).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST_F(ClientTest, ListsPageByPage) {
  answers_ = {Ok(R"({"metadata":{"resourceVersion":"7","continue":"n/x="},
            "items":[{"n":1},{"n":2}]})"),
              Ok(R"({"metadata":{"resourceVersion":"7"},"items":[{"n":3}]})")};
  const Query query = {.resource = kPods, .field_selector = "spec.nodeName=a"};
  const auto items = client_.List(query, Soon());
  ASSERT_TRUE(items.ok()) << items.status();
  ASSERT_EQ(items->items.size(), 3U);
  EXPECT_EQ(*items->items.at(2).Int("n"), 3);
  EXPECT_EQ(items->resource_version, "7");
  EXPECT_THAT(
      Asked(),
      ElementsAre("GET /api/v1/pods?fieldSelector=spec.nodeName%3Da&limit=500",
                  "GET /api/v1/pods?fieldSelector=spec.nodeName%3Da&limit=500"
                  "&continue=n%2Fx%3D"));
}

TEST_F(ClientTest, AListWhosePagesExpireBeginsAgain) {
  answers_ = {Ok(R"({"metadata":{"resourceVersion":"7","continue":"x"},
                     "items":[{"n":1}]})"),
              Refusal(410, "Expired"),
              Ok(R"({"metadata":{"resourceVersion":"9"},"items":[{"n":2}]})")};
  const auto items = client_.List({.resource = kNodes}, Soon());
  ASSERT_TRUE(items.ok()) << items.status();
  ASSERT_EQ(items->items.size(), 1U);
  EXPECT_EQ(*items->items.at(0).Int("n"), 2);
}

TEST_F(ClientTest, AListThatAlwaysExpiresEnds) {
  answers_ = {Refusal(410, "Expired")};
  EXPECT_EQ(client_.List({.resource = kNodes}, Soon()).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(lab_.requests().size(), 3U);
}

TEST_F(ClientTest, WhatTheServerHasAtHandComesInOnePiece) {
  answers_ = {Ok(R"({"metadata":{"resourceVersion":"7"},"items":null})")};
  const auto page =
      client_.ListPage({.resource = kNodes}, {.resource_version = "0"}, Soon());
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(page->items.empty());
  EXPECT_EQ(page->resource_version, "7");
  EXPECT_THAT(Asked(), ElementsAre("GET /api/v1/nodes?resourceVersion=0"));
}

TEST_F(ClientTest, AListWithoutAVersionIsDataLoss) {
  answers_ = {Ok(R"({"metadata":{},"items":[]})")};
  EXPECT_EQ(client_.List({.resource = kNodes}, Soon()).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(ClientTest, CreatesAndPatchesAndDeletes) {
  ASSERT_TRUE(client_.Create(kLeases, "kube-system", "{\"a\":1}", Soon()).ok());
  ASSERT_TRUE(client_
                  .Patch({.resource = kNodes,
                          .key = {"", "n"},
                          .subresource = "status",
                          .patch = "{\"b\":2}"},
                         Soon())
                  .ok());
  ASSERT_TRUE(client_.Delete(kPods, {"web", "a"}, {.uid = "u"}, Soon()).ok());
  EXPECT_THAT(
      Asked(),
      ElementsAre("POST /apis/coordination.k8s.io/v1/namespaces/kube-system/"
                  "leases {\"a\":1}",
                  "PATCH /api/v1/nodes/n/status {\"b\":2}",
                  "DELETE /api/v1/namespaces/web/pods/a "
                  R"({"apiVersion":"v1","kind":"DeleteOptions",)"
                  R"("preconditions":{"uid":"u"}})"));
  EXPECT_EQ(lab_.requests().at(1).headers.at("content-type"),
            "application/merge-patch+json");
}

TEST_F(ClientTest, AStrategicPatchIsSaidToBeOne) {
  ASSERT_TRUE(client_
                  .Patch({.resource = kNodes,
                          .key = {"", "n"},
                          .patch = "{}",
                          .strategic = true},
                         Soon())
                  .ok());
  EXPECT_EQ(lab_.requests().at(0).headers.at("content-type"),
            "application/strategic-merge-patch+json");
}

TEST_F(ClientTest, TriesAgainWhatMayPass) {
  answers_ = {Refusal(500, "InternalError"), {.then = Then::kReset}, Ok("{}")};
  EXPECT_TRUE(client_.Get(kNodes, {"", "n"}, Soon()).ok());
  EXPECT_EQ(lab_.requests().size(), 3U);
}

TEST_F(ClientTest, GivesUpAfterSomeAttempts) {
  answers_ = {Refusal(503, "ServiceUnavailable", "later")};
  const absl::Status status = client_.Get(kNodes, {"", "n"}, Soon()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(lab_.requests().size(), 4U);
}

TEST_F(ClientTest, CreatesOnceWhenNobodyKnowsWhetherItWasDone) {
  answers_ = {{.then = Then::kReset}};
  EXPECT_EQ(client_.Create(kEvents, "web", "{}", Soon()).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(lab_.requests().size(), 1U);
}

TEST_F(ClientTest, CreatesAgainWhenTheServerHasTooMuchToDo) {
  answers_ = {{.status = 429, .body = "Too many requests"}, Ok("{}")};
  EXPECT_TRUE(client_.Create(kEvents, "web", "{}", Soon()).ok());
  EXPECT_EQ(lab_.requests().size(), 2U);
}

TEST_F(ClientTest, DoesNotWaitBeyondItsDeadline) {
  LabAnswer busy = {.status = 429};
  busy.headers["Retry-After"] = "60";
  answers_ = {busy};
  const absl::Time began = absl::Now();
  EXPECT_EQ(client_.Get(kNodes, {"", "n"}, Soon()).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_LT(absl::Now() - began, absl::Seconds(10));
  EXPECT_EQ(lab_.requests().size(), 1U);
}

TEST_F(ClientTest, ShowsTheNewTokenWhenTheOldOneIsRefused) {
  const std::string path =
      absl::StrCat(testing::TempDir(), "/client_test.", getpid(), ".token");
  ASSERT_TRUE(base::WriteFileAtomically(path, "old").ok());
  const base::HttpLab lab([&](const LabRequest& request) {
    if (request.headers.at("authorization") == "Bearer new") return Ok("{}");
    EXPECT_TRUE(base::WriteFileAtomically(path, "new").ok());
    return Refusal(401, "Unauthorized");
  });
  Client client({.server = lab.url(), .token_file = path}, kFast);
  EXPECT_TRUE(client.Get(kNodes, {"", "n"}, Soon()).ok());
  EXPECT_EQ(lab.requests().size(), 2U);
}

TEST_F(ClientTest, WithoutATokenItSaysNothingAboutItself) {
  Client client({.server = lab_.url()}, kFast);
  ASSERT_TRUE(client.Get(kNodes, {"", "n"}, Soon()).ok());
  EXPECT_EQ(lab_.requests().at(0).headers.count("authorization"), 0U);
}

TEST_F(ClientTest, StoppingEndsACallUnderWay) {
  std::promise<void> asked;
  const base::HttpLab lab([&](const LabRequest&) {
    asked.set_value();
    return LabAnswer{.then = Then::kSilence};
  });
  Client client({.server = lab.url()}, kFast);
  absl::Status status;
  std::thread waiting([&] {
    status = client.Get(kNodes, {"", "n"}, absl::InfiniteFuture()).status();
  });
  asked.get_future().wait();
  client.Stop();
  waiting.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

TEST_F(ClientTest, StoppingEndsAPauseBetweenAttempts) {
  std::promise<void> asked;
  const base::HttpLab lab([&](const LabRequest&) {
    asked.set_value();
    LabAnswer busy = {.status = 429};
    busy.headers["Retry-After"] = "3000";
    return busy;
  });
  Client client({.server = lab.url()}, kFast);
  absl::Status status;
  std::thread waiting([&] {
    status = client.Get(kNodes, {"", "n"}, absl::InfiniteFuture()).status();
  });
  asked.get_future().wait();
  client.Stop();
  waiting.join();
  EXPECT_FALSE(status.ok());
}

class ModifyTest : public ClientTest {
 protected:
  static LabAnswer Version(int version) {
    return Ok(
        absl::StrCat(R"({"metadata":{"resourceVersion":")", version, "\"}}"));
  }
  absl::StatusOr<base::Json> Modify(const std::optional<std::string>& patch) {
    return client_.Modify(
        kIpamds, {"s", "n"},
        [&](const base::Json&) -> absl::StatusOr<std::optional<std::string>> {
          return patch;
        },
        Soon());
  }
};

TEST_F(ModifyTest, ThePatchFitsOnlyWhatWasRead) {
  answers_ = {Version(3), Version(4)};
  const auto after = Modify(R"({"metadata":{"labels":{"a":"b"}},"spec":1})");
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(*after->Get("metadata")->String("resourceVersion"), "4");
  EXPECT_THAT(
      Asked().at(1),
      HasSubstr(
          R"({"metadata":{"labels":{"a":"b"},"resourceVersion":"3"},"spec":1})"));
}

TEST_F(ModifyTest, AConflictBeginsAgain) {
  answers_ = {Version(3), Refusal(409, "Conflict"), Version(5), Version(6)};
  ASSERT_TRUE(Modify("{}").ok());
  EXPECT_THAT(Asked().at(3), HasSubstr(R"("resourceVersion":"5")"));
}

TEST_F(ModifyTest, ConflictsWithoutEndEnd) {
  for (int i = 0; i < 10; ++i) {
    answers_.push_back(Version(3));
    answers_.push_back(Refusal(409, "Conflict"));
  }
  EXPECT_EQ(Modify("{}").status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(lab_.requests().size(), 12U);
}

TEST_F(ModifyTest, NothingToChangeIsNoPatch) {
  answers_ = {Version(3)};
  EXPECT_TRUE(Modify(std::nullopt).ok());
  EXPECT_EQ(lab_.requests().size(), 1U);
}

TEST_F(ModifyTest, APatchThatIsNoObjectIsRefused) {
  answers_ = {Version(3)};
  EXPECT_EQ(Modify("[]").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(lab_.requests().size(), 1U);
}

}  // namespace
}  // namespace kube
