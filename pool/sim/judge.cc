#include "pool/sim/judge.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "pool/shift.h"

namespace pool::sim {

using base::Attachment;
using base::Ipv4;

namespace {

// A list has shown an address to be lost, or to be there, when it was asked for
// after reads had caught up.
bool Shows(absl::Time asked_at, absl::Time since) {
  return asked_at > since + Table::kMaxLag;
}

bool IsUsable(const Address& row) {
  return row.state == State::kWarm || row.state == State::kLeased;
}

}  // namespace

Judge::Judge(Agenda& agenda, const Layout& layout)
    : agenda_(agenda),
      spots_(layout.address_count()),
      cases_(layout.nodes().size()) {}

void Judge::Accuse(const std::string& what, std::optional<Ipv4> ip, int node) {
  if (violation_) return;
  violation_ = Violation{agenda_.now(), what, ip, node};
  agenda_.Stop();
}

const Address* Judge::RowOf(int node, Ipv4 ip) const {
  const Pool* store = cases_[static_cast<size_t>(node)].store;
  return store == nullptr ? nullptr : store->Find(ip);
}

// --- the VPC

void Judge::OnOwner(Ipv4 ip, int from, int to, Cause cause) {
  Spot& spot = At(ip);
  spot.owner = to;
  if (cause == Cause::kOutOfBand) {
    spot.meddled_at = agenda_.now();
    // Even if it doesn't know the address yet: a list may tell it now.
    if (from != kNobody) Of(from).excuses[ip] = Excuse{agenda_.now()};
  } else {
    CheckCall(ip, from, to, cause);
  }
  if (to != kNobody) Of(to).excuses.erase(ip);
  // It lost the address before, and never hears that it was given it since.
  if (cause == Cause::kReturned && RowOf(from, ip) != nullptr) {
    Of(from).excuses[ip] = Excuse{agenda_.now()};
  }
  if (from != kNobody) Of(from).strays.erase(ip);
  if (to != kNobody && RowOf(to, ip) == nullptr) NoteStray(to, ip);
}

// A call, or a promise, from before the store was lost, of which nobody knows
// any more.
bool Judge::MayLackIntent(int node) const {
  const absl::Duration longest = std::max(
      Cloud::kPatience + Cloud::kMaxLateness, ShiftOptions().Aftermath());
  return agenda_.now() <
         cases_[static_cast<size_t>(node)].store_lost_at + longest;
}

bool Judge::IsShifted(int node, Ipv4 ip, State state) const {
  const Address* row = RowOf(node, ip);
  if (row != nullptr && row->state == state) return true;
  return (row == nullptr || !IsUsable(*row)) && MayLackIntent(node);
}

void Judge::CheckMove(Ipv4 ip, int from, int to) {
  if (!IsShifted(from, ip, State::kLeaving)) {
    Accuse("the VPC moves an address that isn't leaving", ip, from);
  }
  if (!IsShifted(to, ip, State::kArriving)) {
    Accuse("the VPC moves an address that isn't arriving", ip, to);
  }
}

void Judge::CheckCall(Ipv4 ip, int from, int to, Cause cause) {
  if (cause == Cause::kAllocated && !MayLackIntent(to)) {
    const Pool* store = Of(to).store;
    for (const auto& [id, intent] : store->intents()) {
      if (intent.kind == Intent::Kind::kAllocate) return;
    }
    return Accuse("the VPC gives an address, the store has no intent", ip, to);
  }
  if (cause == Cause::kMoved) return CheckMove(ip, from, to);
  if (cause != Cause::kReleased) return;
  const Address* row = RowOf(from, ip);
  if (row == nullptr ? MayLackIntent(from) : row->state == State::kReleasing) {
    return;
  }
  if (row != nullptr && MayLackIntent(from)) {
    // Nobody could know of the call any more.
    Of(from).excuses[ip] = Excuse{agenda_.now()};
    At(ip).meddled_at = agenda_.now();
    return;
  }
  Accuse(absl::StrCat("the VPC takes an address back that is ",
                      row == nullptr ? "unknown" : NameOf(row->state)),
         ip, from);
}

// --- the store

void Judge::OnStore(int node, const Pool& pool, Store store) {
  Case& own = Of(node);
  own.store = &pool;
  if (store == Store::kLost) own.store_lost_at = agenda_.now();
  OnDeath(node);
}

void Judge::OnDeath(int node) {
  Case& own = Of(node);
  for (auto& [ip, stray] : own.strays) stray.seen_at = absl::InfiniteFuture();
  for (auto& [ip, excuse] : own.excuses) excuse.looks = 0;
}

struct Judge::CommitCheck {
  Judge& judge;
  int node;

  void operator()(const PutAddress& put) const {
    const Address& row = put.row;
    Spot& spot = judge.At(row.ip);
    const Address* before = judge.RowOf(node, row.ip);
    judge.Of(node).strays.erase(row.ip);
    const bool was_leased = before != nullptr && before->lease.has_value();
    if (was_leased && !row.lease && spot.owner == node) {
      spot.rested_since = judge.agenda_.now();
      spot.rest = judge.Of(node).store->policy().cooldown;
      spot.rested_on = node;
      spot.clock = judge.Of(node).clock;
    }
    CheckPromise(spot, row.ip, row.lease ? &*row.lease : nullptr);
    if (IsUsable(row)) judge.CheckUse(node, row);
    const bool is_new = row.lease && !was_leased;
    if (is_new) judge.CheckRest(node, row);
  }
  void operator()(const DropAddress& drop) const {
    Spot& spot = judge.At(drop.ip);
    CheckPromise(spot, drop.ip, nullptr);
    judge.Of(node).excuses.erase(drop.ip);
    if (spot.owner == node) judge.NoteStray(node, drop.ip);
  }
  template <typename Other>
  void operator()(const Other&) const {}

