#include "applets/vpcsim/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "applets/vpcsim/exchange.h"
#include "applets/vpcsim/ret_code.h"
#include "applets/vpcsim/signature.h"
#include "applets/vpcsim/simulator.h"
#include "applets/vpcsim/world_lab.h"
#include "base/json.h"
#include "base/loop.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const base::Mac kMac({0x52, 0x54, 0, 0, 0, 1});
const base::Mac kOther({0x52, 0x54, 0, 0, 0, 2});
const KeyPair kPair = {"pub", "priv"};

using Params = std::map<std::string, std::string>;

// One host with two interfaces in one subnet.
struct Cloud {
  explicit Cloud(uint64_t seed = 1) : simulator(world, seed) {
    AddOneSubnet(world);
    EXPECT_TRUE(world.AddHost({.id = "uhost-1", .zone = "cn-bj2-04"}).ok());
    for (const base::Mac& mac : {kMac, kOther}) {
      EXPECT_TRUE(world
                      .AddInterface({.id = absl::StrCat("uni-", mac.bytes()[5]),
                                     .mac = mac,
                                     .subnet = "subnet-1",
                                     .host = "uhost-1",
                                     .is_default = mac == kMac})
                      .ok());
    }
    simulator.keys.Add(kPair);
  }

  void SetFault(absl::string_view rule) {
    auto read = FaultRuleFromJson(base::Json::Parse(rule).value());
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_TRUE(simulator.faults.Set(*std::move(read), now).ok());
  }

  // The answer, if there is one at once.
  std::optional<HttpAnswer> Send(const HttpRequest& request) {
    std::optional<HttpAnswer> answer;
    api.OnRequest(request, [&](HttpAnswer a) { answer = std::move(a); });
    return answer;
  }
  std::optional<HttpAnswer> Call(Params params, const KeyPair& pair = kPair) {
    params["PublicKey"] = pair.public_key;
    std::string text;
    for (const auto& [name, value] : params) {
      absl::StrAppend(&text, name, value);
    }
    params["Signature"] = Sign(text, pair.private_key);
    return Send(
        {.method = HttpRequest::Method::kPost,
         .path = "/",
         .body = absl::StrJoin(params, "&", absl::PairFormatter("=")),
         .headers = {{"content-type", "application/x-www-form-urlencoded"}}});
  }
  int64_t Code(const Params& params, const KeyPair& pair = kPair) {
    const auto answer = Call(params, pair);
    if (!answer) return -1;
    const auto json = base::Json::Parse(answer->body);
    return json.ok() ? json->Int("RetCode", -2).value_or(-3) : -4;
  }
  size_t Secondary() const { return world.secondary_count(); }

  absl::Time now = kNow;
  World world;
  Simulator simulator;
  std::unique_ptr<base::Loop> loop = base::Loop::Create().value();
  Delays delays{*loop};
  Exchanges exchanges{simulator, delays, [this] { return now; }};
  Api api{simulator, exchanges};
};

Params Allocate() {
  return {{"Action", "AllocateSecondaryIp"},
          {"Region", "cn-bj2"},
          {"Zone", "cn-bj2-04"},
          {"Mac", kMac.ToString()},
          {"ObjectId", "uni-1"},
          {"SubnetId", "subnet-1"},
          {"VPCId", "uvnet-1"}};
}
Params Describe() {
  return {{"Action", "DescribeSecondaryIp"},
          {"Region", "cn-bj2"},
          {"SubnetId", "subnet-1"},
          {"VPCId", "uvnet-1"}};
}

TEST(ApiTest, PerformsWhatIsSigned) {
  Cloud cloud;
  const auto answer = cloud.Call(Allocate());
  ASSERT_TRUE(answer);
  const auto json = base::Json::Parse(answer->body);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->String("Action").value(), "AllocateSecondaryIpResponse");
  EXPECT_EQ(json->Int("RetCode").value(), 0);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(cloud.Secondary(), 1u);
}

TEST(ApiTest, EveryAnswerHasARequestId) {
  Cloud cloud;
  const auto first = cloud.Call(Allocate());
  const auto second = cloud.Send({.path = "/"});
  ASSERT_TRUE(first && second);
  ASSERT_EQ(first->headers.size(), 1u);
  EXPECT_EQ(first->headers[0].first, "X-UCLOUD-REQUEST-UUID");
  EXPECT_EQ(first->headers[0].second.size(), 36u);
  EXPECT_NE(first->headers[0].second, second->headers[0].second);
}

