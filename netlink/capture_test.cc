// What the parsers make of bytes that the kernel sent (testdata/netlink/).

#include <linux/if_addr.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/conntrack.h"
#include "netlink/link.h"
#include "netlink/monitor.h"
#include "netlink/neigh.h"
#include "netlink/route.h"
#include "netlink/rule.h"

namespace netlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::Mac kHostMac({2, 0, 0, 0, 0, 1});
constexpr base::Ipv4 kPod(0x0a090005);

base::Ipv4Prefix Prefix(const std::string& text) {
  return *base::Ipv4Prefix::Parse(text);
}

class CaptureTest : public ::testing::Test {
 protected:
  // The entries of a capture; they borrow from bytes_.
  std::vector<Message> Load(const std::string& name) {
    auto bytes = base::ReadFile("testdata/netlink/" + name + ".bin", 1 << 16);
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    bytes_ = *std::move(bytes);
    auto messages = SplitMessages(bytes_);
    EXPECT_TRUE(messages.ok()) << messages.status();
    if (messages->back().type == NLMSG_DONE) messages->pop_back();
    return *std::move(messages);
  }

  std::string bytes_;
};

TEST_F(CaptureTest, LinkIsAVethWithItsPeerElsewhere) {
  const auto link = ParseLink(Load("link_veth").front());
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_EQ(link->index, 70000u);
  EXPECT_EQ(link->name, "ucni0123456789a");
  EXPECT_EQ(link->kind, "veth");
  EXPECT_EQ(link->mac, kHostMac);
  EXPECT_EQ(link->mtu_bytes, 1452u);
  EXPECT_EQ(link->alias, "cnivpc:c0ffee/eth0");
  EXPECT_EQ(link->peer_ifindex, 70001u);
  EXPECT_EQ(link->peer_netnsid, 0);
  EXPECT_EQ(link->hardware_type, 1);
  EXPECT_TRUE(link->up());
  EXPECT_FALSE(link->running());
}

TEST_F(CaptureTest, LinkIsTheLoopback) {
  const auto link = ParseLink(Load("link_loopback").front());
  ASSERT_TRUE(link.ok()) << link.status();
  EXPECT_EQ(link->name, "lo");
  EXPECT_EQ(link->kind, "");
  EXPECT_TRUE(link->loopback());
  EXPECT_EQ(link->peer_ifindex, 0u);
  EXPECT_FALSE(link->peer_netnsid);
}

TEST_F(CaptureTest, Address) {
  const auto address = ParseAddress(Load("address_dump").front());
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->ifindex, 70010u);
  EXPECT_EQ(address->address, base::Ipv4(0x0a000001));
  EXPECT_EQ(address->prefix_length, 24);
  EXPECT_EQ(address->scope, RT_SCOPE_UNIVERSE);
  EXPECT_TRUE(address->flags & IFA_F_PERMANENT);
}

TEST_F(CaptureTest, RoutesOfEveryShape) {
  std::vector<Route> routes;
  for (const Message& message : Load("route_dump")) {
    routes.push_back(*ParseRoute(message));
  }
  ASSERT_THAT(routes, SizeIs(4));
  EXPECT_EQ(routes[0].destination, Prefix("10.0.0.0/24"));
  EXPECT_EQ(routes[0].preferred_source, base::Ipv4(0x0a000001));
  EXPECT_EQ(routes[0].protocol, RTPROT_KERNEL);
  EXPECT_EQ(routes[1].destination, Prefix("10.7.0.0/16"));  // two next hops
  EXPECT_EQ(routes[1].gateway, base::Ipv4(0x0a000002));
  EXPECT_EQ(routes[1].ifindex, 70010u);
  EXPECT_EQ(routes[2].gateway, base::Ipv4(0xc0000201));
  EXPECT_TRUE(routes[2].onlink);
  EXPECT_EQ(routes[2].metric, 77u);
  EXPECT_EQ(routes[3].destination, Prefix("10.9.0.5/32"));
  EXPECT_EQ(routes[3].scope, RT_SCOPE_LINK);
  EXPECT_EQ(routes[3].ifindex, 70000u);
  EXPECT_FALSE(routes[3].gateway);
  EXPECT_EQ(routes[3].table, kMainTable);
}

TEST_F(CaptureTest, RulesInOrder) {
  std::vector<Rule> rules;
  for (const Message& message : Load("rule_dump")) {
    rules.push_back(*ParseRule(message));
  }
  ASSERT_THAT(rules, SizeIs(5));
  EXPECT_EQ(rules[1], (Rule{.priority = 512,
                            .to = base::Ipv4Prefix::Containing(kPod, 32)}));
  EXPECT_EQ(rules[2],
            (Rule{.priority = 1024, .mark = 0x80, .mark_mask = 0x80}));
  EXPECT_EQ(rules[4].priority, 32767u);
  EXPECT_EQ(rules[4].table, 253u);
}

