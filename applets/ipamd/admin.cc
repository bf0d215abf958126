#include "applets/ipamd/admin.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "applets/ipamd/admin_view.h"
#include "applets/ipamd/why.h"
#include "applets/rpc/messages_events.h"
#include "applets/rpc/query.h"
#include "base/build_info.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

using base::Ipv4;
using rpc::Answer;

// Before a node's name, and what is asked of that node.
constexpr absl::string_view kNodes = "/v1/nodes/";

template <typename T>
absl::StatusOr<Answer> AsAnswer(const absl::StatusOr<T>& message) {
  if (!message.ok()) return message.status();
  return Answer{rpc::ToJson(*message)};
}

std::string ValueOf(const rpc::Call& call, const std::string& name) {
  const auto it = call.query.find(name);
  return it == call.query.end() ? "" : it->second;
}

absl::StatusOr<base::Pod> PodIn(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("pod: \"", text, "\" isn't NAMESPACE/NAME"));
  }
  return base::Pod{parts[0], parts[1], ""};
}

absl::StatusOr<Journal::Query> QueryIn(const rpc::Call& call) {
  Journal::Query query;
  if (const std::string since = ValueOf(call, "since");
      !since.empty() && !absl::SimpleAtoi(since, &query.after)) {
    return absl::InvalidArgumentError(
        absl::StrCat("since: \"", since, "\" is no sequence number"));
  }
  if (const std::string pod = ValueOf(call, "pod"); !pod.empty()) {
    ASSIGN_OR_RETURN(query.pod, PodIn(pod));
  }
  if (const std::string address = ValueOf(call, "address"); !address.empty()) {
    const auto ip = Ipv4::Parse(address);
    if (!ip.ok()) return base::Annotate(ip.status(), "address");
    query.address = *ip;
  }
  return query;
}

}  // namespace

Admin::Admin(Parts parts)
    : parts_(std::move(parts)),
      started_(absl::Now()),
      timer_(parts_.loop, [this] { AnswerWaiting(); }) {}

bool Admin::Get(const rpc::Call& call, const rpc::Reply& reply) {
  if (call.path == "/v1/node") {
    reply(Answer{rpc::ToJson(Node())});
  } else if (call.path == "/v1/events") {
    reply(Events(call));
  } else if (call.path == "/v1/why") {
    reply(Why(call));
  } else if (call.path == "/v1/config") {
    reply(Answer{ConfigJson(parts_.options)});
  } else if (call.path == "/v1/log") {
    reply(Answer{parts_.log.Text(), "text/plain"});
  } else if (call.path == "/v1/addresses/unused") {
    Unused(reply);
  } else if (absl::StartsWith(call.path, kNodes)) {
    OfNode(call, reply);
  } else {
    return false;
  }
  return true;
}

bool Admin::Post(const rpc::Call& call, const rpc::Reply& reply) {
  const pool::Pool& pool = parts_.ledger.pool();
  if (call.path == "/v1/addresses/pop") {
    reply(Move(rpc::ParseAddressRequest(call.body),
               [&](auto ip, auto now) { return pool.DecidePop(ip, now); }));
  } else if (call.path == "/v1/addresses/push") {
    reply(Move(rpc::ParseAddressRequest(call.body),
               [&](auto ip, auto now) { return pool.DecidePush(ip, now); }));
  } else if (call.path == "/v1/addresses/release") {
    GiveBack(call, reply);
  } else if (call.path == "/v1/sweep") {
    Sweep(call, reply);
  } else {
    return false;
  }
  return true;
}

// --- looking

Scene Admin::SceneNow() const {
  const absl::Time now = absl::Now();
  const pool::Steward& steward = parts_.keeper.steward();
  return {.pool = parts_.ledger.pool(),
          .subnet = parts_.options.vpc.subnet,
          .supply = {.obstacle = steward.obstacle(now),
                     .until = steward.obstacle_until(),
                     .exhausted_since = steward.exhausted_since(),
                     .verified_at = steward.verified_at(),
                     .may_lease = steward.MayLease(now),
                     .in_flight = steward.in_flight(),
                     .borrowing = steward.borrowing(),
                     .unlent = steward.unlent(now)},
          .store = parts_.store_status(),
          .rebuilding = steward.needs_rebuild(),
          .stopping = parts_.stopping()};
}

