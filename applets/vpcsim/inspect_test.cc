#include "applets/vpcsim/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "applets/vpcsim/world_lab.h"
#include "base/json.h"

namespace applets::vpcsim {
namespace {

using ::testing::HasSubstr;
using Method = HttpRequest::Method;

constexpr absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const base::Mac kMac({0x52, 0x54, 0, 0, 0, 1});

class InspectTest : public ::testing::Test {
 protected:
  InspectTest() {
    AddOneSubnet(world_);
    EXPECT_TRUE(world_.AddHost({.id = "uhost-1", .zone = "cn-bj2-04"}).ok());
    Add("uni-1", kMac, "uhost-1");
    Add("uni-2", base::Mac({0x52, 0x54, 0, 0, 0, 2}), "");
    EXPECT_TRUE(world_.AddSecondary(kMac, base::Ipv4(0x0a000064)).ok());
  }
  void Add(const std::string& id, const base::Mac& mac,
           const std::string& host) {
    EXPECT_TRUE(world_
                    .AddInterface({.id = id,
                                   .mac = mac,
                                   .subnet = "subnet-1",
                                   .host = host,
                                   .is_default = !host.empty()})
                    .ok());
  }

  HttpAnswer Ask(Method method, const std::string& target,
                 const std::string& body = "") {
    const std::vector<std::string> parts = absl::StrSplit(target, '?');
    HttpAnswer got;
    Inspector::Hooks hooks{[] { return kNow; }, [this] { ++changes_; }};
    if (!inspector_)
      inspector_ = std::make_unique<Inspector>(simulator_, hooks);
    inspector_->OnRequest({.method = method,
                           .path = parts[0],
                           .query = parts.size() > 1 ? parts[1] : "",
                           .body = body},
                          [&](HttpAnswer answer) { got = std::move(answer); });
    return got;
  }
  HttpAnswer Get(const std::string& target) {
    return Ask(Method::kGet, target);
  }
  size_t Count(const std::string& list, const std::string& query = "") {
    const HttpAnswer answer = Get(absl::StrCat("/sim/v1/", list, query));
    const auto json = base::Json::Parse(answer.body);
    EXPECT_TRUE(json.ok()) << answer.body;
    return json->Array(list)->size();
  }