TEST(ApiTest, SaysWhatIsWrongInOrder) {
  Cloud cloud;
  EXPECT_EQ(cloud.Code({{"Region", "cn-bj2"}}), kNoAction);
  EXPECT_EQ(cloud.Code({{"Action", "Fly"}}), kUnknownAction);
  EXPECT_EQ(cloud.Code(Describe(), {"who", "priv"}), kNoUser);
  EXPECT_EQ(cloud.Code(Describe(), {"pub", "wrong"}), kWrongSignature);
  Params with_token = Describe();
  with_token["SecurityToken"] = "t";
  EXPECT_EQ(cloud.Code(with_token), kNoToken);
  const auto unsigned_call = cloud.Send(
      {.path = "/", .query = "Action=DescribeSecondaryIp&PublicKey=pub"});
  ASSERT_TRUE(unsigned_call);
  EXPECT_TRUE(absl::StrContains(unsigned_call->body, "\"RetCode\":170"));
  const auto broken = cloud.Send({.path = "/", .query = "a=%"});
  ASSERT_TRUE(broken);
  EXPECT_TRUE(absl::StrContains(broken->body, "\"RetCode\":230"));
  EXPECT_EQ(broken->status, 200);
}

TEST(ApiTest, TemporaryKeysWorkUntilTheirTime) {
  Cloud cloud;
  const TemporaryKey key = cloud.simulator.keys.Issue(
      "uhost-1", absl::Minutes(15), cloud.simulator.random, kNow);
  Params params = Describe();
  params["SecurityToken"] = key.token;
  EXPECT_EQ(cloud.Code(params, key.pair), 0);
  cloud.now += absl::Minutes(15);
  EXPECT_EQ(cloud.Code(params, key.pair), kNoToken);
}

TEST(ApiTest, WritesDownWhatWasDoneWithoutSecrets) {
  Cloud cloud;
  cloud.Call(Allocate());
  const auto& records = cloud.simulator.calls.records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].action, "AllocateSecondaryIp");
  EXPECT_EQ(records[0].host, "uhost-1");
  EXPECT_TRUE(records[0].took_effect);
  EXPECT_EQ(records[0].params.at("ObjectId"), "uni-1");
  EXPECT_FALSE(records[0].params.contains("PublicKey"));
  EXPECT_FALSE(records[0].params.contains("Signature"));
}

TEST(ApiFaultTest, ARefusalMayOrMayNotHaveTakenEffect) {
  Cloud cloud;
  cloud.SetFault(R"({"id":"f","do":{"ret_code":110}})");
  EXPECT_EQ(cloud.Code(Allocate()), 110);
  EXPECT_EQ(cloud.Secondary(), 0u);
  cloud.SetFault(R"({"id":"f","do":{"ret_code":110,"effect":"done"}})");
  EXPECT_EQ(cloud.Code(Allocate()), 110);
  EXPECT_EQ(cloud.Secondary(), 1u);
  EXPECT_THAT(cloud.simulator.calls.records().back().faults, ElementsAre("f"));
}

TEST(ApiFaultTest, ResetsBeforeAndAfterTheEffect) {
  Cloud cloud;
  cloud.SetFault(R"({"id":"f","do":{"reset":"before"}})");
  EXPECT_TRUE(cloud.Call(Allocate())->reset);
  EXPECT_EQ(cloud.Secondary(), 0u);
  cloud.SetFault(R"({"id":"f","do":{"reset":"after"}})");
  EXPECT_TRUE(cloud.Call(Allocate())->reset);
  EXPECT_EQ(cloud.Secondary(), 1u);
}

TEST(ApiFaultTest, ProxiesAnswerInsteadOfTheCloud) {
  Cloud cloud;
  cloud.SetFault(R"({"do":{"http_status":503}})");
  const auto answer = cloud.Call(Allocate());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->content_type, "text/html");
  EXPECT_EQ(cloud.Secondary(), 0u);
}

TEST(ApiFaultTest, LatencyIsBeforeOrAfterTheEffect) {
  Cloud cloud;
  constexpr absl::string_view kDelay =
      R"("latency":{"distribution":"constant","ms":60000})";
  cloud.SetFault(absl::StrCat(R"({"id":"f","do":{)", kDelay, "}}"));
  EXPECT_FALSE(cloud.Call(Allocate()));
  EXPECT_EQ(cloud.Secondary(), 1u);
  cloud.SetFault(
      absl::StrCat(R"({"id":"f","do":{"latency_at":"before",)", kDelay, "}}"));
  EXPECT_FALSE(cloud.Call(Allocate()));
  EXPECT_EQ(cloud.Secondary(), 1u);
}

