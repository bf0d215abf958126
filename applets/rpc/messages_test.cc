#include "applets/rpc/messages.h"

#include "applets/rpc/messages_admin.h"
#include "applets/rpc/messages_error.h"
#include "applets/rpc/messages_events.h"
#include "applets/rpc/messages_node.h"
#include "applets/rpc/messages_pool.h"
#include "base/status.h"
#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

const Attachment kAttachment{"net", "c1", "eth0"};

TEST(MessagesTest, AcquireRequestRoundTrips) {
  const AcquireRequest sent{kAttachment,
                            {"default", "web-0", "u"},
                            "/run/netns/x",
                            "ucni0123456789a",
                            absl::Nanoseconds(123456789)};
  const auto got = ParseAcquireRequest(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->attachment, sent.attachment);
  EXPECT_EQ(got->pod, sent.pod);
  EXPECT_EQ(got->netns, sent.netns);
  EXPECT_EQ(got->host_ifname, sent.host_ifname);
  EXPECT_EQ(got->started_at, sent.started_at);
}

TEST(MessagesTest, AcquireReplyHasAllThatThePluginNeeds) {
  const AcquireReply sent{*base::Ipv4::Parse("10.0.0.5"),
                          "10.0.0.0/24",
                          {"eth0", 7, 1500, *base::Ipv4::Parse("10.0.0.2")}};
  EXPECT_EQ(ToJson(sent),
            R"({"address":"10.0.0.5","subnet":"10.0.0.0/24","node":)"
            R"({"interface":"eth0","ifindex":7,"mtu":1500,)"
            R"("address":"10.0.0.2"}})");
  const auto got = ParseAcquireReply(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(ToJson(*got), ToJson(sent));
}

TEST(MessagesTest, AcquireReplyTellsTheTableOfAFurtherInterface) {
  AcquireReply sent;
  sent.node = {"eth1", 8, 1500, *base::Ipv4::Parse("10.0.0.2"), 1001};
  const auto got = ParseAcquireReply(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->node.table, 1001u);
  EXPECT_EQ(ParseAcquireReply(R"({"address":"10.0.0.5","node":{"interface":"e",
      "ifindex":7,"mtu":1500,"address":"10.0.0.2","table":-1}})")
                .status()
                .message(),
            "node.table: must be between 0 and 4294967295");
}

// Version 0.1.0 says nothing of what it can, and would overlook the table.
TEST(MessagesTest, APluginThatKnowsNoTablesIsRefusedALeaseWithOne) {
  const auto old_plugin = ParseAcquireRequest(
      R"({"attachment":{"network":"n","containerId":"c","ifname":"i"},)"
      R"("startedAtBootNs":1})");
  ASSERT_TRUE(old_plugin.ok()) << old_plugin.status();
  const absl::Status refusal = CheckCan(*old_plugin, kTables);
  EXPECT_TRUE(absl::IsFailedPrecondition(refusal));
  EXPECT_NE(refusal.message().find("upgrade"), absl::string_view::npos);
  AcquireRequest request{kAttachment, {}, "", "", absl::Nanoseconds(1)};
  request.can = {kTables};
  const auto new_plugin = ParseAcquireRequest(ToJson(request));
  ASSERT_TRUE(new_plugin.ok()) << new_plugin.status();
  EXPECT_EQ(CheckCan(*new_plugin, kTables), absl::OkStatus());
}

TEST(MessagesTest, UnknownFieldsAreIgnoredAndMissingOnesNamed) {
  EXPECT_TRUE(ParseAttachment(R"({"attachment":{"network":"n",
      "containerId":"c","ifname":"i","colour":"blue"},"later":1})")
                  .ok());
  EXPECT_EQ(
      ParseAttachment(R"({"attachment":{"network":"n"}})").status().message(),
      "attachment.containerId: missing");
  EXPECT_EQ(ParseAcquireReply(R"({"address":"10.0.0"})").status().message(),
            "address: not an IPv4 address: \"10.0.0\"");
}

TEST(MessagesTest, GcWithoutAListIsRefused) {
  EXPECT_EQ(ParseGcRequest(R"({"network":"n"})").status().message(),
            "valid: missing");
  EXPECT_TRUE(ParseGcRequest(R"({"network":"n","valid":[]})").ok());
}

