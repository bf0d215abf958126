#include "pool/sim/inspection.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace pool::sim {
namespace {

// A pod that wants an address asks for it so often, at the least.
constexpr absl::Duration kPatience = absl::Minutes(2);
// An allocation that began so recently may be under way.
constexpr absl::Duration kYoung = absl::Seconds(5);
constexpr absl::Duration kLongestProbe = absl::Seconds(10);
// Calls in the last minute: a list, another one.
constexpr int kQuietCalls = 2;

}  // namespace

void Inspection::Prepare() {
  free_before_.clear();
  for (size_t s = 0; s < world_.layout.subnets().size(); ++s) {
    free_before_.push_back(world_.cloud.table().FreeIn(s));
  }
}

bool Inspection::Accuse(const Node& node, const std::string& what,
                        std::optional<base::Ipv4> ip) {
  world_.judge.Accuse(absl::StrCat("after the calm: ", what), ip, node.id());
  return false;
}

bool Inspection::Inspect(Node& node) {
  if (node.process() == nullptr || node.needs_rebuild()) {
    return Accuse(node, "ipamd isn't ready");
  }
  return InspectTable(node) && InspectRows(node) && InspectPods(node) &&
         InspectNeed(node);
}

bool Inspection::InspectTable(Node& node) {
  const Table& table = world_.cloud.table();
  for (const base::Ipv4 ip : table.Of(node.id())) {
    if (node.pool().Find(ip) == nullptr) {
      return Accuse(node, "the store doesn't know an address", ip);
    }
  }
  for (const auto& [ip, row] : node.pool().addresses()) {
    if (table.OwnerOf(ip) == node.id()) continue;
    if (row.lease && world_.judge.IsExcused(ip, node.id())) continue;
    return Accuse(node, "the store has an address that isn't the node's", ip);
  }
  return true;
}

bool Inspection::InspectRows(Node& node) {
  for (const auto& [id, intent] : node.pool().intents()) {
    // The subnet is full, and the VPC is asked again and again.
    const bool is_young = intent.kind == Intent::Kind::kAllocate &&
                          intent.opened_at > node.process()->now() - kYoung;
    if (!is_young) return Accuse(node, "an intent is still open");
  }
  for (const auto& [ip, row] : node.pool().addresses()) {
    // One that has just become free in a full subnet may have just come.
    const bool is_young = row.state == State::kFresh &&
                          row.since > node.process()->now() - kLongestProbe;
    if (is_young) continue;
    if (row.state == State::kFresh || row.state == State::kReleasing ||
        IsShifting(row.state)) {
      return Accuse(node, absl::StrCat("still ", NameOf(row.state)), ip);
    }
    if (row.lease && row.lease->phase != Phase::kAttached) {
      return Accuse(node, absl::StrCat("still ", NameOf(row.lease->phase)), ip);
    }
  }
  return true;
}

bool Inspection::InspectPods(Node& node) {
  for (const auto& [ip, row] : node.pool().addresses()) {
    if (!row.lease || node.kubelet().Runs(row.lease->attachment)) continue;
    return Accuse(node, "the lease of a pod that doesn't run", ip);
  }
  const size_t running = static_cast<size_t>(node.kubelet().running());
  if (static_cast<size_t>(node.pool().counts().leased) != running) {
    return Accuse(node, absl::StrCat("leases=", node.pool().counts().leased,
                                     " pods=", running));
  }
  if (node.host().links().size() != running) {
    return Accuse(node, absl::StrCat("networks=", node.host().links().size(),
                                     " pods=", running));
  }
  for (const auto& [attachment, ip] : node.host().links()) {
    const Address* row = node.pool().Find(attachment);
    if (row != nullptr && row->ip == ip) continue;
    return Accuse(node, "a pod's network and its lease differ", ip);
  }
  return true;
}

bool Inspection::InspectNeed(Node& node) {
  const size_t subnet = node.traits().subnet;
  const bool has_free =
      world_.cloud.table().FreeIn(subnet) > 0 && free_before_[subnet] > 0;
  const Counts counts = node.pool().counts();
  const Watermarks& marks = node.traits().watermarks;
  const absl::Time now = world_.agenda.now();
  if (has_free && node.kubelet().pending_since() < now - kPatience) {
    return Accuse(node, "a pod starves");
  }
  if (has_free && counts.warm < marks.low) {
    return Accuse(node, absl::StrCat("only ", counts.warm, " warm"));
  }
  if (counts.warm > marks.high) {
    return Accuse(node, absl::StrCat("as many as ", counts.warm, " warm"));
  }
  const bool is_content =
      has_free && node.kubelet().pending() == 0 && !node.budget().IsBusy(now);
  const int calls = node.budget().last_minute(now);
  // A pod's address that somebody else has is asked for each minute.
  int lost = 0;
  for (const auto& [ip, row] : node.pool().addresses()) {
    lost += world_.judge.IsExcused(ip, node.id()) ? 1 : 0;
  }
  if (is_content && calls > kQuietCalls + lost) {
    return Accuse(node, absl::StrCat(calls, " calls in a minute"));
  }
  return true;
}

}  // namespace pool::sim
