#include "applets/vpcsim/fabric.h"

#include <linux/if_ether.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "applets/vpcsim/lab_host.h"
#include "applets/vpcsim/table_directory.h"
#include "base/fd.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/arp/packet.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"

namespace applets::vpcsim {
namespace {

using netlink::arp::Packet;

constexpr base::Ipv4 kGateway = LabHost::kGateway;
constexpr base::Ipv4 kPod(0x0a000015);
constexpr base::Ipv4 kNobody(0x0a000063);
constexpr uint16_t kLldp = 0x88cc;
class FabricTest : public ::testing::Test {
 protected:
  FabricTest() {
    Know(a_);
    Know(b_);
    directory_.owners[{"vpc", kPod}] = a_.nic();
    directory_.nets = {{base::Ipv4Prefix::Containing(kGateway, 24), kGateway}};
    auto fabric = Fabric::Create(*loop_, directory_);
    EXPECT_EQ(fabric.status(), absl::OkStatus());
    fabric_ = *std::move(fabric);
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~FabricTest() override {
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }

  void Know(const LabHost& host) {
    directory_.nics[host.port()] = host.nic();
    directory_.owners[{"vpc", host.address()}] = host.nic();
  }
  // Runs `task` on the loop's thread, and waits.
  void OnLoop(const std::function<void()>& task) {
    absl::Notification done;
    loop_->Post([&] {
      task();
      done.Notify();
    });
    done.WaitForNotification();
  }
  void Give(base::Ipv4 address, const LabHost& host) {
    OnLoop([&] { directory_.owners[{"vpc", address}] = host.nic(); });
  }
  PortCounters Of(const std::string& port) {
    PortCounters counters;
    OnLoop([&] {
      const auto found = fabric_->counters().find(port);
      if (found != fabric_->counters().end()) counters = found->second;
    });
    return counters;
  }
  // Waits until `task` on the loop's thread is true; it's a matter of one
  // wake-up or two of the fabric.
  bool Eventually(const std::function<bool()>& task) {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    bool is = false;
    while (!is && absl::Now() < end) OnLoop([&] { is = task(); });
    return is;
  }
  bool Counts(const std::string& port, DropReason reason, uint64_t count) {
    return Eventually([&] {
      const auto& dropped = fabric_->counters().find(port)->second.dropped;
      return dropped[static_cast<size_t>(reason)] == count;
    });
  }
  bool Attached(const std::string& port) {
    return absl::c_linear_search(fabric_->attached(), port);
  }
  void ExpectConversation() {
    const base::Fd at_a = a_.Udp(a_.address());
    const base::Fd at_b = b_.Udp(b_.address());
    SendTo(at_a, b_.address(), "ping");
    EXPECT_EQ(Hear(at_b), "ping");
    SendTo(at_b, a_.address(), "pong");
    EXPECT_EQ(Hear(at_a), "pong");
  }

  netlink::FreshNetns netns_;
  netlink::Socket host_ = *netlink::Socket::Open();
  LabHost a_{"node-a", 1, host_};
  LabHost b_{"node-b", 2, host_};
  TableDirectory directory_;
  std::unique_ptr<base::Loop> loop_ = *base::Loop::Create();
  std::unique_ptr<Fabric> fabric_;
  std::thread thread_;
};

TEST_F(FabricTest, CarriesBetweenHosts) {
  ExpectConversation();
  EXPECT_GE(Of("node-a").forwarded, 1);
  EXPECT_GE(Of("node-a").forwarded_bytes, 46);
  EXPECT_GE(Of("node-a").arp_answered, 1);
}

// The checksum and the cutting of large frames are left to the receiver: few
// frames carry much.
TEST_F(FabricTest, CarriesLargeFramesWhole) {
  constexpr size_t kBytes = 64 << 20;
  const base::Fd listening = b_.Tcp(b_.address());
  ASSERT_EQ(listen(listening.get(), 1), 0);
  std::thread sender([&] {
    const base::Fd fd = a_.Tcp(a_.address());
    ConnectTo(fd, b_.address());
    SendPattern(fd, kBytes);
  });
  const base::Fd fd(accept(listening.get(), nullptr, nullptr));
  EXPECT_EQ(ReceivePattern(fd), kBytes);
  sender.join();
  EXPECT_GE(Of("node-a").forwarded_bytes, kBytes);
  EXPECT_LT(Of("node-a").forwarded, kBytes / 1448 / 3);
}

TEST_F(FabricTest, CarriesFragments) {
  const base::Fd at_a = a_.Udp(a_.address());
  const base::Fd at_b = b_.Udp(b_.address());
  const std::string text(20000, 'x');
  SendTo(at_a, b_.address(), text);
  EXPECT_EQ(Hear(at_b), text);
  EXPECT_GE(Of("node-a").forwarded, 14);
}

TEST_F(FabricTest, AMovedAddressFollowsAtOnce) {
  a_.Add(kPod);
  b_.Add(kPod);
  LabHost c("node-c", 3, host_);
  OnLoop([&] {
    Know(c);
    fabric_->Sync();
  });
  const base::Fd at_a = a_.Udp(kPod);
  const base::Fd at_b = b_.Udp(kPod);
  const base::Fd at_c = c.Udp(c.address());
  SendTo(at_c, kPod, "to a");
  EXPECT_EQ(Hear(at_a), "to a");
  Give(kPod, b_);
  SendTo(at_c, kPod, "to b");
  EXPECT_EQ(Hear(at_b), "to b");
  SendTo(at_a, c.address(), "no longer mine");
  EXPECT_TRUE(Counts("node-a", DropReason::kSpoofed, 1));
}

TEST_F(FabricTest, ATakenAddressIsLost) {
  OnLoop([&] { directory_.owners.erase({"vpc", kPod}); });
  // The neighbour is known, so that the packet is sent at all.
  netlink::Socket inside = *netlink::SocketIn(b_.netns_fd());
  ASSERT_EQ(inside.Transact(
                netlink::SetPermanentNeighbor(b_.ifindex(), kPod, a_.mac())),
            absl::OkStatus());
  SendTo(b_.Udp(b_.address()), kPod, "lost");
  EXPECT_TRUE(Counts("node-b", DropReason::kNoOwner, 1));
}

TEST_F(FabricTest, TellsWhoWroteWhatWasDropped) {
  SendTo(a_.Udp(kNobody), kMetadataAddress, "spoofed");
  EXPECT_TRUE(Counts("node-a", DropReason::kSpoofed, 1));
  DroppedFrame dropped;
  // The kernel sends frames of its own meanwhile.
  OnLoop([&] {
    const auto& last = fabric_->last_dropped();
    const auto ours = absl::c_find_if(last, [](const DroppedFrame& frame) {
      return frame.reason == DropReason::kSpoofed;
    });
    ASSERT_NE(ours, last.end());
    dropped = *ours;
  });
  EXPECT_EQ(dropped.port, "node-a");
  EXPECT_EQ(dropped.frame.ethernet.source, a_.mac());
  EXPECT_EQ(dropped.frame.ip.source, kNobody);
}

// Frames of LLDP, which no switch passes on.
void SendLldp(const LabHost& host, uint64_t count) {
  const base::Fd raw = host.Raw(kLldp);
  std::vector<uint8_t> frame(60);
  absl::c_copy(host.mac().bytes(), frame.begin() + 6);
  frame[12] = kLldp >> 8;
  frame[13] = kLldp & 0xff;
  for (uint64_t i = 0; i < count; ++i) {
    ASSERT_EQ(send(raw.get(), frame.data(), frame.size(), 0), 60);
  }
}

TEST_F(FabricTest, RemembersTheLastDroppedOnly) {
  const uint64_t count = Fabric::kLastDropped + 10;
  SendLldp(a_, count);
  EXPECT_TRUE(Counts("node-a", DropReason::kOtherType, count));
  OnLoop(
      [&] { EXPECT_EQ(fabric_->last_dropped().size(), Fabric::kLastDropped); });
}

// The fabric can't run while its thread sends. The kernel's own queue before
// it may lose frames, too.
TEST_F(FabricTest, CountsWhatComesTooFast) {
  constexpr uint64_t kCount = 100'000;
  OnLoop([&] { SendLldp(a_, kCount); });
  EXPECT_TRUE(Eventually([&] {
    const PortCounters& counters = fabric_->counters().find("node-a")->second;
    const uint64_t dropped =
        counters.dropped[static_cast<size_t>(DropReason::kOtherType)];
    EXPECT_LE(dropped + counters.overrun, kCount);
    return counters.overrun > 0 && dropped > Fabric::kLastDropped;
  }));
}

TEST_F(FabricTest, SeesVlanTags) {
  const base::Fd raw = a_.Raw(ETH_P_IP);
  std::vector<uint8_t> frame(64);
  absl::c_copy(a_.mac().bytes(), frame.begin() + 6);
  frame[12] = 0x81;  // 802.1Q, VLAN 5
  frame[15] = 5;
  frame[16] = 0x08;
  ASSERT_EQ(send(raw.get(), frame.data(), frame.size(), 0), 64);
  EXPECT_TRUE(Counts("node-a", DropReason::kVlan, 1));
}

TEST_F(FabricTest, ServersAreReachedAtTheGatewaysAddresses) {
  for (const base::Ipv4 address : {kGateway, kMetadataAddress}) {
    const base::Fd server = BoundSocket(netns_.fd(), SOCK_STREAM, address);
    ASSERT_EQ(listen(server.get(), 1), 0);
    const base::Fd client = a_.Tcp(a_.address());
    ConnectTo(client, address);
    const base::Fd served(accept(server.get(), nullptr, nullptr));
    constexpr size_t kBytes = 8 << 20;
    std::thread sender([&] {
      SendPattern(served, kBytes);
      shutdown(served.get(), SHUT_WR);
    });
    EXPECT_EQ(ReceivePattern(client), kBytes);
    sender.join();
  }
  EXPECT_GE(Of(std::string(kGatewayPort)).forwarded_bytes, 16 << 20);
}

TEST_F(FabricTest, TheGatewayReachesHosts) {
  const base::Fd at_a = a_.Udp(a_.address());
  SendTo(BoundSocket(netns_.fd(), SOCK_DGRAM, kGateway), a_.address(), "hello");
  EXPECT_EQ(Hear(at_a), "hello");
}

TEST_F(FabricTest, TheGatewayHasTheSubnetsThereAre) {
  const base::Ipv4 second(0x0a0001fe);
  const auto addresses = [&] {
    std::vector<base::Ipv4> list;
    const uint32_t ifindex =
        *netlink::GetIfindex(host_, std::string(kGatewayPort));
    const auto there = *netlink::ListAddresses(host_, ifindex);
    for (const auto& a : there) {
      list.push_back(a.address);
    }
    absl::c_sort(list);
    return list;
  };
  OnLoop([&] {
    directory_.nets.push_back(
        {base::Ipv4Prefix::Containing(second, 24), second});
    fabric_->Sync();
  });
  EXPECT_EQ(addresses(),
            (std::vector<base::Ipv4>{kGateway, second, kMetadataAddress}));
  OnLoop([&] {
    directory_.nets.erase(directory_.nets.begin());
    fabric_->Sync();
  });
  EXPECT_EQ(addresses(), (std::vector<base::Ipv4>{second, kMetadataAddress}));
}

class FabricArpTest : public FabricTest {
 protected:
  void Send(const Packet& packet) {
    const netlink::arp::Frame frame = netlink::arp::Encode(packet);
    ASSERT_EQ(send(raw_.get(), frame.data(), frame.size(), 0),
              static_cast<ssize_t>(frame.size()));
  }
  std::optional<Packet> HearArp() {
    const std::string frame = Hear(raw_);
    return netlink::arp::Decode(
        {reinterpret_cast<const uint8_t*>(frame.data()), frame.size()});
  }
  bool Silent(ArpSilence silence) {
    return Eventually([&] {
      const auto& silent = fabric_->counters().find("node-b")->second;
      return silent.arp_silent[static_cast<size_t>(silence)] == 1;
    });
  }
  // Nothing but the answer to this has been heard: what was sent before has
  // been handled.
  void ExpectNothingHeard() {
    const Packet probe = netlink::arp::Probe(b_.mac(), a_.address());
    Send(probe);
    EXPECT_EQ(HearArp(), netlink::arp::Reply(probe, a_.mac()));
  }

