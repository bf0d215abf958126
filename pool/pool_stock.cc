#include <utility>

#include "pool/pool.h"

// What the pool decides about addresses that come from the VPC or go back to
// it; pool.cc has what it decides about leases.
namespace pool {

std::pair<Intent, Records> Pool::DecideAllocate(int count,
                                                const std::string& subnet,
                                                absl::Time now) const {
  Intent intent{
      last_intent_ + 1, Intent::Kind::kAllocate, subnet, count, {}, now};
  return {intent, {OpenIntent{intent}}};
}

Records Pool::DecideAllocated(const Intent& intent,
                              const std::vector<base::Ipv4>& given,
                              absl::Time now) const {
  Records records = {CloseIntent{intent.id}};
  for (Record& record : DecideArrived(given, intent.subnet, now)) {
    records.push_back(std::move(record));
  }
  return records;
}

Records Pool::DecideArrived(const std::vector<base::Ipv4>& ips,
                            const std::string& subnet, absl::Time now) const {
  const State state = policy_.probing ? State::kFresh : State::kWarm;
  Records records;
  for (const base::Ipv4 ip : ips) {
    if (Find(ip) != nullptr) continue;
    records.push_back(
        PutAddress{In(state, Address{.ip = ip, .subnet = subnet}, now)});
  }
  return records;
}

Records Pool::DecideAdmitted(base::Ipv4 ip, absl::Time now) const {
  const Address* row = Find(ip);
  if (row == nullptr || row->state != State::kFresh) return {};
  return {PutAddress{In(State::kWarm, *row, now)}};
}

Records Pool::DecideConflict(base::Ipv4 ip, absl::Time now,
                             absl::Time until) const {
  const Address* row = Find(ip);
  if (row == nullptr || row->state != State::kFresh) return {};
  Address held = In(State::kQuarantined, *row, now);
  held.until = until;
  return {PutAddress{std::move(held)}};
}

Records Pool::DecideDoubt(base::Ipv4 ip, absl::Time now) const {
  const Address* row = Find(ip);
  if (row == nullptr || row->state != State::kWarm) return {};
  return {PutAddress{In(State::kFresh, *row, now)}};
}

Records Pool::DecideDisown(base::Ipv4 ip) const {
  const Address* row = Find(ip);
  if (row == nullptr || row->lease || row->state == State::kReleasing ||
      IsShifting(row->state)) {
    return {};
  }
  return {DropAddress{ip}};
}

Records Pool::DecideAdopt(const std::vector<base::Ipv4>& found,
                          const std::string& subnet, absl::Time now) const {
  Records records;
  for (const base::Ipv4 ip : found) {
    if (Find(ip) != nullptr) continue;
    records.push_back(PutAddress{
        Cooling(Address{.ip = ip, .subnet = subnet}, now, policy_.cooldown)});
  }
  return records;
}

Records Pool::DecideRestore(base::Ipv4 ip, const std::string& subnet,
                            Lease lease, absl::Time now) const {
  Address row = In(State::kLeased, Address{.ip = ip, .subnet = subnet}, now);
  row.lease = std::move(lease);
  return {PutAddress{std::move(row)}};
}

std::pair<Intent, Records> Pool::DecideRelease(int count,
                                               const std::string& subnet,
                                               absl::Time now) const {
  std::vector<base::Ipv4> ips;
  for (const auto& [since, ip] : warm_) {
    if (static_cast<int>(ips.size()) >= count) break;
    if (addresses_.at(ip).subnet == subnet) ips.push_back(ip);
  }
  return DecideReleaseOf(ips, subnet, now);
}

std::pair<Intent, Records> Pool::DecideReleaseOf(
    const std::vector<base::Ipv4>& ips, const std::string& subnet,
    absl::Time now) const {
  Intent intent{last_intent_ + 1, Intent::Kind::kRelease, subnet, 0, {}, now};
  Records records;
  for (const base::Ipv4 ip : ips) {
    if (!CouldRelease(ip).ok()) continue;
    intent.addresses.push_back(ip);
    records.push_back(
        PutAddress{In(State::kReleasing, addresses_.at(ip), now)});
  }
  if (!records.empty()) records.push_back(OpenIntent{intent});
  return {intent, records};
}

Records Pool::DecideReleased(const Intent& intent) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : intent.addresses) {
    records.push_back(DropAddress{ip});
  }
  return records;
}

Records Pool::DecideReleased(int64_t intent_id, base::Ipv4 ip) const {
  const auto it = intents_.find(intent_id);
  if (it == intents_.end()) return {};
  Intent rest = it->second;
  std::erase(rest.addresses, ip);
  Records records;
  const Address* row = Find(ip);
  if (row != nullptr && row->state == State::kReleasing) {
    records.push_back(DropAddress{ip});
  }
  if (rest.addresses.empty()) {
    records.push_back(CloseIntent{intent_id});
  } else {
    records.push_back(OpenIntent{std::move(rest)});
  }
  return records;
}

Records Pool::DecideKept(const Intent& intent, absl::Time now) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : intent.addresses) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kReleasing) continue;
    records.push_back(PutAddress{In(State::kWarm, *row, now)});
  }
  return records;
}

}  // namespace pool
