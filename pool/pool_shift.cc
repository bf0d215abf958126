#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pool/pool.h"

// What the pool decides about addresses that move between nodes.
namespace pool {
namespace {

// Shifts count downwards, for a version of before them numbers its intents
// without knowing of theirs.
int64_t NextShift(const std::map<int64_t, Intent>& intents) {
  const int64_t lowest = intents.empty() ? 0 : intents.begin()->first;
  return std::min<int64_t>(lowest, 0) - 1;
}

}  // namespace

std::pair<Intent, Records> Pool::DecideLend(const std::string& key,
                                            const std::string& peer,
                                            const std::string& subnet,
                                            absl::Time now) const {
  Intent intent{.id = NextShift(intents_),
                .kind = Intent::Kind::kLend,
                .subnet = subnet,
                .opened_at = now,
                .key = key,
                .peer = peer};
  for (const auto& [since, ip] : warm_) {
    const Address& row = addresses_.at(ip);
    if (row.subnet != subnet) continue;
    intent.addresses = {ip};
    return {intent,
            {OpenIntent{intent}, PutAddress{In(State::kLeaving, row, now)}}};
  }
  return {intent, {}};
}

Records Pool::DecideLent(const Intent& intent) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : intent.addresses) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kLeaving) continue;
    records.push_back(DropAddress{ip});
  }
  return records;
}

Records Pool::DecideKeptBack(const Intent& intent, absl::Time now) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : intent.addresses) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kLeaving) continue;
    records.push_back(PutAddress{policy_.probing
                                     ? In(State::kFresh, *row, now)
                                     : Cooling(*row, now, policy_.cooldown)});
  }
  return records;
}

std::pair<Intent, Records> Pool::DecideBorrow(const std::string& key,
                                              const std::string& peer,
                                              const std::string& subnet,
                                              absl::Time now) const {
  Intent intent{.id = NextShift(intents_),
                .kind = Intent::Kind::kBorrow,
                .subnet = subnet,
                .opened_at = now,
                .key = key,
                .peer = peer};
  return {intent, {OpenIntent{intent}}};
}

absl::StatusOr<Records> Pool::DecidePromised(const Intent& intent,
                                             base::Ipv4 ip,
                                             absl::Time now) const {
  if (const Address* row = Find(ip); row != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat(
        ip.ToString(),
        " is this node's already: ", std::string(NameOf(row->state))));
  }
  Intent promised = intent;
  promised.addresses = {ip};
  const Address row{.ip = ip, .subnet = intent.subnet};
  return Records{OpenIntent{std::move(promised)},
                 PutAddress{In(State::kArriving, row, now)}};
}

Records Pool::DecideBorrowed(const Intent& intent, absl::Time now) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : intent.addresses) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kArriving) continue;
    const State state = policy_.probing ? State::kFresh : State::kWarm;
    records.push_back(PutAddress{In(state, *row, now)});
  }
  return records;
}

Records Pool::DecideUnborrowed(const Intent& intent) const {
  Records records = {CloseIntent{intent.id}};
  for (const base::Ipv4 ip : intent.addresses) {
    const Address* row = Find(ip);
    if (row == nullptr || row->state != State::kArriving) continue;
    records.push_back(DropAddress{ip});
  }
  return records;
}

const Intent* Pool::FindShift(Intent::Kind kind, const std::string& key) const {
  for (const auto& [id, intent] : intents_) {
    if (intent.kind == kind && intent.key == key) return &intent;
  }
  return nullptr;
}

}  // namespace pool