  base::Fd raw_ = b_.Raw(ETH_P_ARP);
};

TEST_F(FabricArpTest, AProbeForAnothersAddressIsAnswered) {
  const Packet probe = netlink::arp::Probe(b_.mac(), kPod);
  Send(probe);
  EXPECT_EQ(HearArp(), netlink::arp::Reply(probe, a_.mac()));
}

TEST_F(FabricArpTest, AProbeForAnOwnAddressIsNot) {
  Give(kPod, b_);
  Send(netlink::arp::Probe(b_.mac(), kPod));
  EXPECT_TRUE(Silent(ArpSilence::kOwnAddress));
  ExpectNothingHeard();
}

TEST_F(FabricArpTest, AProbeForAFreeAddressIsNot) {
  Send(netlink::arp::Probe(b_.mac(), kNobody));
  EXPECT_TRUE(Silent(ArpSilence::kNobody));
  ExpectNothingHeard();
}

// Not by the kernel of the fabric's namespace, which has the address too.
TEST_F(FabricArpTest, TheGatewayIsAnsweredForOnce) {
  Packet request = netlink::arp::Probe(b_.mac(), kGateway);
  request.sender_address = b_.address();
  Send(request);
  EXPECT_EQ(HearArp(), netlink::arp::Reply(request, kGatewayMac));
  ExpectNothingHeard();
}

TEST_F(FabricArpTest, AnAnnouncementReachesNobody) {
  const base::Fd ear = a_.Raw(ETH_P_ARP);
  Send(netlink::arp::Announcement(b_.mac(), b_.address()));
  EXPECT_TRUE(Silent(ArpSilence::kAnnouncement));
  std::array<uint8_t, 64> frame;
  EXPECT_EQ(recv(ear.get(), frame.data(), frame.size(), MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(FabricTest, ALinkMayGoDownAndUp) {
  ExpectConversation();
  a_.SetDown(host_);
  SendTo(b_.Udp(b_.address()), a_.address(), "lost");
  EXPECT_TRUE(Counts("node-b", DropReason::kNoPort, 1));
  a_.SetUp(host_);
  ExpectConversation();
}

TEST_F(FabricTest, ALinkMayBeReplaced) {
  ASSERT_EQ(host_.Transact(netlink::DeleteLink("node-a")), absl::OkStatus());
  EXPECT_TRUE(Eventually([&] { return !Attached("node-a"); }));
  a_.Connect(host_);
  EXPECT_TRUE(Eventually([&] { return Attached("node-a"); }));
  ExpectConversation();
}

TEST_F(FabricTest, ALinkMayComeBeforeOrAfterItsInterface) {
  const Nic early{base::Mac({2, 0, 0, 0, 0, 4}), "vpc", "node-d"};
  OnLoop([&] {
    directory_.nics["node-d"] = early;
    fabric_->Sync();
  });
  OnLoop([&] { EXPECT_FALSE(Attached("node-d")); });
  LabHost d("node-d", 4, host_);
  EXPECT_TRUE(Eventually([&] { return Attached("node-d"); }));
  OnLoop([&] {
    directory_.nics.erase("node-d");
    fabric_->Sync();
    EXPECT_FALSE(Attached("node-d"));
    Know(d);
    fabric_->Sync();
    EXPECT_TRUE(Attached("node-d"));
  });
}

TEST_F(FabricTest, SaysWhatTheReceiversLinkIsTooSmallFor) {
  ASSERT_EQ(host_.Transact(netlink::ChangeLink(
                {.ifindex = *netlink::GetIfindex(host_, "node-b"),
                 .mtu_bytes = 1000})),
            absl::OkStatus());
  SendTo(a_.Udp(a_.address()), b_.address(), std::string(1400, 'x'));
  EXPECT_TRUE(Counts("node-a", DropReason::kTooBig, 1));
}

TEST(FabricCreateTest, ThereIsOneInANamespace) {
  const netlink::FreshNetns netns;
  const auto loop = *base::Loop::Create();
  const TableDirectory directory;
  auto first = Fabric::Create(*loop, directory);
  ASSERT_EQ(first.status(), absl::OkStatus());
  EXPECT_EQ(base::ErrnoOf(Fabric::Create(*loop, directory).status()), EBUSY);
  first->reset();
  EXPECT_EQ(Fabric::Create(*loop, directory).status(), absl::OkStatus());
}

}  // namespace
}  // namespace applets::vpcsim