  void CheckPromise(const Spot& spot, Ipv4 ip, const Lease* lease) const {
    if (spot.promised != node) return;
    if (lease != nullptr && lease->phase != Phase::kDetaching &&
        lease->attachment.container_id == spot.promised_to) {
      return;
    }
    judge.Accuse(
        absl::StrCat("the lease of a pod that runs ends: ", spot.promised_to),
        ip, node);
  }
};

void Judge::OnCommit(int node, const Records& records) {
  for (const Record& record : records) {
    std::visit(CommitCheck{*this, node}, record);
  }
}

bool Judge::CouldKnow(const Excuse& excuse) const { return excuse.looks >= 2; }

bool Judge::IsExcused(Ipv4 ip, int node) const {
  return ExcuseOf(node, ip) != nullptr;
}

const Judge::Excuse* Judge::ExcuseOf(int node, Ipv4 ip) const {
  if (node == kNobody) return nullptr;
  const auto& excuses = cases_[static_cast<size_t>(node)].excuses;
  const auto it = excuses.find(ip);
  return it == excuses.end() ? nullptr : &it->second;
}

void Judge::CheckUse(int node, const Address& row) {
  const int owner = At(row.ip).owner;
  if (owner == node) return;
  const Excuse* excuse = ExcuseOf(node, row.ip);
  // A lease stays what it is; but nobody else may get the address.
  const Address* before = RowOf(node, row.ip);
  const bool was_leased = before != nullptr && before->lease && row.lease;
  if (excuse != nullptr && (was_leased || !CouldKnow(*excuse))) return;
  Accuse(absl::StrCat("an address becomes ", NameOf(row.state),
                      " that the VPC counts as node ", owner, "'s"),
         row.ip, node);
}

void Judge::CheckRest(int node, const Address& row) {
  const Spot& spot = At(row.ip);
  if (spot.owner != node) return;  // CheckUse's concern
  const bool rested = agenda_.now() - spot.rested_since >= spot.rest ||
                      spot.quiet_at >= spot.rested_since;
  if (rested || spot.meddled_at >= spot.rested_since) return;
  if (Of(spot.rested_on).clock != spot.clock) return;
  Accuse(absl::StrCat("an address goes to ", row.lease->attachment.container_id,
                      " after ",
                      absl::FormatDuration(agenda_.now() - spot.rested_since)),
         row.ip, node);
}

// --- the kernel

void Judge::OnLinkUp(int node, Ipv4 ip, const Attachment& attachment) {
  Spot& spot = At(ip);
  const bool is_excused = IsExcused(ip, spot.linked) || IsExcused(ip, node);
  if (spot.linked != kNobody && !is_excused) {
    Accuse(absl::StrCat("two pods have it: ", attachment.container_id, ", and ",
                        spot.linked_to, " on node ", spot.linked),
           ip, node);
  }
  spot.linked = node;
  spot.linked_to = attachment.container_id;
}

void Judge::OnLinkDown(int node, Ipv4 ip) {
  Spot& spot = At(ip);
  if (spot.linked == node) spot.linked = kNobody;
}

void Judge::OnQuiet(const std::vector<Ipv4>& ips) {
  for (const Ipv4 ip : ips) At(ip).quiet_at = agenda_.now();
}

void Judge::OnClockSet(int node) { ++Of(node).clock; }

// --- promises

void Judge::OnPromise(int node, Ipv4 ip, const Attachment& attachment) {
  Spot& spot = At(ip);
  if (spot.promised != kNobody) Of(spot.promised).promises.erase(ip);
  spot.promised = node;
  spot.promised_to = attachment.container_id;
  Of(node).promises.insert(ip);
}

void Judge::OnPromiseOver(Ipv4 ip) {
  Spot& spot = At(ip);
  if (spot.promised == kNobody) return;
  Of(spot.promised).promises.erase(ip);
  spot.promised = kNobody;
}

void Judge::CheckPromises(int node) {
  for (const Ipv4 ip : Of(node).promises) {
    const Address* row = RowOf(node, ip);
    if (row != nullptr && row->lease &&
        row->lease->attachment.container_id == At(ip).promised_to) {
      continue;
    }
    return Accuse("the lease of a pod that runs is lost", ip, node);
  }
}

// --- lists

void Judge::NoteStray(int node, Ipv4 ip) {
  Of(node).strays.insert_or_assign(ip, Stray{agenda_.now()});
}

void Judge::OnListed(int node, const Look& look) {
  CheckStrays(node, look);
  // Doubt has to be stored, so that nobody else gets the address.
  if (!look.could_store) return;
  for (auto& [ip, excuse] : Of(node).excuses) {
    if (!Shows(look.asked_at, excuse.since)) continue;
    if (look.asked_at < excuse.last_look + look.settle) continue;
    excuse.last_look = agenda_.now();
    ++excuse.looks;
  }
}

void Judge::CheckStrays(int node, const Look& look) {
  std::map<Ipv4, Stray>& strays = Of(node).strays;
  if (strays.empty()) return;
  const std::set<Ipv4> listed(look.ips.begin(), look.ips.end());
  for (auto& [ip, stray] : strays) {
    if (!listed.contains(ip) || !Shows(look.asked_at, stray.since)) {
      stray.seen_at = absl::InfiniteFuture();
      continue;
    }
    stray.seen_at = std::min(stray.seen_at, agenda_.now());
    if (look.asked_at - stray.seen_at < look.settle) continue;
    if (!look.could_store) continue;
    return Accuse("the store doesn't know an address that the list has shown",
                  ip, node);
  }
}

}  // namespace pool::sim
