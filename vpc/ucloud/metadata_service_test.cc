#include "vpc/ucloud/metadata_service.h"

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/file.h"
#include "base/http_lab.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kRole[] = "Uk8sServiceCharacter";
constexpr char kV1[] =
    "/meta-data/v1/uam/security-credentials/Uk8sServiceCharacter";
constexpr char kV2[] =
    "/meta-data/v2/iam/security-credentials/Uk8sServiceCharacter";

std::string Example(const std::string& name) {
  auto text = base::ReadFile("testdata/vpc/metadata/" + name, 1 << 16);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

// A service that has what the test puts there, and remembers what it was asked.
class MetadataServiceTest : public ::testing::Test {
 protected:
  using Answer = absl::StatusOr<base::HttpResponse>;

  static Answer Ok(std::string body) {
    return base::HttpResponse{.status = 200, .body = std::move(body)};
  }
  static Answer Http(int status) {
    return base::HttpResponse{.status = status, .body = "EXAMPLE"};
  }
  static Answer Silence() { return absl::DeadlineExceededError("no answer"); }

  // Answers to requests for `path`, one after the other; the last stays.
  void Put(const std::string& path, std::vector<Answer> answers) {
    answers_["http://meta" + path] = std::move(answers);
  }

  Answer Fetch(const base::HttpRequest& request) {
    requests_.push_back(request);
    const auto found = answers_.find(request.url);
    if (found == answers_.end()) return Http(404);
    std::vector<Answer>& answers = found->second;
    Answer answer = answers.front();
    if (answers.size() > 1) answers.erase(answers.begin());
    return answer;
  }

  std::map<std::string, std::vector<Answer>> answers_;
  std::vector<base::HttpRequest> requests_;
  std::vector<absl::Duration> pauses_;
  std::mt19937_64 random_{1};
  const MetadataOptions options_{.base_url = "http://meta"};
  MetadataService service_{
      options_,
      {.fetch = [this](const base::HttpRequest& r) { return Fetch(r); },
       .sleep = [this](absl::Duration pause) { pauses_.push_back(pause); }},
      random_};
};

TEST_F(MetadataServiceTest, GetsTheIdentity) {
  Put("/meta-data/v1.json", {Ok(Example("identity-host.json"))});
  const auto identity = service_.GetIdentity();
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->instance_id, "uhost-4kr2qp0v");
  ASSERT_THAT(requests_, SizeIs(1));
  EXPECT_EQ(requests_[0].method, "GET");
  EXPECT_EQ(requests_[0].timeout, options_.timeout);
}

TEST_F(MetadataServiceTest, ErrorsOfTheIdentityNameTheDocument) {
  Put("/meta-data/v1.json", {Ok("{\"region\": 7}")});
  EXPECT_EQ(service_.GetIdentity().status(),
            absl::InvalidArgumentError(
                "/meta-data/v1.json: region: must be a string"));
  EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(MetadataServiceTest, GetsOneValueWithoutWhiteSpace) {
  Put("/meta-data/latest/region", {Ok(" cn-bj2\n")});
  const auto region = service_.Value("/meta-data/latest/region");
  ASSERT_TRUE(region.ok()) << region.status();
  EXPECT_EQ(*region, "cn-bj2");
}

TEST_F(MetadataServiceTest, AsksAgainWhenThereIsNoAnswerOrTrouble) {
  Put("/a", {Silence(), Http(503), Ok("x")});
  const auto value = service_.Value("/a");
  ASSERT_TRUE(value.ok()) << value.status();
  ASSERT_THAT(pauses_, SizeIs(2));
  EXPECT_GE(pauses_[0], options_.pause / 2);
  EXPECT_LE(pauses_[0], options_.pause);
  EXPECT_GE(pauses_[1], options_.pause);
  EXPECT_LE(pauses_[1], options_.pause * 2);
}

TEST_F(MetadataServiceTest, GivesUpAfterSoManyAttempts) {
  Put("/a", {Silence()});
  EXPECT_EQ(service_.Value("/a").status(), absl::UnavailableError("no answer"));
  EXPECT_THAT(requests_, SizeIs(options_.attempts));
  EXPECT_THAT(pauses_, SizeIs(options_.attempts - 1));
}

TEST_F(MetadataServiceTest, TakesAnAnswerForAnAnswer) {
  Put("/a", {Http(403), Ok("x")});
  EXPECT_EQ(service_.Value("/a").status(),
            absl::FailedPreconditionError("http://meta/a: HTTP 403"));
  Put("/c", {absl::InvalidArgumentError("not a URL"), Ok("x")});
  EXPECT_TRUE(absl::IsInvalidArgument(service_.Value("/c").status()));
  EXPECT_EQ(service_.Value("/b").status(),
            absl::NotFoundError("http://meta/b: HTTP 404"));
  EXPECT_THAT(pauses_, IsEmpty());
}

TEST_F(MetadataServiceTest, PrefersKeysOfTheNewerVersion) {
  Put(kV2, {Ok(Example("keys-v2.json"))});
  const auto keys = service_.RoleKeys(kRole);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->public_key, "EXAMPLE-PUBLIC-90b2c7");
  ASSERT_THAT(requests_, SizeIs(1));
  EXPECT_THAT(requests_[0].headers,
              ElementsAre(Pair("Duration-Seconds", "3600"),
                          Pair("Session-Name", "cnivpc")));
}