rpc::NodeReply Admin::Node() const {
  rpc::NodeReply reply =
      NodeOf(SceneNow(), parts_.options, parts_.desk.CouldLease(), absl::Now());
  const base::BuildInfo build = base::GetBuildInfo();
  reply.version = std::string(build.version);
  reply.commit = std::string(build.commit);
  reply.started = started_;
  reply.interface = parts_.node.name;
  reply.address = parts_.node.address;
  reply.waiting = parts_.desk.waiting();
  reply.under_way = parts_.desk.guards();
  TellUsage(parts_.keeper.provider()->usage(), reply.vpc);
  reply.kubernetes = parts_.kubernetes();
  return reply;
}

absl::StatusOr<Answer> Admin::Events(const rpc::Call& call) const {
  ASSIGN_OR_RETURN(const Journal::Query query, QueryIn(call));
  rpc::EventsReply reply{parts_.options.node,
                         parts_.journal.began(),
                         parts_.journal.forgotten(),
                         parts_.journal.last_sequence(),
                         {}};
  for (const Journal::Entry& entry : parts_.journal.Find(query)) {
    reply.events.push_back(EventOf(entry));
  }
  return Answer{rpc::ToJson(reply)};
}

absl::StatusOr<Answer> Admin::Why(const rpc::Call& call) const {
  ASSIGN_OR_RETURN(const Journal::Query query, QueryIn(call));
  const Scene scene = SceneNow();
  const Evidence evidence{scene, parts_.journal, parts_.desk.Waiters()};
  if (query.pod) return AsAnswer(WhyPod(evidence, *query.pod, absl::Now()));
  if (query.address) {
    return AsAnswer(WhyAddress(evidence, *query.address, absl::Now()));
  }
  return absl::InvalidArgumentError("why: pod or address is missing");
}

// "/v1/nodes/node-b/v1/pool"
void Admin::OfNode(const rpc::Call& call, const rpc::Reply& reply) {
  const absl::string_view rest =
      absl::string_view(call.path).substr(kNodes.size());
  const size_t slash = std::min(rest.find('/'), rest.size());
  const auto node = rpc::Unescape(rest.substr(0, slash));
  if (!node.ok() || node->empty() || slash == rest.size()) {
    return reply(absl::InvalidArgumentError("must be /v1/nodes/NODE/PATH"));
  }
  rpc::Call there = call;
  there.path = std::string(rest.substr(slash));
  parts_.ask_node(*node, there, reply);
}

void Admin::ListThen(
    std::function<void(absl::StatusOr<std::vector<Ipv4>>)> then) {
  worker_.Run(
      [this, provider = parts_.keeper.provider(), then = std::move(then)] {
        parts_.loop.Post([then, listed = provider->List()] { then(listed); });
      });
}

void Admin::Unused(const rpc::Reply& reply) {
  ListThen([this, reply](const absl::StatusOr<std::vector<Ipv4>>& listed) {
    if (!listed.ok()) return reply(listed.status());
    reply(Answer{
        rpc::ToJson(UnusedOf(parts_.ledger.pool(), *listed, parts_.options.node,
                             parts_.options.vpc.subnet))});
  });
}

void Admin::Sweep(const rpc::Call& call, const rpc::Reply& reply) {
  const auto request = rpc::ParseSweepRequest(call.body);
  if (!request.ok()) return reply(request.status());
  const bool dry_run = request->dry_run;
  parts_.janitor.SweepNow(
      dry_run, [reply, dry_run](absl::StatusOr<std::vector<SweepFound>> found) {
        if (!found.ok()) return reply(found.status());
        rpc::SweepReply swept{dry_run, {}};
        for (const SweepFound& one : *found) {
          swept.entries.push_back({one.kind, one.subject, one.text});
        }
        reply(Answer{rpc::ToJson(swept)});
      });
}

// --- changing

absl::Status Admin::CheckNode(const std::string& node) const {
  if (node.empty() || node == parts_.options.node) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("this node is ", parts_.options.node, ", not ", node,
                   "; call the ipamd of that one"));
}

