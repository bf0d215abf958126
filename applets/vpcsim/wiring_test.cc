#include "applets/vpcsim/wiring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "applets/vpcsim/world_lab.h"
#include "base/fd.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/netns.h"

namespace applets::vpcsim {
namespace {

// A cloud of two hosts, each a network namespace; the thread is in the
// fabric's.
class WiringTest : public ::testing::Test {
 protected:
  WiringTest() {
    AddOneSubnet(world_);
    AddHost("uhost-1", 1, one_);
    AddHost("uhost-2", 2, two_);
    world_.Observe([this](const Change& c) {
      if (wiring_ != nullptr) wiring_->OnChange(c);
    });
    Begin();
  }

  static void Must(const absl::Status& status) {
    ASSERT_TRUE(status.ok()) << status;
  }
  static std::string PathOf(const base::Fd& netns) {
    return absl::StrCat("/proc/self/fd/", netns.get());
  }
  void AddHost(const std::string& id, uint8_t n, const base::Fd& netns) {
    Must(world_.AddHost(
        {.id = id, .zone = "cn-bj2-04", .netns = PathOf(netns)}));
    Must(world_.AddInterface({.id = absl::StrCat("uni-", id),
                              .mac = base::Mac({2, 0, 0, 0, 0, n}),
                              .subnet = "subnet-1",
                              .host = id,
                              .is_default = true,
                              .port = absl::StrCat("port-", id)}));
    Must(fabric_.Transact(netlink::CreateVeth(
        {.inner = {.name = "eth0"},
         .netns_fd = netns.get(),
         .outer = {.name = absl::StrCat("port-", id), .mtu_bytes = 1400}})));
  }
  // vpcsim starts, or starts again.
  void Begin() {
    wiring_.reset();
    wiring_ = std::make_unique<Wiring>(*loop_, world_,
                                       netlink::Socket::Open().value());
    Settle();
  }
  // What is due now is done.
  void Settle() {
    base::Timer stop(*loop_, [this] { loop_->Stop(); });
    stop.Set(absl::Milliseconds(1));
    loop_->Run();
  }

  const Interface& Create() {
    const auto made = world_.CreateInterface({.subnet = "subnet-1"}, random_);
    return *std::get<const Interface*>(made);
  }
  void Attach(const Interface& interface, const std::string& host) {
    ASSERT_FALSE(world_.Attach(interface.id, host));
  }
  void Detach(const Interface& interface) {
    ASSERT_FALSE(world_.Detach(interface.id, std::string(interface.host)));
  }
  static absl::StatusOr<netlink::Link> In(const base::Fd& netns,
                                          absl::string_view name) {
    netlink::Socket socket = netlink::SocketIn(netns.get()).value();
    return netlink::GetLink(socket, name);
  }

  netlink::FreshNetns here_;
  base::Fd one_ = netlink::MakeNetns();
  base::Fd two_ = netlink::MakeNetns();
  netlink::Socket fabric_ = netlink::Socket::Open().value();
  World world_;
  std::mt19937_64 random_{1};
  std::unique_ptr<base::Loop> loop_ = base::Loop::Create().value();
  std::unique_ptr<Wiring> wiring_;
};

TEST_F(WiringTest, AnAttachedInterfaceIsALinkOfTheHostDownAndWithItsMac) {
  const Interface& interface = Create();
  Settle();
  EXPECT_FALSE(In(one_, "eth1").ok());
  Attach(interface, "uhost-1");
  Settle();
  const auto inner = In(one_, "eth1");
  ASSERT_TRUE(inner.ok()) << inner.status();
  EXPECT_EQ(inner->mac, interface.mac);
  EXPECT_EQ(inner->mtu_bytes, 1400u) << "that of the host's first interface";
  EXPECT_FALSE(inner->up());
  const auto outer = netlink::GetLink(fabric_, interface.port);
  ASSERT_TRUE(outer.ok()) << outer.status();
  EXPECT_TRUE(outer->up());
  EXPECT_EQ(outer->peer_ifindex, inner->index);
}

TEST_F(WiringTest, EachIsCalledByTheFirstFreeName) {
  const Interface& first = Create();
  Attach(first, "uhost-1");
  Settle();
  const Interface& second = Create();
  Attach(second, "uhost-1");
  Settle();
  EXPECT_EQ(In(one_, "eth2")->mac, second.mac);
  Detach(first);
  Settle();
  EXPECT_FALSE(In(one_, "eth1").ok());
  EXPECT_TRUE(In(one_, "eth2").ok());
  const Interface& third = Create();
  Attach(third, "uhost-1");
  Settle();
  EXPECT_EQ(In(one_, "eth1")->mac, third.mac);
}

TEST_F(WiringTest, OneThatMovesAtOnceIsPluggedIntoTheOtherHost) {
  const Interface& interface = Create();
  Attach(interface, "uhost-1");
  Settle();
  Detach(interface);
  Attach(interface, "uhost-2");
  Settle();
  EXPECT_FALSE(In(one_, "eth1").ok());
  EXPECT_EQ(In(two_, "eth1")->mac, interface.mac);
}

TEST_F(WiringTest, AHostThatBootsHasNewLinks) {
  const Interface& interface = Create();
  const Interface& other = Create();
  Attach(interface, "uhost-1");
  Attach(other, "uhost-2");
  Settle();
  const uint32_t before = netlink::GetIfindex(fabric_, interface.port).value();
  const uint32_t kept = netlink::GetIfindex(fabric_, other.port).value();
  const base::Fd next = netlink::MakeNetns();
  Must(world_.Boot("uhost-1", PathOf(next)));
  Settle();
  EXPECT_FALSE(In(one_, "eth1").ok());
  EXPECT_EQ(In(next, "eth1")->mac, interface.mac);
  EXPECT_NE(netlink::GetIfindex(fabric_, interface.port).value(), before);
  EXPECT_EQ(netlink::GetIfindex(fabric_, other.port).value(), kept);
}

TEST_F(WiringTest, TheNextTakesOverWhatThereIs) {
  const Interface& stays = Create();
  const Interface& goes = Create();
  const Interface& lost = Create();
  Attach(stays, "uhost-1");
  Attach(goes, "uhost-1");
  Attach(lost, "uhost-2");
  Settle();
  const std::string gone_port = goes.port;
  const uint32_t kept = netlink::GetIfindex(fabric_, stays.port).value();
  wiring_.reset();
  EXPECT_TRUE(In(one_, "eth1").ok());
  Detach(goes);
  Must(fabric_.Transact(netlink::DeleteLink(lost.port)));
  Begin();
  EXPECT_EQ(netlink::GetIfindex(fabric_, stays.port).value(), kept);
  EXPECT_FALSE(netlink::GetIfindex(fabric_, gone_port).ok());
  EXPECT_EQ(In(two_, "eth1")->mac, lost.mac);
}

TEST_F(WiringTest, AHostThatIsNotThereKeepsNobodyElseWaiting) {
  Must(world_.Boot("uhost-1", "/run/netns/none"));
  const Interface& nowhere = Create();
  const Interface& interface = Create();
  Attach(nowhere, "uhost-1");
  Attach(interface, "uhost-2");
  Settle();
  EXPECT_FALSE(netlink::GetIfindex(fabric_, nowhere.port).ok());
  EXPECT_TRUE(In(two_, "eth1").ok());
  Must(world_.Boot("uhost-1", PathOf(one_)));
  Settle();
  EXPECT_EQ(In(one_, "eth1")->mac, nowhere.mac);
}

}  // namespace
}  // namespace applets::vpcsim
