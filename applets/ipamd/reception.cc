#include "applets/ipamd/reception.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace applets::ipamd {
namespace {

using base::Attachment;
using pool::Reason;
using Way = Networking::Choice::Way;

// The last pool says for good that it has no address.
constexpr int kMaxAttempts = 8;

Networking::Choice NotYet(const Realm& realm) {
  return {.realm = realm,
          .status = absl::UnavailableError(
              absl::StrCat("an interface in subnet ", realm.subnet,
                           " is being attached to the node; try again")),
          .reason = Reason::kInterfaceUnavailable};
}

}  // namespace

Reception::Reception(Parts parts)
    : parts_(std::move(parts)), timer_(parts_.loop, [this] { OnTime(); }) {}

// The pool that needs no pod to answer: it has a lease for it, or a DEL.
SubnetPool* Reception::SettledIn(const rpc::AcquireRequest& request) const {
  SubnetPool* holder = parts_.pools.HolderOf(request.attachment);
  if (holder != nullptr) return holder;
  return parts_.pools.ForbidderOf(request.attachment, request.started_at);
}

void Reception::Acquire(const rpc::AcquireRequest& request, uint64_t connection,
                        Reply<rpc::AcquireReply> reply) {
  SubnetPool* pool = SettledIn(request);
  if (pool == nullptr && parts_.find == nullptr) pool = &parts_.pools.own();
  if (pool != nullptr) {
    return pool->desk().Acquire(request, connection, nullptr, std::move(reply));
  }
  parts_.find(request.pod,
              [this, visit = Visit{request, connection, std::move(reply)}](
                  const kube::Pod* pod) mutable {
                if (pod != nullptr) visit.pod = *pod;
                Place(std::move(visit));
              });
}

void Reception::Place(Visit visit) {
  if (SubnetPool* pool = SettledIn(visit.request)) {
    return pool->desk().Acquire(visit.request, visit.connection, nullptr,
                                visit.reply);
  }
  const Networking::Choice choice =
      parts_.choose(visit.pod ? &*visit.pod : nullptr);
  switch (choice.way) {
    case Way::kRefused:
      return Refuse(visit, choice);
    case Way::kWait:
      return Await(std::move(visit), choice);
    case Way::kPool: {
      SubnetPool* pool = parts_.pools.Find(choice.realm.Name());
      if (pool == nullptr) return Await(std::move(visit), choice);
      return Serve(std::move(visit), *pool);
    }
  }
}

// The node's own desk writes it into the journal.
void Reception::Refuse(const Visit& visit, const Networking::Choice& choice) {
  parts_.pools.own().desk().Acquire(
      visit.request, visit.connection,
      [choice](const pool::Wish&,
               const std::function<void(const Desk::Turn&)>& turned) {
        turned({.way = Desk::Turn::Way::kRefused,
                .status = choice.status,
                .reason = choice.reason});
      },
      visit.reply);
}

// Another subnet of the pod's PodNetworking may have an address when this one
// turns out to be exhausted.
void Reception::Serve(Visit visit, SubnetPool& pool) {
  const auto admit = [this, pod = visit.pod, &pool](const pool::Wish& wish,
                                                    const auto& turned) {
    parts_.direct(pod ? &*pod : nullptr, pool, wish, turned);
  };
  const bool is_own = &pool == &parts_.pools.own();
  if (!is_own) {
    const absl::Status can = rpc::CheckCan(visit.request, rpc::kTables);
    if (!can.ok()) {
      return Refuse(visit, {.status = can, .reason = Reason::kUnsupported});
    }
  }
  auto reply = visit.reply;
  if (!is_own && visit.attempts < kMaxAttempts) {
    reply = [this, visit](absl::StatusOr<rpc::AcquireReply> got) mutable {
      if (!absl::IsResourceExhausted(got.status())) {
        return visit.reply(std::move(got));
      }
      ++visit.attempts;
      Place(std::move(visit));
    };
  }
  pool.desk().Acquire(visit.request, visit.connection, admit, std::move(reply));
}

void Reception::Await(Visit visit, const Networking::Choice& choice) {
  const absl::Time now = absl::Now();
  if (visit.since == absl::InfinitePast()) visit.since = now;
  visit.until = std::min(visit.until, now + kPatience);
  if (now >= visit.until || waiting_.size() >= kMaxWaiting) {
    return Refuse(visit, NotYet(choice.realm));
  }
  const bool first = waiting_.empty();
  waiting_.push_back(std::move(visit));
  if (first) timer_.Set(waiting_.front().until - now);
  parts_.on_waiting();
}

void Reception::OnChange() {
  std::list<Visit> visits;
  visits.swap(waiting_);
  for (Visit& visit : visits) Place(std::move(visit));
}

// Those that have waited for long enough are refused, the rest waits on.
void Reception::OnTime() {
  OnChange();
  if (waiting_.empty()) return;
  timer_.Set(waiting_.front().until - absl::Now());
}

std::vector<const kube::Pod*> Reception::Waiting() const {
  std::vector<const kube::Pod*> pods;
  for (const Visit& visit : waiting_) {
    if (visit.pod) pods.push_back(&*visit.pod);
  }
  return pods;
}

std::vector<Waiter> Reception::Waiters() const {
  std::vector<Waiter> waiters;
  for (const Visit& visit : waiting_) {
    waiters.push_back(
        {visit.request.attachment, visit.request.pod, visit.since});
  }
  return waiters;
}

int Reception::guards() const {
  int guards = 0;
  for (const auto& pool : parts_.pools.all()) guards += pool->desk().guards();
  return guards;
}

absl::Status Reception::Attached(const Attachment& attachment,
                                 uint64_t connection) {
  return parts_.pools.HolderOrOwn(attachment)
      .desk()
      .Attached(attachment, connection);
}

void Reception::Release(const rpc::ReleaseRequest& request, uint64_t connection,
                        Done done) {
  parts_.pools.HolderOrOwn(request.attachment)
      .desk()
      .Release(request, connection, std::move(done));
}

absl::StatusOr<rpc::AcquireReply> Reception::Check(
    const Attachment& attachment) const {
  return parts_.pools.HolderOrOwn(attachment).desk().Check(attachment);
}

void Reception::Gc(const rpc::GcRequest& request, Reply<rpc::GcReply> reply) {
  const auto collection = std::make_shared<GcCollection>(std::move(reply));
  for (const auto& pool : parts_.pools.all()) {
    pool->desk().Gc(request, collection);
  }
}

// While an ADD waits, its connection is open to the server, whether the plugin
// is there or not.
void Reception::OnClose(uint64_t connection) {
  for (const auto& pool : parts_.pools.all()) pool->desk().OnClose(connection);
}

}  // namespace applets::ipamd