TEST(ApiFaultTest, ALostTokenIsNewlyNeeded) {
  Cloud cloud;
  cloud.SetFault(R"({"when":{"next":1},"do":{"expire_token":true}})");
  const auto issue = [&] {
    return cloud.simulator.keys.Issue("uhost-1", absl::Minutes(15),
                                      cloud.simulator.random, kNow);
  };
  const TemporaryKey key = issue();
  Params params = Describe();
  params["SecurityToken"] = key.token;
  EXPECT_EQ(cloud.Code(params, key.pair), kNoToken);
  EXPECT_EQ(cloud.Code(params, key.pair), kNoToken);
  const TemporaryKey next = issue();
  params["SecurityToken"] = next.token;
  EXPECT_EQ(cloud.Code(params, next.pair), 0);
}

TEST(ApiFaultTest, ReadsSeeThePast) {
  Cloud cloud;
  EXPECT_EQ(cloud.Code(Allocate()), 0);
  cloud.now += absl::Seconds(1);
  const auto listed = [&] {
    const auto json = base::Json::Parse(cloud.Call(Describe())->body);
    return json->Array("DataSet")->size();
  };
  EXPECT_EQ(listed(), 1u);
  cloud.SetFault(R"({"match":{"action":"read"},"do":{"lag_ms":2000}})");
  EXPECT_EQ(listed(), 0u);
  cloud.now += absl::Seconds(2);
  EXPECT_EQ(listed(), 1u);
}

TEST(ApiFaultTest, AddressesVanishAndMoveByThemselves) {
  Cloud cloud;
  EXPECT_EQ(cloud.Code(Allocate()), 0);
  EXPECT_EQ(cloud.Code(Allocate()), 0);
  cloud.SetFault(
      R"({"id":"f","when":{"next":1},"do":{"out_of_band":"vanish"}})");
  EXPECT_EQ(cloud.Code(Describe()), 0);
  EXPECT_EQ(cloud.Secondary(), 1u);
  cloud.SetFault(
      R"({"id":"f","match":{"mac":"52:54:00:00:00:01"},
          "do":{"out_of_band":"move"}})");
  Params params = Describe();
  params["Mac"] = kMac.ToString();
  EXPECT_EQ(cloud.Code(params), 0);
  EXPECT_THAT(cloud.world.SecondaryOf(*cloud.world.InterfaceByMac(kMac)),
              IsEmpty());
  EXPECT_EQ(cloud.world.SecondaryCount(*cloud.world.InterfaceByMac(kOther)),
            1u);
}

TEST(ApiFaultTest, BatchesFailInPartAndMacsAreWrong) {
  Cloud cloud;
  cloud.SetFault(R"({"id":"f","do":{"failing":1}})");
  Params batch = Allocate();
  batch["Action"] = "AllocateBatchSecondaryIp";
  batch["Count"] = "3";
  cloud.Code(batch);
  EXPECT_EQ(cloud.Secondary(), 0u);
  cloud.SetFault(R"({"id":"f","do":{"wrong_mac":true}})");
  const auto answer = cloud.Call(Allocate());
  EXPECT_FALSE(
      absl::StrContains(absl::AsciiStrToLower(answer->body), kMac.ToString()))
      << answer->body;
  EXPECT_EQ(cloud.Secondary(), 1u);
}

// All that was answered to the same calls.
std::string RunOf(uint64_t seed) {
  Cloud cloud(seed);
  cloud.SetFault(R"({"id":"a","when":{"probability":0.2},
      "do":{"ret_code":110,"effect":"done"}})");
  cloud.SetFault(R"({"id":"b","when":{"probability":0.1},
      "do":{"out_of_band":"vanish"}})");
  cloud.SetFault(R"({"id":"c","match":{"action":"write"},
      "when":{"probability":0.1},"do":{"reset":"after"}})");
  std::string run;
  for (int i = 0; i < 100; ++i) {
    for (const Params& params : {Allocate(), Describe()}) {
      const auto answer = cloud.Call(params);
      absl::StrAppend(&run, answer->reset ? "reset" : answer->body, " ",
                      answer->headers[0].second, "\n");
    }
  }
  return run;
}

TEST(ApiFaultTest, TheSeedRepeatsARunToTheLastByte) {
  EXPECT_EQ(RunOf(5), RunOf(5));
  EXPECT_NE(RunOf(5), RunOf(6));
}

}  // namespace
}  // namespace applets::vpcsim
