#include "netlink/arp/station_lab.h"

#include <poll.h>

#include <algorithm>
#include <variant>

namespace netlink::arp {
namespace {

constexpr absl::Duration kLongestStep = absl::Milliseconds(1);
constexpr absl::Duration kPatience = absl::Minutes(1);

}  // namespace

absl::Time PatientClock::Now() {
  const Real::time_point real = Real::now();
  now_ += std::min(absl::FromChrono(real - last_), kLongestStep);
  last_ = real;
  return now_;
}

Resident& StationLab::AddDeaf() {
  return residents_.emplace_back(Resident{.station = {timing_, random_}});
}

Resident& StationLab::Add(size_t host) {
  Resident& resident = AddDeaf();
  resident.station.Listen(segment_.Open(host), SegmentLab::MacOf(host), now());
  return resident;
}

bool StationLab::RunUntil(absl::FunctionRef<bool()> done) {
  const auto begin = std::chrono::steady_clock::now();
  while (!done()) {
    if (std::chrono::steady_clock::now() - begin >
        absl::ToChronoSeconds(kPatience)) {
      return false;
    }
    Await();
    for (Resident& resident : residents_) Take(resident);
  }
  return true;
}

bool StationLab::RunUntilQuiet() {
  return RunUntil([this] {
    return std::all_of(residents_.begin(), residents_.end(),
                       [](const Resident& resident) {
                         const Detector& detector = resident.station.detector();
                         return detector.candidates() == detector.held();
                       });
  });
}

// Somebody has something to hear, or a millisecond is over.
void StationLab::Await() {
  std::vector<pollfd> ready;
  for (const Resident& resident : residents_) {
    ready.push_back({resident.station.fd(), POLLIN, 0});
  }
  poll(ready.data(), ready.size(),
       static_cast<int>(absl::ToInt64Milliseconds(kLongestStep)));
}

void StationLab::Take(Resident& resident) {
  for (const Outcome& outcome : resident.station.Advance(now())) {
    if (const auto* admitted = std::get_if<Admitted>(&outcome)) {
      resident.admitted.insert(admitted->address);
      resident.station.Watch(admitted->address);
    } else if (const auto* conflict = std::get_if<Conflict>(&outcome)) {
      resident.conflicts.emplace(conflict->address, conflict->other);
    } else if (const auto* defended = std::get_if<Defended>(&outcome)) {
      resident.defended.push_back(*defended);
    } else {
      resident.contested.push_back(std::get<Contested>(outcome));
    }
  }
}

}  // namespace netlink::arp
