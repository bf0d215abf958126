#include "netlink/arp/announce.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/status.h"
#include "gtest/gtest.h"
#include "netlink/arp/packet.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/node_lab.h"

namespace netlink::arp {
namespace {

constexpr base::Ipv4 kPod(0x0a000032);

// Hears all ARP in a namespace.
base::Fd Listen(int netns_fd) {
  const auto scope = NetnsScope::Enter(netns_fd);
  base::Fd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP)));
  const timeval limit = {10, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  return fd;
}

std::optional<Packet> Hear(const base::Fd& ear) {
  std::array<uint8_t, 2048> frame;
  const ssize_t size = recv(ear.get(), frame.data(), frame.size(), 0);
  if (size < 0) return std::nullopt;
  return Decode(absl::MakeConstSpan(frame.data(), size));
}

class AnnounceTest : public ::testing::Test {
 protected:
  NodeLab lab_;
};

TEST_F(AnnounceTest, IsHeardOnTheWire) {
  const base::Fd ear = Listen(lab_.wire_fd());
  auto announcer = Announcer::Open(lab_.node().ifindex, lab_.node().mac);
  ASSERT_TRUE(announcer.ok()) << announcer.status();
  for (int i = 0; i < kAnnounceNum; ++i) {
    ASSERT_EQ(announcer->Announce(kPod), absl::OkStatus());
    EXPECT_EQ(Hear(ear), Announcement(lab_.node().mac, kPod));
  }
}

TEST_F(AnnounceTest, SaysThatTheInterfaceIsMissingOrDown) {
  auto nowhere = Announcer::Open(4711, lab_.node().mac);
  ASSERT_TRUE(nowhere.ok());
  EXPECT_EQ(base::ErrnoOf(nowhere->Announce(kPod)), ENXIO);
  auto announcer = Announcer::Open(lab_.node().ifindex, lab_.node().mac);
  ASSERT_EQ(
      lab_.host().Transact(ChangeLink(
          {.ifindex = lab_.node().ifindex, .state = LinkChange::State::kDown})),
      absl::OkStatus());
  EXPECT_EQ(base::ErrnoOf(announcer->Announce(kPod)), ENETDOWN);
}

TEST_F(AnnounceTest, TheConstantsAreTheStandards) {
  EXPECT_EQ(kAnnounceNum, 2);
  EXPECT_EQ(kAnnounceInterval, absl::Seconds(2));
}

}  // namespace
}  // namespace netlink::arp
