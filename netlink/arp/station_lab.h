#ifndef CNIVPC_NETLINK_ARP_STATION_LAB_H_
#define CNIVPC_NETLINK_ARP_STATION_LAB_H_

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "netlink/arp/segment_lab.h"
#include "netlink/arp/station.h"

namespace netlink::arp {

// For tests and benchmarks. A clock that doesn't go on while its thread has to
// wait for the processor: between two readings no more than a millisecond
// passes. What is tested with it doesn't depend on how busy the machine is.
class PatientClock {
 public:
  absl::Time Now();

 private:
  using Real = std::chrono::steady_clock;
  Real::time_point last_ = Real::now();
  absl::Time now_ = absl::UnixEpoch();
};

// For tests. A station that somebody runs, and what it has found.
struct Resident {
  Station station;
  std::set<base::Ipv4> admitted = {};
  std::map<base::Ipv4, base::Mac> conflicts = {};
  std::vector<Defended> defended = {};
  std::vector<Contested> contested = {};
};

// For tests. Runs stations on hosts of a segment, in one thread. A station
// watches over what it has been admitted, as ipamd does.
class StationLab {
 public:
  StationLab(SegmentLab& segment, const Timing& timing)
      : segment_(segment), timing_(timing) {}

  // Listening on the host's interface.
  Resident& Add(size_t host);
  // Without a socket.
  Resident& AddDeaf();
  // Until `done`, which is looked at after every event and every millisecond.
  // False if it isn't after a minute.
  bool RunUntil(absl::FunctionRef<bool()> done);
  // Until none of them probes, but what the rate limit holds.
  bool RunUntilQuiet();
  absl::Time now() { return clock_.Now(); }

 private:
  void Await();
  void Take(Resident& resident);

  SegmentLab& segment_;
  const Timing timing_;
  PatientClock clock_;
  std::mt19937_64 random_{7};
  std::deque<Resident> residents_;
};

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_STATION_LAB_H_