TEST(MessagesTest, PoolRoundTrips) {
  PoolEntry leased;
  leased.address = base::Ipv4(5);
  leased.state = "leased";
  leased.since = absl::FromUnixNanos(1'800'000'000'123'456'789);
  leased.until = absl::InfiniteFuture();
  leased.recycled = 2;
  leased.attachment = kAttachment;
  leased.pod = {"default", "web-0", "u"};
  leased.phase = "attached";
  PoolEntry cooling;
  cooling.state = "cooling";
  cooling.until = absl::FromUnixSeconds(1'800'000'030);
  const PoolReply sent{"node-a", {leased, cooling}};
  const auto got = ParsePoolReply(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(ToJson(*got), ToJson(sent));
  EXPECT_EQ(got->entries[0].since, leased.since);
  EXPECT_EQ(got->entries[1].until, cooling.until);
}

Event Exhausted() {
  Event event;
  event.sequence = 17;
  event.first = absl::FromUnixSeconds(1'800'000'000);
  event.last = absl::FromUnixSeconds(1'800'000'060);
  event.count = 3;
  event.reason = "subnet-exhausted";
  event.address = base::Ipv4(7);
  event.attachment = kAttachment;
  event.pod = {"default", "web-0", "u"};
  event.subnet = "subnet-1";
  event.text = "RetCode 57000";
  event.until = absl::FromUnixSeconds(1'800'000'065);
  return event;
}

TEST(MessagesTest, EventsRoundTrip) {
  Event bare;
  bare.sequence = 18;
  bare.reason = "rebuilding";
  const EventsReply sent{"node-a",
                         absl::FromUnixSeconds(1'700'000'000),
                         4,
                         18,
                         {Exhausted(), bare}};
  const auto got = ParseEventsReply(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(ToJson(*got), ToJson(sent));
  ASSERT_EQ(got->events.size(), 2u);
  EXPECT_EQ(got->events[0].pod, Exhausted().pod);
  EXPECT_EQ(got->events[0].until, Exhausted().until);
  EXPECT_EQ(got->events[1].address, std::nullopt);
  EXPECT_EQ(got->events[1].until, absl::InfiniteFuture());
}

TEST(MessagesTest, AStoryRoundTrips) {
  const WhyReply sent{"default/web-1",
                      "pool-dry",
                      "default/web-1 waits",
                      {"pool dry", "subnet exhausted"},
                      "next attempt at 12:00:07",
                      {Exhausted()}};
  const auto got = ParseWhyReply(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(ToJson(*got), ToJson(sent));
  EXPECT_EQ(got->causes, sent.causes);
}

TEST(MessagesTest, ANodeRoundTrips) {
  NodeReply sent;
  sent.node = "node-a";
  sent.version = "0.2.0";
  sent.started = absl::FromUnixSeconds(1'800'000'000);
  sent.address = base::Ipv4(5);
  sent.reason = "pool-dry";
  sent.states = {{"warm", 0}, {"leased", 12}};
  sent.high = 50;
  sent.cooldown = absl::Milliseconds(1500);
  sent.kubernetes = "connection refused";
  sent.vpc.kind = "ucloud";
  sent.vpc.rate_per_second = 2.5;
  sent.vpc.calls = {{"DescribeSecondaryIp", "0", 7, absl::Milliseconds(350)}};
  const auto got = ParseNodeReply(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(ToJson(*got), ToJson(sent));
  EXPECT_EQ(CountOf(*got, "leased"), 12u);
  EXPECT_EQ(CountOf(*got, "of another world"), 0u);
  EXPECT_EQ(got->cooldown, sent.cooldown);
  EXPECT_EQ(got->vpc.verified, absl::InfiniteFuture());
}

TEST(MessagesTest, WhatAnOperatorAsksForRoundTrips) {
  const AddressRequest pop{"node-a", base::Ipv4(5)};
  EXPECT_EQ(ParseAddressRequest(ToJson(pop))->address, base::Ipv4(5));
  EXPECT_EQ(ParseAddressRequest("{}")->address, std::nullopt);
  EXPECT_FALSE(ParseAddressRequest("[]").ok());
  const GiveBackReply gave{{base::Ipv4(5)}, {{base::Ipv4(6), "a pod has it"}}};
  EXPECT_EQ(ToJson(*ParseGiveBackReply(ToJson(gave))), ToJson(gave));
  const UnusedReply unused{
      "node-a",
      {{base::Ipv4(5), "s", "popped", absl::FromUnixSeconds(1)},
       {base::Ipv4(6), "s", "unknown"}}};
  EXPECT_EQ(ToJson(*ParseUnusedReply(ToJson(unused))), ToJson(unused));
  const SweepReply sweep{true, {{"orphan", "net/c1/eth0", "no lease"}}};
  EXPECT_EQ(ToJson(*ParseSweepReply(ToJson(sweep))), ToJson(sweep));
  EXPECT_TRUE(ParseSweepRequest(ToJson(SweepRequest{true}))->dry_run);
}

TEST(MessagesTest, NothingIsGivenBackByLeavingTheListOut) {
  EXPECT_EQ(ParseGiveBackRequest(R"({"node":"n"})").status().message(),
            "addresses: missing");
}

TEST(MessagesTest, ATimeThatNeverEndsIsRefused) {
  EXPECT_EQ(ParseNodeReply(
                R"({"node":"n","address":"10.0.0.1","cooldownSeconds":1e300})")
                .status()
                .message(),
            "cooldownSeconds: must be between 0 and 1e9");
}

TEST(MessagesTest, ErrorsKeepCodeAndMessage) {
  const absl::Status sent = absl::ResourceExhaustedError("subnet full");
  EXPECT_EQ(ParseError(ErrorToJson(sent)), sent);
  EXPECT_TRUE(base::IsIo(
      ParseError(ErrorToJson(base::MarkIo(absl::InternalError("full"))))));
  EXPECT_EQ(ParseError("garbage").code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ParseError(R"({"code":"FROM_THE_FUTURE","message":"m"})").code(),
            absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace applets::rpc