TEST_F(CaptureTest, Connections) {
  constexpr base::Ipv4 client(0x0a000002);
  constexpr base::Ipv4 service(0x0a600001);
  std::map<std::pair<base::Ipv4, uint8_t>, Flow> flows;
  for (const Message& message : Load("conntrack_dump")) {
    const Flow flow = *ParseFlow(message);
    flows[{flow.ends[0], flow.protocol}] = flow;
  }
  ASSERT_THAT(flows, SizeIs(4));
  const Flow& through_service = flows[{client, IPPROTO_TCP}];
  EXPECT_THAT(through_service.ends, ElementsAre(client, service, kPod, client));
  EXPECT_EQ(through_service.tcp_state, TCP_CONNTRACK_ESTABLISHED);
  EXPECT_TRUE(through_service.alive());
  const Flow& over = flows[{kPod, IPPROTO_TCP}];
  EXPECT_EQ(over.tcp_state, TCP_CONNTRACK_TIME_WAIT);
  EXPECT_FALSE(over.alive());
  EXPECT_TRUE((flows[{base::Ipv4(0x0a090006), IPPROTO_UDP}].alive()));
  EXPECT_FALSE((flows[{base::Ipv4(0x0a090007), IPPROTO_UDP}].alive()));
}

TEST_F(CaptureTest, PermanentNeighbor) {
  const auto neighbor = ParseNeighbor(Load("neighbor_permanent").front());
  ASSERT_TRUE(neighbor.ok()) << neighbor.status();
  EXPECT_EQ(neighbor->ifindex, 70010u);
  EXPECT_EQ(neighbor->address, base::Ipv4(0x0a000009));
  EXPECT_EQ(neighbor->mac, base::Mac({2, 0, 0, 0, 0, 0x99}));
  EXPECT_TRUE(neighbor->permanent());
  EXPECT_FALSE(neighbor->proxy);
}

TEST_F(CaptureTest, ProxyNeighbor) {
  const auto neighbor = ParseNeighbor(Load("neighbor_proxy").front());
  ASSERT_TRUE(neighbor.ok()) << neighbor.status();
  EXPECT_EQ(neighbor->address, kPod);
  EXPECT_TRUE(neighbor->proxy);
  EXPECT_FALSE(neighbor->mac);
}

TEST_F(CaptureTest, EachParserRefusesTheOthersMessages) {
  const Message rule = Load("rule_dump").front();
  EXPECT_FALSE(ParseLink(rule).ok());
  EXPECT_FALSE(ParseAddress(rule).ok());
  EXPECT_FALSE(ParseRoute(rule).ok());
  EXPECT_FALSE(ParseNeighbor(rule).ok());
  EXPECT_FALSE(ParseRule(Load("link_veth").front()).ok());
}

TEST_F(CaptureTest, EachParserRefusesItsMessageCutShort) {
  Message link = Load("link_veth").front();
  link.payload = link.payload.first(15);
  EXPECT_FALSE(ParseLink(link).ok());
  Message route = Load("route_dump").front();
  route.payload = route.payload.first(route.payload.size() - 3);
  EXPECT_FALSE(ParseRoute(route).ok());
}

TEST_F(CaptureTest, RefusesAPrefixLongerThanAnAddress) {
  const auto messages = Load("route_dump");
  bytes_[16 + 1] = 33;  // rtm_dst_len
  EXPECT_FALSE(ParseRoute(messages.front()).ok());
}

TEST_F(CaptureTest, ALinkThatGoesIsAnEvent) {
  Load("event_link_gone");
  const std::vector<Event> events = ParseEvents(bytes_);
  ASSERT_THAT(events, SizeIs(1));
  const auto& gone = std::get<LinkGone>(events.front());
  EXPECT_EQ(gone.ifindex, 70000u);
  EXPECT_EQ(gone.name, "ucni0123456789a");
}

TEST_F(CaptureTest, APortThatLeavesABridgeIsNoLinkThatGoes) {
  Load("event_port_left");
  EXPECT_THAT(ParseEvents(bytes_), IsEmpty());
}

TEST_F(CaptureTest, WhatCannotBeParsedIsAnOverrun) {
  Load("event_link_gone");
  bytes_.resize(bytes_.size() - 1);
  const std::vector<Event> events = ParseEvents(bytes_);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<Overrun>(events.front()));
}

}  // namespace
}  // namespace netlink
