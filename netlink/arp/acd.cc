#include "netlink/arp/acd.h"

#include <algorithm>

#include "absl/random/distributions.h"

namespace netlink::arp {

Timing Timing::Within(absl::Duration total) {
  if (total <= absl::ZeroDuration()) return {.probes = 0};
  const double scale = absl::FDivDuration(total, Timing().Longest());
  return {.probe_wait = kProbeWait * scale,
          .probe_min = kProbeMin * scale,
          .probe_max = kProbeMax * scale,
          .announce_wait = kAnnounceWait * scale};
}

absl::Duration Timing::Longest() const {
  if (probes == 0) return absl::ZeroDuration();
  return probe_wait + (probes - 1) * probe_max + announce_wait;
}

void Detector::Start(base::Ipv4 address, absl::Time now) {
  const auto [entry, is_new] = candidates_.try_emplace(address);
  if (!is_new) return;
  ++counters_.started;
  if (!rate_limited()) return Begin(address, entry->second, now);
  Hold(address, entry->second);
  ReleaseHeldIfDue(now);
}

void Detector::Stop(base::Ipv4 address) {
  const auto entry = candidates_.find(address);
  if (entry == candidates_.end()) return;
  Unschedule(address, entry->second);
  if (entry->second.ticket) held_.erase(*entry->second.ticket);
  candidates_.erase(entry);
}

std::optional<Conflict> Detector::OnPacket(const Packet& packet,
                                           absl::Time now) {
  if (packet.sender_mac == mac_) return std::nullopt;
  const base::Ipv4 claimed =
      IsProbe(packet) ? packet.target_address : packet.sender_address;
  const auto entry = candidates_.find(claimed);
  if (entry == candidates_.end()) return std::nullopt;
  // Held or parked: the attempt hasn't begun.
  if (entry->second.due == absl::InfiniteFuture()) return std::nullopt;
  Stop(claimed);
  CountConflict(now);
  return Conflict{.address = claimed, .other = packet.sender_mac};
}

std::vector<Detector::Action> Detector::OnTimer(absl::Time now) {
  ReleaseHeldIfDue(now);
  std::vector<Action> actions;
  while (!schedule_.empty() && schedule_.begin()->first <= now &&
         actions.size() < kMaxActionsPerTimer) {
    actions.push_back(Advance(schedule_.begin()->second, now));
  }
  return actions;
}

void Detector::OnSendFailed(base::Ipv4 address, absl::Time now) {
  const auto entry = candidates_.find(address);
  if (entry == candidates_.end()) return;
  Candidate& candidate = entry->second;
  if (candidate.probes_sent == 0) return;  // begun anew since
  --candidate.probes_sent;
  --counters_.probes;
  Schedule(address, candidate, now + timing_.probe_min);
}

void Detector::OnFramesLost(absl::Time now) {
  if (link_up_) RestartAll(now);
}

void Detector::OnLinkDown() {
  link_up_ = false;
  if (timing_.probes == 0) return;
  for (auto& [address, candidate] : candidates_) {
    Unschedule(address, candidate);
  }
}

void Detector::OnLinkUp(absl::Time now) {
  if (link_up_) return;
  link_up_ = true;
  RestartAll(now);
}

void Detector::OnNewMac(const base::Mac& mac, absl::Time now) {
  mac_ = mac;
  if (link_up_) RestartAll(now);
}

absl::Time Detector::deadline() const {
  absl::Time first =
      schedule_.empty() ? absl::InfiniteFuture() : schedule_.begin()->first;
  if (!held_.empty() && link_up_) first = std::min(first, next_start_);
  return first;
}

// §2.1.1: "wait for a random time interval selected uniformly in the range zero
// to PROBE_WAIT seconds": many candidates spread over it.
void Detector::Begin(base::Ipv4 address, Candidate& candidate, absl::Time now) {
  candidate.probes_sent = 0;
  if (timing_.probes == 0) return Schedule(address, candidate, now);
  if (!link_up_) return;
  Schedule(address, candidate,
           now + Between(absl::ZeroDuration(), timing_.probe_wait));
}

void Detector::Schedule(base::Ipv4 address, Candidate& candidate,
                        absl::Time due) {
  Unschedule(address, candidate);
  candidate.due = due;
  schedule_.emplace(due, address);
}

void Detector::Unschedule(base::Ipv4 address, Candidate& candidate) {
  schedule_.erase({candidate.due, address});
  candidate.due = absl::InfiniteFuture();
}

void Detector::Hold(base::Ipv4 address, Candidate& candidate) {
  candidate.ticket = next_ticket_++;
  held_.emplace(*candidate.ticket, address);
}

void Detector::ReleaseFirstHeld(absl::Time now) {
  const base::Ipv4 address = held_.begin()->second;
  held_.erase(held_.begin());
  Candidate& candidate = candidates_.at(address);
  candidate.ticket = std::nullopt;
  Begin(address, candidate, now);
}

void Detector::ReleaseHeldIfDue(absl::Time now) {
  if (held_.empty() || !link_up_ || now < next_start_) return;
  next_start_ = now + kRateLimitInterval;
  ReleaseFirstHeld(now);
}

void Detector::RestartAll(absl::Time now) {
  for (auto& [address, candidate] : candidates_) {
    if (candidate.ticket) continue;
    ++counters_.restarted;
    Begin(address, candidate, now);
  }
}

Detector::Action Detector::Advance(base::Ipv4 address, absl::Time now) {
  Candidate& candidate = candidates_.at(address);
  if (candidate.probes_sent == timing_.probes) return Admit(address, now);
  ++candidate.probes_sent;
  ++counters_.probes;
  const bool last = candidate.probes_sent == timing_.probes;
  Schedule(address, candidate,
           now + (last ? timing_.announce_wait
                       : Between(timing_.probe_min, timing_.probe_max)));
  return SendProbe{address};
}

Admitted Detector::Admit(base::Ipv4 address, absl::Time now) {
  Stop(address);
  ++counters_.admitted;
  conflicts_in_row_ = 0;
  while (!held_.empty()) ReleaseFirstHeld(now);
  return Admitted{address};
}

// §2.1.1: "If the number of conflicts exceeds MAX_CONFLICTS", which §1.1 calls
// "max conflicts before rate limiting".
void Detector::CountConflict(absl::Time now) {
  ++counters_.conflicts;
  if (++conflicts_in_row_ != kMaxConflicts) return;
  ++counters_.rate_limits;
  next_start_ = now + kRateLimitInterval;
}

absl::Duration Detector::Between(absl::Duration low, absl::Duration high) {
  return absl::Nanoseconds(absl::Uniform(absl::IntervalClosed, random_,
                                         absl::ToInt64Nanoseconds(low),
                                         absl::ToInt64Nanoseconds(high)));
}

}  // namespace netlink::arp