  World world_;
  Simulator simulator_{world_, 1};
  std::unique_ptr<Inspector> inspector_;
  int changes_ = 0;
};

TEST_F(InspectTest, ShowsWhatThereIs) {
  EXPECT_EQ(Get("/healthz").body, "ok\n");
  EXPECT_THAT(Get("/sim/v1/state").body, HasSubstr("\"secondary\":1"));
  EXPECT_EQ(Count("hosts"), 1u);
  EXPECT_EQ(Count("interfaces"), 2u);
  EXPECT_EQ(Count("addresses"), 3u);
  EXPECT_EQ(Get("/sim/v1/fabric").status, 404);
}

TEST_F(InspectTest, ListsAreFiltered) {
  EXPECT_EQ(Count("addresses", "?mac=52:54:00:00:00:01"), 2u);
  EXPECT_EQ(Count("addresses", "?host=uhost-1"), 2u);
  EXPECT_EQ(Count("addresses", "?ip=10.0.0.100"), 1u);
  EXPECT_EQ(Count("addresses", "?subnet=subnet-2"), 0u);
  EXPECT_EQ(Count("addresses", "?limit=1"), 1u);
  EXPECT_EQ(Count("addresses", "?offset=2&limit=5"), 1u);
  EXPECT_EQ(Count("interfaces", "?host=uhost-1"), 1u);
  EXPECT_EQ(Get("/sim/v1/addresses?mac=x").status, 400);
  EXPECT_EQ(Get("/sim/v1/addresses?colour=red").status, 400);
  EXPECT_EQ(Get("/sim/v1/addresses?limit=x").status, 400);
}

TEST_F(InspectTest, AHostBootsInANamespaceThatIsThere) {
  const std::string netns = "/sim/v1/hosts/uhost-1/netns";
  const std::string body = R"({"path":"/proc/self/ns/net"})";
  int booted = 0;
  world_.Observe([&](const Change& change) {
    if (std::holds_alternative<HostBooted>(change)) ++booted;
  });
  EXPECT_EQ(Ask(Method::kPut, netns, body).status, 200);
  EXPECT_EQ(world_.HostById("uhost-1")->netns, "/proc/self/ns/net");
  EXPECT_THAT(Get("/sim/v1/hosts").body,
              HasSubstr(R"("netns":"/proc/self/ns/net")"));
  EXPECT_EQ(Ask(Method::kPut, netns, body).status, 200);
  EXPECT_EQ(booted, 2) << "in the same one, too";
  EXPECT_EQ(Ask(Method::kPut, netns, R"({"path":"/proc/self/ns/x"})").status,
            404);
  EXPECT_EQ(Ask(Method::kPut, netns, R"({"path":"/dev/null"})").status, 400);
  EXPECT_EQ(Ask(Method::kPut, netns, "{}").status, 400);
  EXPECT_EQ(Ask(Method::kPost, netns, body).status, 400);
  EXPECT_EQ(Ask(Method::kPut, "/sim/v1/hosts/uhost-9/netns", body).status, 404);
  EXPECT_EQ(booted, 2);
  EXPECT_EQ(Ask(Method::kDelete, netns).status, 200);
  EXPECT_EQ(world_.HostById("uhost-1")->netns, "");
}

TEST_F(InspectTest, FaultsAreSetReplacedAndErased) {
  const std::string rule = R"({"id":"a","do":{"ret_code":153}})";
  EXPECT_EQ(Ask(Method::kPost, "/sim/v1/faults", rule).body,
            R"({"ids":["a"]})");
  EXPECT_THAT(Get("/sim/v1/faults").body,
              HasSubstr(absl::StrCat("\"rule\":", rule)));
  EXPECT_EQ(Ask(Method::kPut, "/sim/v1/faults",
                R"([{"do":{"lag_ms":1}},{"do":{"lag_ms":2}}])")
                .status,
            200);
  EXPECT_EQ(Count("faults"), 2u);
  EXPECT_EQ(Ask(Method::kDelete, "/sim/v1/faults/fault-1").status, 200);
  EXPECT_EQ(Ask(Method::kDelete, "/sim/v1/faults/fault-1").status, 404);
  EXPECT_EQ(Count("faults"), 1u);
  EXPECT_EQ(Ask(Method::kDelete, "/sim/v1/faults").status, 200);
  EXPECT_EQ(Count("faults"), 0u);
  EXPECT_EQ(changes_, 4);
}

TEST_F(InspectTest, ARuleThatIsWrongChangesNothing) {
  Ask(Method::kPost, "/sim/v1/faults", R"({"id":"a","do":{"ret_code":153}})");
  const HttpAnswer answer = Ask(Method::kPut, "/sim/v1/faults",
                                R"([{"do":{"lag_ms":1}},{"do":{"lug":2}}])");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, R"({"error":"[1].do: there is no \"lug\" here"})");
  EXPECT_EQ(Count("faults"), 1u);
}

TEST_F(InspectTest, AddressesChangeHands) {
  const auto change = [&](const std::string& how, const std::string& body) {
    return Ask(Method::kPost, "/sim/v1/addresses/" + how, body).status;
  };
  const base::Ipv4 address(0x0a000064);
  EXPECT_EQ(change("give", R"({"ip":"10.0.0.100","mac":"52:54:00:00:00:02"})"),
            409);
  EXPECT_EQ(change("move", R"({"ip":"10.0.0.100","mac":"52:54:00:00:00:02"})"),
            200);
  EXPECT_EQ(world_.OwnerOf("", address)->id, "uni-2");
  EXPECT_EQ(change("take", R"({"ip":"10.0.0.100"})"), 200);
  EXPECT_EQ(world_.OwnerOf("", address), nullptr);
  EXPECT_EQ(change("take", R"({"ip":"10.0.0.100"})"), 409);
  EXPECT_EQ(change("move", R"({"ip":"10.0.0.100","mac":"52:54:00:00:00:02"})"),
            409);
  EXPECT_EQ(change("give", R"({"ip":"10.0.0.100"})"), 400);
  EXPECT_EQ(change("give", R"({"ip":"10.0.0.100","mac":"52:54:00:00:00:09"})"),
            404);
  EXPECT_EQ(change("give", R"({"ip":"10.0.0.100","mac":"52:54:00:00:00:01"})"),
            200);
  EXPECT_EQ(world_.OwnerOf("", address)->id, "uni-1");
}

