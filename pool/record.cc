#include "pool/record.h"

#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace pool {
namespace {

constexpr std::array<std::pair<State, absl::string_view>, 10> kStates = {{
    {State::kFresh, "fresh"},
    {State::kWarm, "warm"},
    {State::kLeased, "leased"},
    {State::kCooling, "cooling"},
    {State::kQuarantined, "quarantined"},
    {State::kReleasing, "releasing"},
    {State::kPopped, "popped"},
    {State::kLeaving, "leaving"},
    {State::kArriving, "arriving"},
    {State::kFixed, "fixed"},
}};

constexpr std::array<std::pair<Phase, absl::string_view>, 3> kPhases = {{
    {Phase::kAttaching, "attaching"},
    {Phase::kAttached, "attached"},
    {Phase::kDetaching, "detaching"},
}};

template <typename Table, typename Value>
absl::string_view Name(const Table& table, Value value) {
  for (const auto& [v, name] : table) {
    if (v == value) return name;
  }
  return "unknown";
}

template <typename Value, typename Table>
std::optional<Value> Named(const Table& table, absl::string_view name) {
  for (const auto& [v, n] : table) {
    if (n == name) return v;
  }
  return std::nullopt;
}

// Where the tenant comes back.
bool KeepsTenant(State state) {
  return state == State::kFixed || state == State::kLeased ||
         state == State::kQuarantined;
}

}  // namespace

bool IsShifting(State state) {
  return state == State::kLeaving || state == State::kArriving;
}

Address In(State state, Address row, absl::Time now) {
  row.state = state;
  row.since = now;
  row.until = absl::InfiniteFuture();
  row.lease.reset();
  if (!KeepsTenant(state)) row.tenant.reset();
  return row;
}

Address Cooling(Address row, absl::Time now, absl::Duration cooldown) {
  if (row.tenant) return In(State::kFixed, std::move(row), now);
  row = In(State::kCooling, std::move(row), now);
  row.until = now + cooldown;
  return row;
}

std::string KeyOf(const Tenant& tenant) {
  return absl::StrCat(tenant.name_space, "/", tenant.name, "/",
                      tenant.claim_uid);
}

std::optional<Tenant> TenantOf(absl::string_view key) {
  const std::vector<std::string> parts = absl::StrSplit(key, '/');
  if (parts.size() != 3 || parts[0].empty() || parts[1].empty()) {
    return std::nullopt;
  }
  return Tenant{parts[0], parts[1], parts[2]};
}

absl::Span<const State> AllStates() {
  static constexpr auto kAll = [] {
    std::array<State, kStates.size()> all = {};
    for (size_t i = 0; i < all.size(); ++i) all[i] = kStates[i].first;
    return all;
  }();
  return kAll;
}

absl::string_view NameOf(State state) { return Name(kStates, state); }
absl::string_view NameOf(Phase phase) { return Name(kPhases, phase); }
std::optional<State> StateNamed(absl::string_view name) {
  return Named<State>(kStates, name);
}
std::optional<Phase> PhaseNamed(absl::string_view name) {
  return Named<Phase>(kPhases, name);
}

}  // namespace pool
