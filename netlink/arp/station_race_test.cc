// Many probers, and many addresses, on a real bridge between network
// namespaces.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "absl/random/distributions.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/arp/segment_lab.h"
#include "netlink/arp/station_lab.h"
#include "netlink/socket.h"

namespace netlink::arp {
namespace {

using ::testing::Each;
using ::testing::Le;

constexpr absl::Duration kTotal = absl::Milliseconds(350);

base::Ipv4 Nth(uint32_t i) { return base::Ipv4(0x0a000400 + i); }

class StationRaceTest : public ::testing::Test {
 protected:
  void Build(size_t probers) {
    for (size_t i = 0; i < probers; ++i) {
      residents_.push_back(&lab_.Add(i));
    }
  }
  // How many have each address in the end.
  std::vector<int> Winners(uint32_t addresses) const {
    std::vector<int> winners(addresses);
    for (const Resident* resident : residents_) {
      for (const base::Ipv4 address : resident->admitted) {
        ++winners[address.bits() - Nth(0).bits()];
      }
    }
    return winners;
  }
  static int Total(const std::vector<int>& winners) {
    return std::accumulate(winners.begin(), winners.end(), 0);
  }

  SegmentLab segment_{8};
  StationLab lab_{segment_, Timing::Within(kTotal)};
  std::vector<Resident*> residents_;
  std::mt19937_64 random_{11};
};

TEST_F(StationRaceTest, TwoThatBeginTogetherNeverBothWin) {
  constexpr uint32_t kAddresses = 200;
  Build(2);
  for (uint32_t i = 0; i < kAddresses; ++i) {
    for (Resident* resident : residents_) {
      resident->station.Probe(Nth(i), lab_.now());
    }
  }
  ASSERT_TRUE(lab_.RunUntilQuiet());
  EXPECT_THAT(Winners(kAddresses), Each(Le(1)));
}

// A prober that asks for an address at some time.
struct Wish {
  absl::Time at;
  Resident* who;
  base::Ipv4 address;
};

TEST_F(StationRaceTest, ManyThatBeginAtAnyTimeNeverHaveTwoWinners) {
  constexpr uint32_t kAddresses = 100;
  Build(8);
  std::vector<Wish> wishes;
  for (uint32_t i = 0; i < kAddresses; ++i) {
    for (Resident* resident : residents_) {
      const auto delay = absl::Uniform<double>(random_, 0, 4) * kTotal;
      wishes.push_back({lab_.now() + delay, resident, Nth(i)});
    }
  }
  const auto grant = [&] {
    for (Wish& wish : wishes) {
      if (wish.at > lab_.now()) continue;
      wish.who->station.Probe(wish.address, lab_.now());
      wish.at = absl::InfiniteFuture();
    }
    return std::all_of(wishes.begin(), wishes.end(), [](const Wish& wish) {
      return wish.at == absl::InfiniteFuture();
    });
  };
  ASSERT_TRUE(lab_.RunUntil(grant));
  ASSERT_TRUE(lab_.RunUntilQuiet());
  const std::vector<int> winners = Winners(kAddresses);
  EXPECT_THAT(winners, Each(Le(1)));
  // They neither all lose nor keep out of each other's way.
  EXPECT_GT(Total(winners), 0);
  for (const Resident* resident : residents_) {
    EXPECT_GE(resident->conflicts.size(), static_cast<size_t>(kMaxConflicts));
  }
}

TEST_F(StationRaceTest, WhoHasAnAddressKeepsItAgainstAllWhoAskLater) {
  constexpr uint32_t kAddresses = 8;
  Build(8);
  for (uint32_t i = 0; i < kAddresses; ++i) {
    residents_[i]->station.Probe(Nth(i), lab_.now());
  }
  ASSERT_TRUE(lab_.RunUntilQuiet());
  EXPECT_EQ(Total(Winners(kAddresses)), 8);
  // No more than nine conflicts each: more would limit the rate.
  for (uint32_t i = 0; i < kAddresses; ++i) {
    for (uint32_t who = 0; who < residents_.size(); ++who) {
      if (who != i) residents_[who]->station.Probe(Nth(i), lab_.now());
    }
  }
  ASSERT_TRUE(lab_.RunUntilQuiet());
  EXPECT_THAT(Winners(kAddresses), Each(1));
}

TEST_F(StationRaceTest, AThousandCandidatesOnOneSocketAreToldApart) {
  constexpr uint32_t kAddresses = 1000;
  constexpr uint32_t kEach = 4;  // every fourth one is another host's
  Build(1);
  Batch batch;
  for (uint32_t i = 0; i < kAddresses; i += kEach) {
    batch.Add(AddAddress({.ifindex = SegmentLab::kIfindex,
                          .address = Nth(i),
                          .prefix_length = 32}));
  }
  for (const absl::Status& status : segment_.socket(1).Transact(batch)) {
    ASSERT_EQ(status, absl::OkStatus());
  }
  for (uint32_t i = 0; i < kAddresses; ++i) {
    residents_[0]->station.Probe(Nth(i), lab_.now());
  }
  ASSERT_TRUE(lab_.RunUntilQuiet());
  EXPECT_EQ(residents_[0]->conflicts.size(), kAddresses / kEach);
  EXPECT_EQ(residents_[0]->admitted.size(), kAddresses - kAddresses / kEach);
  for (const auto& [address, other] : residents_[0]->conflicts) {
    EXPECT_EQ((address.bits() - Nth(0).bits()) % kEach, 0u);
    EXPECT_EQ(other, SegmentLab::MacOf(1));
  }
}

}  // namespace
}  // namespace netlink::arp
