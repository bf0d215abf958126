#include "applets/ipamd/drift.h"

#include <algorithm>
#include <string>
#include <variant>

#include "applets/ledger/alias.h"
#include "netlink/attachment.h"
#include "netlink/pod_parts.h"
#include "netlink/route.h"

namespace applets::ipamd {
namespace {

using base::Attachment;
using netlink::PodPart;

// A part on the node, and the address that it is for.
struct NodePart {
  PodPart part;
  base::Ipv4 address;
};

std::optional<NodePart> RouteFor(const netlink::Route& route) {
  if (route.table != netlink::kMainTable) return std::nullopt;
  if (route.destination.length() != 32) return std::nullopt;
  return NodePart{PodPart::kRoute, route.destination.first()};
}

// Of the main interface's pods there is none.
bool IsSourceRule(const netlink::Rule& rule, const netlink::Node& node) {
  return node.table != 0 && rule.from &&
         rule == netlink::PodSourceRule(rule.from->first(), node.table);
}

// Whether it is the pod's gateway: the address of the main interface, which
// isn't known here where `node` is a further one. Pods have hardly another
// neighbour.
bool MayBeGateway(base::Ipv4 address, const netlink::Node& node) {
  return node.table != 0 || address == node.address;
}

// What the event is about, if it is a part of some network on the node.
std::optional<NodePart> PartOnNode(const netlink::Event& event,
                                   const netlink::Node& node) {
  if (const auto* gone = std::get_if<netlink::RouteGone>(&event)) {
    return RouteFor(gone->route);
  }
  if (const auto* changed = std::get_if<netlink::RouteChanged>(&event)) {
    return RouteFor(changed->route);
  }
  if (const auto* gone = std::get_if<netlink::RuleGone>(&event)) {
    const netlink::Rule& rule = gone->rule;
    if (IsSourceRule(rule, node)) {
      return NodePart{PodPart::kSourceRule, rule.from->first()};
    }
    if (!rule.to || rule != netlink::PodRule(rule.to->first())) {
      return std::nullopt;
    }
    return NodePart{PodPart::kRule, rule.to->first()};
  }
  if (const auto* gone = std::get_if<netlink::NeighborGone>(&event)) {
    const netlink::Neighbor& neighbor = gone->neighbor;
    if (!neighbor.proxy || neighbor.ifindex != node.ifindex) {
      return std::nullopt;
    }
    return NodePart{PodPart::kProxy, neighbor.address};
  }
  return std::nullopt;
}

bool Leads(const netlink::Event& event, uint32_t ifindex) {
  const auto* changed = std::get_if<netlink::RouteChanged>(&event);
  return changed != nullptr && changed->route.ifindex == ifindex;
}

}  // namespace

// --- who is suspected

const pool::Address* Drift::Attached(const Attachment& attachment) const {
  const pool::Address* row = pool_.Find(attachment);
  if (row == nullptr || row->lease->phase != pool::Phase::kAttached) {
    return nullptr;
  }
  return row;
}

// Not at all while it is left alone. The host end's MAC is right if the pod
// sends to it.
void Drift::Suspect(const Part& part, absl::Time due) {
  if (IsHeldBack(part, due)) return;
  if (netlink::IsInPod(part.second) || part.second == PodPart::kHostMac) {
    SuspectPod(part.first, due);
  } else {
    SuspectNode(part.first, due);
  }
}

void Drift::SuspectNode(const Attachment& attachment, absl::Time due) {
  if (scope_ == Scope::kNone || Attached(attachment) == nullptr) return;
  absl::Time& node = suspects_[attachment].node;
  node = std::min(node, due);
}

void Drift::SuspectPod(const Attachment& attachment, absl::Time due) {
  if (scope_ != Scope::kNodeAndPod || Attached(attachment) == nullptr) return;
  absl::Time& pod = suspects_[attachment].pod;
  pod = std::min(pod, due);
}

void Drift::SuspectAll(absl::Time now) {
  Forget(now);
  const absl::Time due = std::max(now, all_after_);
  if (due <= now) all_after_ = now + kAllPause;
  for (const auto& [ip, row] : pool_.addresses()) {
    if (!row.lease) continue;
    SuspectNode(row.lease->attachment, due);
    SuspectPod(row.lease->attachment, due);
  }
}

void Drift::SuspectAllOnNode(absl::Time due) {
  for (const auto& [ip, row] : pool_.addresses()) {
    if (row.lease) SuspectNode(row.lease->attachment, due);
  }
}

void Drift::OnProxies(const std::vector<base::Ipv4>& proxies, absl::Time now) {
  const std::set<base::Ipv4> there(proxies.begin(), proxies.end());
  for (const auto& [ip, row] : pool_.addresses()) {
    if (row.lease && !there.contains(ip)) {
      Suspect({row.lease->attachment, PodPart::kProxy}, now);
    }
  }
}

// --- events

// The attachment that an alias names. One with a long container id names only
// its hash.
std::optional<Attachment> Drift::AttachmentOf(const std::string& alias) const {
  if (auto attachment = ledger::AttachmentOfAlias(alias)) return attachment;
  if (!netlink::ParseAttachmentAlias(alias)) return std::nullopt;
  for (const auto& [ip, row] : pool_.addresses()) {
    if (row.lease && ledger::AliasOf(row.lease->attachment) == alias) {
      return row.lease->attachment;
    }
  }
  return std::nullopt;
}

void Drift::OnLinks(const std::vector<netlink::Link>& links) {
  host_ends_.clear();
  indexes_.clear();
  for (const netlink::Link& link : links) {
    const auto attachment = AttachmentOf(link.alias);
    if (attachment) Note(link, *attachment);
  }
}

void Drift::Note(const netlink::Link& link, const Attachment& attachment) {
  Drop(link.index);
  host_ends_[link.index] = {attachment, link.mac, link.peer_netnsid,
                            link.peer_ifindex};
  indexes_[attachment] = link.index;
}

void Drift::Drop(uint32_t ifindex) {
  const auto it = host_ends_.find(ifindex);
  if (it == host_ends_.end()) return;
  const auto index = indexes_.find(it->second.attachment);
  if (index != indexes_.end() && index->second == ifindex) {
    indexes_.erase(index);
  }
  host_ends_.erase(it);
}

void Drift::OnNotice(const netlink::Notice& notice, const netlink::Node& node,
                     absl::Time now) {
  if (notice.netnsid) {
    OnPodEvent(*notice.netnsid, notice.event, node, now);
  } else {
    OnNodeEvent(notice.event, node, now);
  }
}

void Drift::OnNodeEvent(const netlink::Event& event, const netlink::Node& node,
                        absl::Time now) {
  if (std::holds_alternative<netlink::Overrun>(event)) return SuspectAll(now);
  if (const auto* gone = std::get_if<netlink::LinkGone>(&event)) {
    Drop(gone->ifindex);
  } else if (const auto* changed = std::get_if<netlink::LinkChanged>(&event)) {
    if (changed->link.name == node.name) return OnMainLink(changed->link, now);
    OnLink(changed->link, now);
  } else if (const auto part = PartOnNode(event, node)) {
    const pool::Address* row = pool_.Find(part->address);
    if (row == nullptr || !row->lease) return;
    if (Leads(event, IndexOf(row->lease->attachment))) return;
    Suspect({row->lease->attachment, part->part}, now + kNodeSettle);
  }
}

// The node's interface takes its proxies with it when it goes down, and tells
// nobody.
void Drift::OnMainLink(const netlink::Link& link, absl::Time now) {
  const std::pair<uint32_t, bool> seen = {link.index, link.up()};
  if (main_ == seen) return;
  main_ = seen;
  SuspectAllOnNode(now + kNodeSettle);
}

// One that has lost its alias is known by its number.
void Drift::OnLink(const netlink::Link& link, absl::Time now) {
  const auto named = AttachmentOf(link.alias);
  const auto it = host_ends_.find(link.index);
  if (it == host_ends_.end()) {
    if (named) Note(link, *named);
    return;
  }
  const HostEnd known = it->second;
  Note(link, named.value_or(known.attachment));
  if (!named) Suspect({known.attachment, PodPart::kAlias}, now + kNodeSettle);
  if (!link.up()) {
    Suspect({known.attachment, PodPart::kHostEnd}, now + kNodeSettle);
  }
  if (link.mac != known.mac) {
    Suspect({known.attachment, PodPart::kHostMac}, now + kNodeSettle);
  }
}

void Drift::OnPodEvent(int32_t netnsid, const netlink::Event& event,
                       const netlink::Node& node, absl::Time now) {
  for (const auto& [ifindex, host_end] : host_ends_) {
    if (host_end.netnsid != netnsid) continue;
    if (const auto part = PartInPod(event, host_end, node)) {
      Suspect({host_end.attachment, *part}, now + kPodSettle);
    }
  }
}

// The part of that host end's network that the event says is gone or wrong.
std::optional<PodPart> Drift::PartInPod(const netlink::Event& event,
                                        const HostEnd& host_end,
                                        const netlink::Node& node) const {
  const auto when = [](bool so, PodPart part) {
    return so ? std::optional(part) : std::nullopt;
  };
  if (const auto* gone = std::get_if<netlink::AddressGone>(&event)) {
    const pool::Address* row = pool_.Find(host_end.attachment);
    return when(row != nullptr && gone->address.address == row->ip,
                PodPart::kAddress);
  }
  if (const auto* gone = std::get_if<netlink::RouteGone>(&event)) {
    return when(gone->route.destination.length() == 0, PodPart::kDefaultRoute);
  }
  if (const auto* gone = std::get_if<netlink::NeighborGone>(&event)) {
    return when(MayBeGateway(gone->neighbor.address, node), PodPart::kNeighbor);
  }
  if (const auto* changed = std::get_if<netlink::NeighborChanged>(&event)) {
    const netlink::Neighbor& neighbor = changed->neighbor;
    return when(MayBeGateway(neighbor.address, node) && neighbor.mac &&
                    neighbor.mac != host_end.mac,
                PodPart::kNeighbor);
  }
  if (const auto* changed = std::get_if<netlink::LinkChanged>(&event)) {
    const netlink::Link& link = changed->link;
    return when(link.index == host_end.peer_ifindex && !link.up(),
                PodPart::kPodEnd);
  }
  return std::nullopt;
}

// --- what is looked at, and mended

uint32_t Drift::IndexOf(const Attachment& attachment) const {
  const auto it = indexes_.find(attachment);
  return it == indexes_.end() ? 0 : it->second;
}

absl::Time Drift::deadline() const {
  absl::Time first = absl::InfiniteFuture();
  if (busy_) return first;
  for (const auto& [attachment, suspect] : suspects_) {
    first = std::min({first, suspect.node, suspect.pod});
  }
  return std::max(first, look_after_);
}

std::vector<Drift::Target> Drift::Due(absl::Time now) {
  std::vector<Target> targets;
  if (busy_ || now < look_after_) return targets;
  for (auto it = suspects_.begin(); it != suspects_.end();) {
    auto& [attachment, suspect] = *it;
    Target target{attachment, 0, suspect.node <= now, suspect.pod <= now};
    if (target.node) suspect.node = absl::InfiniteFuture();
    if (target.pod) suspect.pod = absl::InfiniteFuture();
    const bool more = suspect.node != absl::InfiniteFuture() ||
                      suspect.pod != absl::InfiniteFuture();
    if ((target.node || target.pod) && Attached(attachment) != nullptr) {
      target.host_ifindex = IndexOf(attachment);
      targets.push_back(std::move(target));
    }
    it = more ? std::next(it) : suspects_.erase(it);
  }
  busy_ = !targets.empty();
  return targets;
}

std::vector<Drift::Found> Drift::OnLooked(const std::vector<Found>& found,
                                          absl::Time now) {
  std::vector<Found> orders;
  for (const Found& one : found) {
    if (Attached(one.attachment) == nullptr) continue;
    Found order{one.attachment, {}};
    for (const PodPart part : one.missing) {
      const auto record = records_.find({one.attachment, part});
      if (record != records_.end() && now < record->second.held_until) {
        Suspect(record->first, record->second.held_until);
      } else {
        order.missing.insert(part);
      }
    }
    if (!order.missing.empty()) orders.push_back(std::move(order));
  }
  busy_ = !orders.empty();
  look_after_ = now + kPause;
  return orders;
}

std::vector<Drift::HeldBack> Drift::OnMended(const std::vector<Done>& done,
                                             absl::Time now) {
  busy_ = false;
  look_after_ = now + kPause;
  std::vector<HeldBack> held_back;
  for (const Done& one : done) {
    for (const netlink::Mended& mended : one.parts) {
      const Part part = {one.attachment, mended.part};
      if (const auto held = Count(part, now)) {
        held_back.push_back(*held);
        Suspect(part, held->until);
      } else if (!mended.status.ok()) {
        Suspect(part, now + kRetry);
      }
    }
  }
  return held_back;
}

// --- how often

bool Drift::IsHeldBack(const Part& part, absl::Time now) const {
  const auto it = records_.find(part);
  return it != records_.end() && now < it->second.held_until;
}

// One more attempt; what is held back from now on, if that was too many.
std::optional<Drift::HeldBack> Drift::Count(const Part& part, absl::Time now) {
  Record& record = records_[part];
  if (now > record.held_until + record.hold) record.hold = kMinHold;
  record.times.push_back(now);
  while (record.times.front() <= now - kWindow) record.times.pop_front();
  if (record.times.size() < kBurst) return std::nullopt;
  record.times.clear();
  record.held_until = now + record.hold;
  record.hold = std::min(record.hold * 2, kMaxHold);
  return HeldBack{part.first, part.second, record.held_until};
}

void Drift::Forget(absl::Time now) {
  for (auto it = records_.begin(); it != records_.end();) {
    const auto& [part, record] = *it;
    const bool quiet =
        now > record.held_until + record.hold &&
        (record.times.empty() || record.times.back() <= now - kWindow);
    const bool gone = pool_.Find(part.first) == nullptr;
    it = quiet || gone ? records_.erase(it) : std::next(it);
  }
}

int Drift::held_back(absl::Time now) const {
  return static_cast<int>(
      std::count_if(records_.begin(), records_.end(), [&](const auto& entry) {
        return now < entry.second.held_until &&
               Attached(entry.first.first) != nullptr;
      }));
}

}  // namespace applets::ipamd