TEST_F(InspectTest, KeysAreAddedAndShownWithoutSecrets) {
  EXPECT_EQ(Ask(Method::kPost, "/sim/v1/keys",
                R"({"public_key":"alice","private_key":"hush"})")
                .status,
            200);
  simulator_.keys.Issue("uhost-1", absl::Minutes(15), simulator_.random, kNow);
  EXPECT_EQ(Count("keys"), 2u);
  EXPECT_FALSE(absl::StrContains(Get("/sim/v1/keys").body, "hush"));
  EXPECT_EQ(Ask(Method::kDelete, "/sim/v1/keys").body, R"({"expired":1})");
  EXPECT_EQ(Ask(Method::kPut, "/sim/v1/keys", R"({"sts_life_ms":500})").status,
            200);
  EXPECT_EQ(simulator_.sts_life, absl::Milliseconds(500));
}

TEST_F(InspectTest, ResetBringsTheStartBack) {
  Ask(Method::kPost, "/sim/v1/addresses/take", R"({"ip":"10.0.0.100"})");
  Ask(Method::kPost, "/sim/v1/faults", R"({"do":{"ret_code":153}})");
  Ask(Method::kPut, "/sim/v1/lag", R"({"lag_ms":9})");
  EXPECT_EQ(simulator_.lag, absl::Milliseconds(9));
  EXPECT_EQ(Ask(Method::kPost, "/sim/v1/reset").status, 200);
  EXPECT_EQ(world_.secondary_count(), 1u);
  EXPECT_EQ(Count("faults"), 0u);
  EXPECT_EQ(simulator_.lag, absl::ZeroDuration());
}

TEST_F(InspectTest, WhatIsNotThereIs404) {
  EXPECT_EQ(Get("/").status, 404);
  EXPECT_EQ(Get("/sim/v1/nothing").status, 404);
  EXPECT_EQ(Ask(Method::kPost, "/sim/v1/state").status, 404);
  EXPECT_EQ(Ask(Method::kPost, "/sim/v1/faults", "nonsense").status, 400);
}

TEST_F(InspectTest, MetricsCount) {
  CallRecord record;
  record.action = "DescribeSubnet";
  record.took = absl::Milliseconds(20);
  simulator_.calls.Note(record);
  record.ret_code = 153;
  simulator_.calls.Note(record);
  record.end = "reset";
  simulator_.calls.Note(record);
  const std::string text = Get("/metrics").body;
  for (
      const absl::string_view line :
      {R"(vpcsim_requests_total{action="DescribeSubnet",result="0"} 1)",
       R"(vpcsim_requests_total{action="DescribeSubnet",result="153"} 1)",
       R"(vpcsim_requests_total{action="DescribeSubnet",result="reset"} 1)",
       R"(vpcsim_request_seconds_bucket{action="DescribeSubnet",le="0.01"} 0)",
       R"(vpcsim_request_seconds_bucket{action="DescribeSubnet",le="0.025"} 3)",
       R"(vpcsim_request_seconds_count{action="DescribeSubnet"} 3)",
       R"(vpcsim_subnet_secondary_addresses{subnet="subnet-1"} 1)",
       R"(vpcsim_hosts 1)"}) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat(line, "\n")));
  }
}

}  // namespace
}  // namespace applets::vpcsim