TEST_F(MetadataServiceTest, FallsBackToKeysOfTheOlderVersion) {
  Put(kV1, {Ok(Example("keys-v1.json"))});
  for (const Answer& newer :
       {Http(404), Http(400), Silence(), Ok(Example("keys-refused.json")),
        Ok("<html>"), Ok("{}")}) {
    Put(kV2, {newer});
    const auto keys = service_.RoleKeys(kRole);
    ASSERT_TRUE(keys.ok()) << keys.status();
    EXPECT_EQ(keys->public_key, "EXAMPLE-PUBLIC-90b2c7");
  }
}

TEST_F(MetadataServiceTest, SaysThatThereIsNoRole) {
  EXPECT_EQ(
      service_.RoleKeys(kRole).status(),
      absl::NotFoundError("http://meta" + std::string(kV1) + ": HTTP 404"));
}

TEST_F(MetadataServiceTest, SaysWhyNeitherVersionGivesKeys) {
  Put(kV2, {Http(503)});
  EXPECT_TRUE(absl::IsUnavailable(service_.RoleKeys(kRole).status()));
  Put(kV1, {Ok(Example("keys-refused.json"))});
  const absl::Status status = service_.RoleKeys(kRole).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_THAT(status.message(), HasSubstr("HTTP 503; "));
  EXPECT_THAT(status.message(), HasSubstr("RetCode 8039"));
}

TEST_F(MetadataServiceTest, NoErrorQuotesABrokenAnswer) {
  const std::string half = Example("keys-v2.json").substr(0, 150);
  for (const Answer& answer : {Ok(half), Ok("EXAMPLE"), Http(500), Http(403)}) {
    Put(kV1, {answer});
    Put(kV2, {answer});
    Put("/meta-data/v1.json", {answer});
    for (const absl::Status& status :
         {service_.RoleKeys(kRole).status(), service_.GetIdentity().status()}) {
      EXPECT_FALSE(status.ok());
      EXPECT_THAT(status.ToString(), Not(HasSubstr("EXAMPLE")));
    }
  }
}

TEST_F(MetadataServiceTest, ProbesOnceAndShortly) {
  Put("/meta-data/latest/region", {Silence()});
  EXPECT_FALSE(service_.IsThere());
  ASSERT_THAT(requests_, SizeIs(1));
  EXPECT_EQ(requests_[0].timeout, options_.probe_timeout);
  Put("/meta-data/latest/region", {Http(404)});
  EXPECT_FALSE(service_.IsThere());
  Put("/meta-data/latest/region", {Ok("\n")});
  EXPECT_FALSE(service_.IsThere());
  Put("/meta-data/latest/region", {Ok("cn-bj2")});
  EXPECT_TRUE(service_.IsThere());
}

TEST(PauseAfterTest, DoublesAndIsHalfRandom) {
  std::mt19937_64 random(1);
  const MetadataOptions options{.pause = absl::Seconds(1)};
  for (int attempt = 0; attempt < 4; ++attempt) {
    const absl::Duration most = absl::Seconds(1 << attempt);
    for (int i = 0; i < 100; ++i) {
      const absl::Duration pause = PauseAfter(attempt, options, random);
      EXPECT_GE(pause, most / 2);
      EXPECT_LE(pause, most);
    }
  }
}

// The real means, against a real server.
class RealMetadataTest : public ::testing::Test {
 protected:
  MetadataService ServiceAt(const std::string& url) {
    return MetadataService({.base_url = url,
                            .timeout = absl::Seconds(5),
                            .probe_timeout = absl::Milliseconds(100),
                            .pause = absl::Milliseconds(1)},
                           MetadataService::RealMeans(), random_);
  }
  std::mt19937_64 random_{1};
};

TEST_F(RealMetadataTest, GetsKeysAfterABrokenConnection) {
  const std::string document = Example("keys-v2.json");
  base::HttpLab lab([&document](const base::LabRequest& request) {
    base::LabAnswer answer{.body = document};
    if (request.target != kV2) answer.status = 404;
    if (request.connection == 1) answer.then = base::LabAnswer::Then::kReset;
    return answer;
  });
  MetadataService service = ServiceAt(lab.url());
  const auto keys = service.RoleKeys(kRole);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->public_key, "EXAMPLE-PUBLIC-90b2c7");
  EXPECT_EQ(lab.requests().back().headers.at("duration-seconds"), "3600");
}

TEST_F(RealMetadataTest, AProbeOfSilenceEndsSoon) {
  base::HttpLab lab([](const base::LabRequest& /*request*/) {
    return base::LabAnswer{.then = base::LabAnswer::Then::kSilence};
  });
  const absl::Time began = absl::Now();
  EXPECT_FALSE(ServiceAt(lab.url()).IsThere());
  EXPECT_LT(absl::Now() - began, absl::Seconds(3));
}

TEST_F(RealMetadataTest, NobodyIsThereAtAClosedPort) {
  const std::string url =
      "http://127.0.0.1:" + std::to_string(base::ClosedPort());
  EXPECT_FALSE(ServiceAt(url).IsThere());
  EXPECT_TRUE(absl::IsUnavailable(ServiceAt(url).GetIdentity().status()));
}

}  // namespace
}  // namespace vpc::ucloud