absl::Status Admin::Record(const pool::Records& records) {
  absl::Status status = parts_.ledger.Record(records);
  parts_.on_store_status(status);
  return status;
}

// Pop and push.
absl::StatusOr<Answer> Admin::Move(
    const absl::StatusOr<rpc::AddressRequest>& request,
    const std::function<absl::StatusOr<pool::Grant>(std::optional<Ipv4>,
                                                    absl::Time)>& decide) {
  if (!request.ok()) return request.status();
  RETURN_IF_ERROR(CheckNode(request->node));
  ASSIGN_OR_RETURN(const pool::Grant grant,
                   decide(request->address, absl::Now()));
  RETURN_IF_ERROR(Record(grant.records));
  LOG(INFO) << "by hand: address=" << grant.address.ip.ToString() << " is "
            << pool::NameOf(grant.address.state);
  parts_.keeper.OnPushed(grant.address.ip);
  return Answer{rpc::ToJson(rpc::AddressReply{
      grant.address.ip, std::string(pool::NameOf(grant.address.state))})};
}

void Admin::GiveBack(const rpc::Call& call, const rpc::Reply& reply) {
  const auto request = rpc::ParseGiveBackRequest(call.body);
  if (!request.ok()) return reply(request.status());
  if (const absl::Status status = CheckNode(request->node); !status.ok()) {
    return reply(status);
  }
  ListThen([this, wanted = request->addresses,
            reply](const absl::StatusOr<std::vector<Ipv4>>& listed) {
    GiveBackListed(wanted, listed, reply);
  });
}

// An address that the VPC lists and the pool doesn't know is taken in first, so
// that its way back is an intent like any other's.
void Admin::GiveBackListed(const std::vector<Ipv4>& wanted,
                           const absl::StatusOr<std::vector<Ipv4>>& listed,
                           const rpc::Reply& reply) {
  const absl::Time now = absl::Now();
  const std::string& subnet = parts_.options.vpc.subnet;
  const pool::Pool& pool = parts_.ledger.pool();
  Waiting waiting{{}, {}, now + kPatience, reply};
  pool::Records records;
  for (const Ipv4 ip : wanted) {
    if (listed.ok() && std::count(listed->begin(), listed->end(), ip) > 0) {
      for (pool::Record& record : pool.DecideSetAside(ip, subnet, now)) {
        records.push_back(std::move(record));
      }
    }
  }
  if (const absl::Status status = Record(records); !status.ok()) {
    return reply(status);
  }
  for (const Ipv4 ip : wanted) {
    const absl::Status status = pool.CouldRelease(ip);
    if (status.ok()) {
      waiting.left.insert(ip);
    } else {
      waiting.result.refused.push_back({ip, std::string(status.message())});
    }
  }
  const auto released = pool.DecideReleaseOf(
      {waiting.left.begin(), waiting.left.end()}, subnet, now);
  if (const absl::Status status = Record(released.second); !status.ok()) {
    return reply(status);
  }
  waiting_.push_back(std::move(waiting));
  parts_.keeper.Kick();
  AnswerWaiting();
}

void Admin::OnRecords(const pool::Records& records) {
  if (waiting_.empty()) return;
  for (const pool::Record& record : records) {
    const auto* drop = std::get_if<pool::DropAddress>(&record);
    if (drop == nullptr) continue;
    for (Waiting& waiting : waiting_) {
      if (waiting.left.erase(drop->ip) == 0) continue;
      waiting.result.released.push_back(drop->ip);
    }
  }
  timer_.Set(absl::ZeroDuration());
}

// Those whose addresses are all gone, or who have waited for long enough.
void Admin::AnswerWaiting() {
  const absl::Time now = absl::Now();
  absl::Time next = absl::InfiniteFuture();
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    if (!it->left.empty() && now < it->until) {
      next = std::min(next, it->until);
      ++it;
      continue;
    }
    for (const Ipv4 ip : it->left) {
      it->result.refused.push_back(
          {ip, "the VPC hasn't said yes yet; ipamd goes on asking"});
    }
    it->reply(Answer{rpc::ToJson(it->result)});
    it = waiting_.erase(it);
  }
  if (next != absl::InfiniteFuture()) timer_.Set(next - now);
}

}  // namespace applets::ipamd
