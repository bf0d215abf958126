#include "applets/ipamd/why.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "pool/reason.h"

namespace applets::ipamd {
namespace {

using pool::Address;
using pool::Phase;
using pool::Reason;
using pool::State;

// The latest events are the story; a thousand are none.
constexpr size_t kMaxEvents = 20;

// Whether it is why an ADD got no address.
bool IsRefusal(Reason reason) { return reason <= Reason::kStopping; }

std::vector<rpc::Event> Latest(const std::vector<Journal::Entry>& entries) {
  const size_t skip =
      entries.size() > kMaxEvents ? entries.size() - kMaxEvents : 0;
  std::vector<rpc::Event> events;
  for (size_t i = skip; i < entries.size(); ++i) {
    events.push_back(EventOf(entries[i]));
  }
  return events;
}

void SetReason(rpc::WhyReply& reply, Reason reason) {
  reply.reason = std::string(pool::NameOf(reason));
}

// "12:00:31Z, 4 times since 11:58:02Z"
std::string Times(const Journal::Entry& entry, absl::Time now) {
  std::string times = Clock(entry.last, now);
  if (entry.count > 1) {
    absl::StrAppend(&times, ", ", entry.count, " times since ",
                    Clock(entry.first, now));
  }
  return times;
}

// The last entry that `matches`; nullptr if there is none.
template <typename Predicate>
const Journal::Entry* LastOf(const std::vector<Journal::Entry>& entries,
                             Predicate matches) {
  const auto it = std::find_if(
      entries.rbegin(), entries.rend(),
      [&](const Journal::Entry& e) { return matches(e.note.reason); });
  return it == entries.rend() ? nullptr : &*it;
}

// --- pods

// Causes, root reason and what is next, from how things are now.
void TellNow(const Evidence& evidence, absl::Time now, rpc::WhyReply& reply) {
  const std::vector<Cause> causes = WhyNoAddress(evidence.scene, now);
  for (const Cause& cause : causes) reply.causes.push_back(cause.text);
  if (!causes.empty()) SetReason(reply, causes.back().reason);
  reply.next = WhatIsNext(evidence.scene, now);
}

void TellWaiting(const Evidence& evidence, const Waiter& waiter, absl::Time now,
                 rpc::WhyReply& reply) {
  SetReason(reply, Reason::kPoolDry);
  TellNow(evidence, now, reply);
  reply.summary = absl::StrCat(reply.subject, " waits for an address since ",
                               Clock(waiter.since, now));
}

void TellLease(const Address& row, absl::Time now, rpc::WhyReply& reply) {
  const std::string has = absl::StrCat(row.ip.ToString(), " since ",
                                       Clock(row.lease->granted_at, now));
  SetReason(reply, Reason::kLeased);
  switch (row.lease->phase) {
    case Phase::kAttaching:
      reply.summary = absl::StrCat(reply.subject, " has ", has,
                                   ", and its network is being made");
      reply.next =
          "the plugin reports that the network is there, or it dies "
          "and the lease ends";
      return;
    case Phase::kAttached:
      reply.summary = absl::StrCat(reply.subject, " has ", has);
      reply.next = "it keeps the address until its DEL";
      return;
    case Phase::kDetaching:
      SetReason(reply, Reason::kDetaching);
      reply.summary = absl::StrCat(reply.subject, " had ", has,
                                   ", and its network is being taken down");
      reply.next = "the address cools down once the link is gone";
      return;
  }
}

void TellRefused(const Evidence& evidence, const Journal::Entry& refused,
                 absl::Time now, rpc::WhyReply& reply) {
  reply.summary = absl::StrCat(reply.subject, " was refused an address at ",
                               Times(refused, now));
  reply.causes.push_back(refused.note.text);
  // The refusal's reason stands, even if things are better now.
  rpc::WhyReply present;
  TellNow(evidence, now, present);
  for (std::string& cause : present.causes) {
    reply.causes.push_back(absl::StrCat("now: ", cause));
  }
  reply.next = absl::StrCat("when the runtime tries again: ", present.next);
  SetReason(reply, refused.note.reason);
}

void TellGone(const Journal::Entry& detached, absl::Time now,
              rpc::WhyReply& reply) {
  SetReason(reply, detached.note.reason);
  const std::string address =
      detached.note.address ? detached.note.address->ToString() : "its address";
  reply.summary = absl::StrCat(reply.subject, " had ", address, " until ",
                               Clock(detached.last, now));
  if (!detached.note.text.empty()) reply.causes.push_back(detached.note.text);
}

bool SamePod(const base::Pod& a, const base::Pod& b) {
  return a.ns == b.ns && a.name == b.name;
}

// The lease of the pod that matters most: one that isn't on its way out.
const Address* LeaseOf(const pool::Pool& pool, const base::Pod& pod) {
  const Address* found = nullptr;
  for (const auto& [ip, row] : pool.addresses()) {
    if (!row.lease || !SamePod(row.lease->pod, pod)) continue;
    if (found == nullptr || found->lease->phase == Phase::kDetaching) {
      found = &row;
    }
  }
  return found;
}

absl::Status NeverHeard(const Evidence& evidence, absl::string_view subject,
                        absl::string_view hint, absl::Time now) {
  return absl::NotFoundError(absl::StrCat(
      "this node's ipamd has heard nothing of ", subject, " since ",
      Clock(evidence.journal.began(), now), ", when it started; ", hint));
}

// --- addresses

std::string Holder(const Address& row) {
  return NameOf(row.lease->pod, row.lease->attachment);
}

// Who had the address last, by the journal.
std::string After(const std::vector<Journal::Entry>& story) {
  const auto* last = LastOf(story, [](Reason r) {
    return r == Reason::kDetached || r == Reason::kLeak;
  });
  if (last == nullptr) return "";
  return absl::StrCat(" after ", NameOf(last->note.pod, last->note.attachment));
}

void TellQuarantine(const Address& row, const std::string& since,
                    absl::Time now, rpc::WhyReply& reply) {
  if (row.until == absl::InfiniteFuture()) {
    SetReason(reply, Reason::kForeign);
    reply.summary =
        absl::StrCat(reply.subject, " is quarantined since ", since,
                     ": the node routes it to a pod that another plugin made");
    reply.next = "it cools down when no link of the node is routed it any more";
    return;
  }
  SetReason(reply, Reason::kConflict);
  reply.summary = absl::StrCat(reply.subject, " is quarantined since ", since,
                               ": somebody else used it when it was probed");
  reply.next =
      absl::StrCat("it is given back to the VPC at ", Clock(row.until, now));
}

void TellState(const Evidence& evidence, const Address& row,
               const std::vector<Journal::Entry>& story, absl::Time now,
               rpc::WhyReply& reply) {
  const std::string since = Clock(row.since, now);
  const auto tell = [&](Reason reason, absl::string_view summary,
                        absl::string_view next) {
    SetReason(reply, reason);
    reply.summary = absl::StrCat(reply.subject, summary);
    reply.next = std::string(next);
  };
  switch (row.state) {
    case State::kFresh:
      return tell(Reason::kProbing,
                  absl::StrCat(" is being probed for conflicts since ", since),
                  "it is warm when nobody has answered, or else quarantined");
    case State::kWarm:
      return tell(Reason::kWarm, absl::StrCat(" is warm since ", since),
                  "an ADD gets it when it is the one that has rested longest");
    case State::kLeased:
      tell(Reason::kLeased,
           absl::StrCat(" is leased to ", Holder(row), " since ",
                        Clock(row.lease->granted_at, now), ", ",
                        pool::NameOf(row.lease->phase)),
           row.tenant ? "it is kept for that pod after the DEL"
                      : "it cools down after the pod's DEL");
      return;
    case State::kCooling:
      return tell(Reason::kDetached,
                  absl::StrCat(" rests since ", since, After(story)),
                  absl::StrCat("it is warm at ", Clock(row.until, now),
                               " if it has no connections then"));
    case State::kQuarantined:
      return TellQuarantine(row, since, now, reply);
    case State::kReleasing:
      return tell(Reason::kReleasing,
                  absl::StrCat(" is being given back to the VPC since ", since),
                  evidence.scene.supply.obstacle.ok()
                      ? "it is forgotten when the VPC has said so"
                      : absl::StrCat("the VPC is asked until it has said so: ",
                                     evidence.scene.supply.obstacle.message()));
    case State::kLeaving:
      return tell(Reason::kLent,
                  absl::StrCat(" was promised to another node at ", since),
                  "it goes when that node has taken it over, or comes back");
    case State::kArriving:
      return tell(
          Reason::kBorrowed,
          absl::StrCat(" is being taken over from another node since ", since),
          "it is probed when it is here");
    case State::kPopped:
      return tell(Reason::kPopped,
                  absl::StrCat(" was taken out of the pool by hand at ", since),
                  "it stays so until `cnivpctl push` or `cnivpctl release`");
    case State::kFixed:
      return tell(Reason::kFixed,
                  absl::StrCat(" is kept for the pod ", row.tenant->name_space,
                               "/", row.tenant->name, " since ", since),
                  "that pod gets it, and nobody else; it goes back to the VPC "
                  "when the VpcIpClaim of that name is deleted");
  }
}

// What went wrong with it since it came into its state.
void TellTrouble(const std::vector<Journal::Entry>& story, absl::Time since,
                 absl::Time now, rpc::WhyReply& reply) {
  for (const Journal::Entry& entry : story) {
    if (IsRoutine(entry.note.reason) || entry.last < since) continue;
    std::string cause = absl::StrCat(pool::MeaningOf(entry.note.reason), " At ",
                                     Times(entry, now));
    if (!entry.note.text.empty()) {
      absl::StrAppend(&cause, ": ", entry.note.text);
    }
    reply.causes.push_back(std::move(cause));
  }
}

}  // namespace

absl::StatusOr<rpc::WhyReply> WhyPod(const Evidence& evidence,
                                     const base::Pod& pod, absl::Time now) {
  const std::vector<Journal::Entry> story = evidence.journal.Find({.pod = pod});
  rpc::WhyReply reply;
  reply.subject = absl::StrCat(pod.ns, "/", pod.name);
  reply.events = Latest(story);
  const auto waiter = absl::c_find_if(
      evidence.waiting, [&](const Waiter& w) { return SamePod(w.pod, pod); });
  if (waiter != evidence.waiting.end()) {
    TellWaiting(evidence, *waiter, now, reply);
    return reply;
  }
  const Address* row = LeaseOf(evidence.scene.pool, pod);
  const Journal::Entry* answered = LastOf(story, [](Reason reason) {
    return IsRefusal(reason) || reason == Reason::kLeased;
  });
  const bool on_its_way_out =
      row == nullptr || row->lease->phase == Phase::kDetaching;
  if (answered != nullptr && IsRefusal(answered->note.reason) &&
      on_its_way_out) {
    TellRefused(evidence, *answered, now, reply);
    return reply;
  }
  if (row != nullptr) {
    TellLease(*row, now, reply);
    TellTrouble(evidence.journal.Find({.address = row->ip}),
                row->lease->granted_at, now, reply);
    return reply;
  }
  if (story.empty()) {
    return NeverHeard(
        evidence, reply.subject,
        "is the pod on this node, and has the runtime called the plugin? "
        "/var/log/cnivpc.log has the calls that failed",
        now);
  }
  TellGone(story.back(), now, reply);
  return reply;
}

absl::StatusOr<rpc::WhyReply> WhyAddress(const Evidence& evidence,
                                         base::Ipv4 address, absl::Time now) {
  const std::vector<Journal::Entry> story =
      evidence.journal.Find({.address = address});
  rpc::WhyReply reply;
  reply.subject = address.ToString();
  reply.events = Latest(story);
  const Address* row = evidence.scene.pool.Find(address);
  if (row != nullptr) {
    TellState(evidence, *row, story, now, reply);
    TellTrouble(story, row->since, now, reply);
    return reply;
  }
  if (story.empty()) {
    return NeverHeard(evidence, reply.subject,
                      "the pool doesn't have it. `cnivpctl get unuse` asks the "
                      "VPC for what is this node's",
                      now);
  }
  const Journal::Entry& last = story.back();
  SetReason(reply, last.note.reason);
  reply.summary =
      absl::StrCat(reply.subject, " isn't this node's. ",
                   pool::MeaningOf(last.note.reason), " At ", Times(last, now));
  if (!last.note.text.empty()) reply.causes.push_back(last.note.text);
  reply.next = "nothing";
  return reply;
}

rpc::Event EventOf(const Journal::Entry& entry) {
  const Note& note = entry.note;
  return {.sequence = entry.sequence,
          .first = entry.first,
          .last = entry.last,
          .count = entry.count,
          .reason = std::string(pool::NameOf(note.reason)),
          .address = note.address,
          .attachment = note.attachment,
          .pod = note.pod,
          .subnet = note.subnet,
          .text = note.text,
          .until = note.until};
}

}  // namespace applets::ipamd
