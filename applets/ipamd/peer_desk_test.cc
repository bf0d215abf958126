#include "applets/ipamd/peer_desk.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "pool/pool.h"

namespace applets::ipamd {
namespace {

using base::Ipv4;
using pool::State;

constexpr char kSubnet[] = "subnet-1";
const base::Mac kMac({0x52, 0x54, 0, 0, 0, 1});
const base::Mac kTheirs({0x52, 0x54, 0, 0, 0, 2});

class PeerDeskTest : public testing::Test {
 protected:
  PeerDeskTest() {
    interface_.mac = kMac;
    for (uint32_t i = 1; i <= 3; ++i) {
      pool_.Apply(pool::PutAddress{pool::In(
          State::kWarm, {.ip = Ipv4(i), .subnet = kSubnet}, now_.wall)});
    }
  }

  absl::StatusOr<rpc::Answer> Ask(const std::string& method,
                                  const std::string& path,
                                  const std::string& body,
                                  const std::string& as = "node-b") {
    absl::StatusOr<rpc::Answer> answer = absl::UnknownError("not answered");
    desk_.Serve(
        {method, path, {{"since", "7"}}, body, {.names = {as}}},
        [&](absl::StatusOr<rpc::Answer> got) { answer = std::move(got); });
    return answer;
  }
  absl::StatusOr<rpc::Answer> Lend(const std::string& node,
                                   const std::string& as) {
    return Ask("POST", "/v1/lend",
               rpc::ToJson(rpc::LendRequest{"k", node, kTheirs, kSubnet}), as);
  }
  absl::StatusOr<rpc::Answer> Settle(const std::string& node,
                                     const std::string& as) {
    return Ask("POST", "/v1/settle",
               rpc::ToJson(rpc::SettleRequest{"k", node, true}), as);
  }

  pool::Pool pool_{pool::Policy{.probing = true}};
  pool::Moment now_{absl::FromUnixSeconds(1'800'000'000), absl::Seconds(1000)};
  netlink::Node interface_;
  int waiting_ = 0;
  pool::Lender lender_{pool_,
                       [this](const pool::Records& records) {
                         pool_.Apply(records);
                         return absl::OkStatus();
                       },
                       {.node = "node-a", .subnet = kSubnet, .keep = 1}};
  PeerDesk desk_{{lender_, interface_, "node-a", kSubnet,
                  [this] { return waiting_; },
                  [](const rpc::Call& call, const rpc::Reply& reply) {
                    reply(rpc::Answer{call.method + " " + call.path +
                                      rpc::FormatQuery(call.query)});
                  },
                  [this] { return now_; }}};
};

TEST_F(PeerDeskTest, SpareIsWhatIsAboveTheLowWatermarkAndNotWaitedFor) {
  waiting_ = 1;
  const auto answer = Ask("GET", "/v1/spare", "");
  ASSERT_TRUE(answer.ok()) << answer.status();
  const auto spare = rpc::ParseSpareReply(answer->body);
  ASSERT_TRUE(spare.ok()) << spare.status();
  EXPECT_EQ(spare->node, "node-a");
  EXPECT_EQ(spare->subnet, kSubnet);
  EXPECT_EQ(spare->spare, 1);
}

TEST_F(PeerDeskTest, LendingNamesTheAddressAndTheInterfaceThatHasIt) {
  const auto answer = Lend("node-b", "node-b");
  ASSERT_TRUE(answer.ok()) << answer.status();
  const auto reply = rpc::ParseLendReply(answer->body);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(pool_.Find(reply->address)->state, State::kLeaving);
  EXPECT_EQ(reply->mac, kMac);
  EXPECT_EQ(reply->held_for, absl::Seconds(60));
}

TEST_F(PeerDeskTest, NobodySpeaksForAnotherNode) {
  EXPECT_TRUE(absl::IsPermissionDenied(Lend("node-b", "node-c").status()));
  EXPECT_EQ(pool_.counts().leaving, 0);
  ASSERT_TRUE(Lend("node-b", "node-b").ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Settle("node-b", "node-c").status()));
  EXPECT_EQ(pool_.counts().leaving, 1);
}

TEST_F(PeerDeskTest, SettlingEndsTheLoanAndMayBeRepeated) {
  ASSERT_TRUE(Lend("node-b", "node-b").ok());
  EXPECT_TRUE(Settle("node-b", "node-b").ok());
  EXPECT_EQ(pool_.counts().leaving, 0);
  EXPECT_EQ(pool_.counts().total(), 2);
  EXPECT_TRUE(Settle("node-b", "node-b").ok());
}

TEST_F(PeerDeskTest, WhatOperatorsLookAtIsAnsweredAsOnTheSocket) {
  EXPECT_EQ(Ask("GET", "/healthz", "")->body, "ok\n");
  for (const char* path :
       {"/v1/pool", "/v1/node", "/v1/events", "/v1/why", "/readyz"}) {
    EXPECT_EQ(Ask("GET", path, "")->body,
              absl::StrCat("GET ", path, "?since=7"));
  }
}

TEST_F(PeerDeskTest, NothingOfTheSocketsOtherCallsCanBeHadHere) {
  for (const char* path :
       {"/v1/leases/acquire", "/v1/leases/release", "/v1/gc", "/v1/pool/pop",
        "/v1/pool", "/v1/spare", "/healthz"}) {
    EXPECT_TRUE(absl::IsUnimplemented(Ask("POST", path, "{}").status()))
        << path;
  }
  for (const char* path :
       {"/metrics", "/v1/config", "/v1/log", "/v1/addresses/unused",
        "/v1/nodes/node-b/v1/pool", "/v1/lend", "/v1/settle", "/"}) {
    EXPECT_TRUE(absl::IsUnimplemented(Ask("GET", path, "").status())) << path;
  }
}

TEST_F(PeerDeskTest, ABodyThatIsNoneIsRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(Ask("POST", "/v1/lend", "{}").status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(Ask("POST", "/v1/settle", "nonsense").status()));
}

}  // namespace
}  // namespace applets::ipamd
