// Probers on one simulated link that want the same address: whatever the order
// of things, no two of them may have it.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <queue>
#include <random>
#include <vector>

#include "absl/random/distributions.h"
#include "gtest/gtest.h"
#include "netlink/arp/acd.h"

namespace netlink::arp {
namespace {

constexpr base::Ipv4 kAddress(0x0a000007);

base::Mac MacOf(size_t host) {
  return base::Mac({2, 0, 0, 0, 0, static_cast<uint8_t>(host)});
}

class Link {
 public:
  explicit Link(uint64_t seed) : random_(seed) {}

  // Another host, which begins to probe then.
  void Add(absl::Time begins) {
    hosts_.push_back({.detector = std::make_unique<Detector>(
                          MacOf(hosts_.size()), Timing(), random_),
                      .begins = begins});
  }

  // Until nothing happens any more.
  void Run() {
    for (absl::Time now = Next(); now < absl::InfiniteFuture(); now = Next()) {
      Deliver(now);
      for (size_t i = 0; i < hosts_.size(); ++i) Act(i, now);
    }
  }

  std::vector<size_t> winners() const {
    std::vector<size_t> winners;
    for (size_t i = 0; i < hosts_.size(); ++i) {
      if (hosts_[i].owner) winners.push_back(i);
    }
    return winners;
  }

 private:
  struct Host {
    std::unique_ptr<Detector> detector;
    absl::Time begins;
    bool owner = false;
  };
  struct Flight {
    absl::Time arrives;
    size_t from;
    Packet packet;
    bool operator<(const Flight& other) const {
      return arrives > other.arrives;
    }
  };

  absl::Time Next() const {
    absl::Time next = absl::InfiniteFuture();
    if (!flights_.empty()) next = flights_.top().arrives;
    for (const Host& host : hosts_) {
      next = std::min({next, host.begins, host.detector->deadline()});
    }
    return next;
  }
  // A slow link: up to 50 ms.
  void Send(size_t from, const Packet& packet, absl::Time now) {
    const auto latency =
        absl::Microseconds(absl::Uniform<int64_t>(random_, 1, 50000));
    flights_.push({now + latency, from, packet});
  }
  void Deliver(absl::Time now) {
    while (!flights_.empty() && flights_.top().arrives <= now) {
      const Flight flight = flights_.top();
      flights_.pop();
      for (size_t i = 0; i < hosts_.size(); ++i) {
        if (i != flight.from) Hear(i, flight.packet, now);
      }
    }
  }
  // The owner answers, as its kernel would.
  void Hear(size_t i, const Packet& packet, absl::Time now) {
    Host& host = hosts_[i];
    (void)host.detector->OnPacket(packet, now);
    if (host.owner && packet == Probe(packet.sender_mac, kAddress)) {
      Send(i, Reply(packet, MacOf(i)), now);
    }
  }
  void Act(size_t i, absl::Time now) {
    Host& host = hosts_[i];
    if (host.begins <= now) {
      host.begins = absl::InfiniteFuture();
      host.detector->Start(kAddress, now);
    }
    for (const Detector::Action& action : host.detector->OnTimer(now)) {
      if (std::holds_alternative<Admitted>(action)) {
        host.owner = true;
      } else {
        Send(i, Probe(MacOf(i), kAddress), now);
      }
    }
  }

  std::mt19937_64 random_;
  std::vector<Host> hosts_;
  std::priority_queue<Flight> flights_;
};

TEST(AcdRaceTest, TwoThatBeginTogetherNeverBothWin) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Link link(seed);
    link.Add(absl::UnixEpoch());
    link.Add(absl::UnixEpoch());
    link.Run();
    ASSERT_LE(link.winners().size(), 1u) << "seed " << seed;
  }
}

TEST(AcdRaceTest, ManyThatBeginAtAnyTimeNeverHaveTwoWinners) {
  int won = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Link link(seed);
    std::mt19937_64 random(seed);
    const int hosts = absl::Uniform(absl::IntervalClosed, random, 2, 20);
    for (int i = 0; i < hosts; ++i) {
      link.Add(absl::UnixEpoch() +
               absl::Milliseconds(absl::Uniform(random, 0, 15000)));
    }
    link.Run();
    ASSERT_LE(link.winners().size(), 1u) << "seed " << seed;
    won += static_cast<int>(link.winners().size());
  }
  EXPECT_GT(won, 0);  // they don't merely all lose
}

TEST(AcdRaceTest, WhoIsDoneBeforeTheOthersBeginWins) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Link link(seed);
    for (int i = 0; i < 4; ++i) {
      link.Add(absl::UnixEpoch() + i * absl::Seconds(8));
    }
    link.Run();
    ASSERT_EQ(link.winners(), std::vector<size_t>{0}) << "seed " << seed;
  }
}

}  // namespace
}  // namespace netlink::arp
