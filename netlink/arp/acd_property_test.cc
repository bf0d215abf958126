// The detector against RFC 5227 §2.1.1 read word by word, on random schedules:
// a reference that keeps a list of attempts and looks at all of them for every
// packet.

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "absl/random/distributions.h"
#include "gtest/gtest.h"
#include "netlink/arp/acd.h"

namespace netlink::arp {
namespace {

constexpr int kAddresses = 12;
constexpr base::Mac kOurs({2, 0, 0, 0, 0, 1});

class Reference {
 public:
  void Start(base::Ipv4 address, absl::Time now) {
    for (const Attempt& attempt : attempts_) {
      if (attempt.address == address) return;
    }
    attempts_.push_back({address, now, {}});
  }

  std::optional<Conflict> OnPacket(const Packet& packet) {
    for (size_t i = 0; i < attempts_.size(); ++i) {
      const base::Ipv4 address = attempts_[i].address;
      if (!Conflicts(packet, address)) continue;
      attempts_.erase(attempts_.begin() + static_cast<ptrdiff_t>(i));
      return Conflict{address, packet.sender_mac};
    }
    return std::nullopt;
  }

  void OnAction(const Detector::Action& action, absl::Time now) {
    if (const auto* probe = std::get_if<SendProbe>(&action)) {
      Attempt& attempt = Find(probe->address);
      ExpectInTime(attempt, now);
      attempt.probes.push_back(now);
    } else {
      const base::Ipv4 address = std::get<Admitted>(action).address;
      const Attempt attempt = Find(address);
      ASSERT_EQ(attempt.probes.size(), 3u);
      EXPECT_EQ(now - attempt.probes.back(), absl::Seconds(2));
      std::erase_if(attempts_,
                    [&](const Attempt& a) { return a.address == address; });
    }
  }

  size_t attempts() const { return attempts_.size(); }

 private:
  struct Attempt {
    base::Ipv4 address;
    absl::Time begun;
    std::vector<absl::Time> probes;
  };

  // "any ARP packet (Request *or* Reply) ... where the packet's 'sender IP
  // address' is the address being probed for", less what we sent ourselves; or
  // "any ARP Probe where the packet's 'target IP address' is the address being
  // probed for, and the packet's 'sender hardware address' is not the hardware
  // address of any of the host's interfaces".
  static bool Conflicts(const Packet& packet, base::Ipv4 address) {
    const bool ours = packet.sender_mac == kOurs;
    const bool from_an_owner = packet.sender_address == address && !ours;
    const bool probe = packet.operation == Operation::kRequest &&
                       packet.sender_address == base::Ipv4();
    return from_an_owner ||
           (probe && packet.target_address == address && !ours);
  }
  static void ExpectInTime(const Attempt& attempt, absl::Time now) {
    ASSERT_LT(attempt.probes.size(), 3u);
    if (attempt.probes.empty()) {
      EXPECT_LE(now - attempt.begun, absl::Seconds(1));
      return;
    }
    EXPECT_GE(now - attempt.probes.back(), absl::Seconds(1));
    EXPECT_LE(now - attempt.probes.back(), absl::Seconds(2));
  }
  Attempt& Find(base::Ipv4 address) {
    const auto found =
        std::find_if(attempts_.begin(), attempts_.end(),
                     [&](const Attempt& a) { return a.address == address; });
    EXPECT_NE(found, attempts_.end()) << address.ToString();
    return *found;
  }

  std::vector<Attempt> attempts_;
};

class Schedule {
 public:
  explicit Schedule(uint64_t seed) : random_(seed) {}

  // Ends when the rate limit sets in, which the reference doesn't know.
  void Run() {
    for (int i = 0; i < 400 && !detector_.rate_limited(); ++i) {
      GoTo(now_ +
           absl::Microseconds(absl::Exponential<double>(random_) * 500e3));
      if (absl::Bernoulli(random_, 0.4)) {
        const base::Ipv4 address = Address();
        detector_.Start(address, now_);
        reference_.Start(address, now_);
      } else {
        Hear(AnyPacket());
      }
      ASSERT_EQ(detector_.candidates(), reference_.attempts());
    }
  }

  int conflicts() const { return conflicts_; }
  int admitted() const {
    return static_cast<int>(detector_.counters().admitted);
  }

 private:
  void GoTo(absl::Time time) {
    while (detector_.deadline() <= time) {
      now_ = std::max(now_, detector_.deadline());
      for (const Detector::Action& action : detector_.OnTimer(now_)) {
        reference_.OnAction(action, now_);
      }
    }
    now_ = time;
  }
  void Hear(const Packet& packet) {
    const auto conflict = detector_.OnPacket(packet, now_);
    EXPECT_EQ(conflict, reference_.OnPacket(packet));
    if (conflict) ++conflicts_;
  }
  base::Ipv4 Address() {
    return base::Ipv4(0x0a000000 +
                      absl::Uniform<uint32_t>(random_, 1, kAddresses));
  }
  // Often one of nobody's concern.
  base::Ipv4 AddressOrNone() {
    switch (absl::Uniform(random_, 0, 4)) {
      case 0:
        return Address();
      case 1:
        return base::Ipv4();
      default:
        return base::Ipv4(0x0a0000fe);
    }
  }
  Packet AnyPacket() {
    const base::Mac sender(
        {2, 0, 0, 0, 0, absl::Uniform<uint8_t>(random_, 1, 4)});
    return {.destination = kBroadcast,
            .source = sender,
            .operation = absl::Bernoulli(random_, 0.5) ? Operation::kRequest
                                                       : Operation::kReply,
            .sender_mac = sender,
            .sender_address = AddressOrNone(),
            .target_mac = base::Mac(),
            .target_address = AddressOrNone()};
  }

  std::mt19937_64 random_;
  absl::Time now_ = absl::UnixEpoch();
  Detector detector_{kOurs, Timing(), random_};
  Reference reference_;
  int conflicts_ = 0;
};

TEST(AcdPropertyTest, AgreesWithTheStandardOnAnySchedule) {
  int conflicts = 0;
  int admitted = 0;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Schedule schedule(seed);
    schedule.Run();
    if (testing::Test::HasFailure()) return;
    conflicts += schedule.conflicts();
    admitted += schedule.admitted();
  }
  EXPECT_GT(conflicts, 1000);
  EXPECT_GT(admitted, 1000);
}

}  // namespace
}  // namespace netlink::arp
