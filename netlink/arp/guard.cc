#include "netlink/arp/guard.h"

#include <utility>

namespace netlink::arp {

void Guard::Watch(base::Ipv4 address) { leases_.try_emplace(address); }

void Guard::Unwatch(base::Ipv4 address) { leases_.erase(address); }

std::optional<Guard::Action> Guard::OnPacket(const Packet& packet,
                                             absl::Time now) {
  if (packet.sender_mac == mac_) return std::nullopt;
  if (IsProbe(packet)) return OnProbe(packet);
  const auto entry = leases_.find(packet.sender_address);
  if (entry == leases_.end()) return std::nullopt;
  ++counters_.conflicts;
  Lease& lease = entry->second;
  const absl::Time previous = std::exchange(lease.last_conflict, now);
  if (now - previous >= kDefendInterval) {
    ++counters_.defended;
    return Defend{packet.sender_address, packet.sender_mac};
  }
  if (now - lease.last_told < kDefendInterval) return std::nullopt;
  lease.last_told = now;
  ++counters_.contested;
  return Contested{packet.sender_address, packet.sender_mac};
}

std::optional<Guard::Action> Guard::OnProbe(const Packet& packet) {
  if (!leases_.contains(packet.target_address)) return std::nullopt;
  ++counters_.answered;
  return Answer{packet.target_address, packet.sender_mac};
}

void Guard::OnSendFailed(base::Ipv4 address) {
  const auto entry = leases_.find(address);
  if (entry == leases_.end()) return;
  --counters_.defended;
  entry->second.last_conflict = absl::InfinitePast();
}

}  // namespace netlink::arp
