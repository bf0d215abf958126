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
  if (call.path == "/v1/addresses/pop") {
    reply(Move(rpc::ParseAddressRequest(call.body), &pool::Pool::DecidePop));
  } else if (call.path == "/v1/addresses/push") {
    reply(Move(rpc::ParseAddressRequest(call.body), &pool::Pool::DecidePush));
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

Scene Admin::SceneOf(const SubnetPool& pool) const {
  const absl::Time now = absl::Now();
  const pool::Steward& steward = pool.keeper().steward();
  return {.pool = pool.pool(),
          .subnet = pool.subnet(),
          .supply = {.obstacle = steward.obstacle(now),
                     .until = steward.obstacle_until(),
                     .exhausted_since = steward.exhausted_since(),
                     .verified_at = steward.verified_at(),
                     .may_lease = steward.MayLease(now),
                     .in_flight = steward.in_flight(),
                     .borrowing = steward.borrowing(),
                     .unlent = steward.unlent(now)},
          .store = pool.store_status(),
          .rebuilding = steward.needs_rebuild(),
          .stopping = parts_.stopping()};
}

rpc::NodeReply Admin::Node() const {
  const SubnetPool& own = parts_.pools.own();
  rpc::NodeReply reply = NodeOf(SceneOf(own), parts_.options,
                                own.desk().CouldLease(), absl::Now());
  const base::BuildInfo build = base::GetBuildInfo();
  reply.version = std::string(build.version);
  reply.commit = std::string(build.commit);
  reply.started = started_;
  reply.interface = own.node().name;
  reply.address = own.node().address;
  reply.waiting = parts_.waiting().size();
  for (const auto& pool : parts_.pools.all()) {
    reply.waiting += pool->desk().waiting();
    reply.under_way += pool->desk().guards();
    if (pool.get() != &own) reply.further.push_back(Further(*pool));
  }
  TellUsage(own.keeper().provider()->usage(), reply.vpc);
  reply.kubernetes = parts_.kubernetes();
  return reply;
}

rpc::FurtherPool Admin::Further(const SubnetPool& pool) const {
  const rpc::NodeReply whole = NodeOf(SceneOf(pool), pool.options(),
                                      pool.desk().CouldLease(), absl::Now());
  return {.subnet = pool.subnet(),
          .name = pool.name(),
          .interface = pool.node().name,
          .security_groups = pool.realm().security_groups,
          .reason = whole.reason,
          .problem = whole.problem,
          .level = whole.level,
          .states = whole.states};
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
  const SubnetPool& pool = PoolFor(query);
  const Scene scene = SceneOf(pool);
  Evidence evidence{scene, parts_.journal, pool.desk().Waiters()};
  for (const Waiter& waiter : parts_.waiting()) {
    evidence.waiting.push_back(waiter);
  }
  if (query.pod) return AsAnswer(WhyPod(evidence, *query.pod, absl::Now()));
  if (query.address) {
    return AsAnswer(WhyAddress(evidence, *query.address, absl::Now()));
  }
  return absl::InvalidArgumentError("why: pod or address is missing");
}

// The one that has the pod or the address, or where the pod waits; else the
// node's own.
SubnetPool& Admin::PoolFor(const Journal::Query& query) const {
  const auto is_it = [&](const base::Pod& pod) {
    return query.pod && pod.ns == query.pod->ns && pod.name == query.pod->name;
  };
  for (const auto& pool : parts_.pools.all()) {
    if (query.address && pool->pool().Find(*query.address) != nullptr) {
      return *pool;
    }
    for (const auto& [ip, row] : pool->pool().addresses()) {
      if (row.lease && is_it(row.lease->pod)) return *pool;
    }
    for (const Waiter& waiter : pool->desk().Waiters()) {
      if (is_it(waiter.pod)) return *pool;
    }
  }
  return parts_.pools.own();
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

// What the VPC counts as this node's, by pool. A worker holds on to no pool.
void Admin::ListThen(std::function<void(absl::StatusOr<Listed>)> then) {
  std::vector<std::pair<std::string, std::shared_ptr<vpc::Provider>>> providers;
  for (const auto& pool : parts_.pools.all()) {
    providers.emplace_back(pool->name(), pool->keeper().provider());
  }
  worker_.Run([this, providers = std::move(providers), then = std::move(then)] {
    absl::StatusOr<Listed> listed = Listed();
    for (const auto& [name, provider] : providers) {
      auto ips = provider->List();
      if (!ips.ok()) {
        listed = ips.status();
        break;
      }
      (*listed)[name] = *std::move(ips);
    }
    parts_.loop.Post([then, listed] { then(listed); });
  });
}

void Admin::Unused(const rpc::Reply& reply) {
  ListThen([this, reply](const absl::StatusOr<Listed>& listed) {
    if (!listed.ok()) return reply(listed.status());
    rpc::UnusedReply all{parts_.options.node, {}};
    for (const auto& [name, ips] : *listed) {
      const SubnetPool* pool = parts_.pools.Find(name);
      if (pool == nullptr) continue;
      for (rpc::UnusedEntry& entry :
           UnusedOf(pool->pool(), ips, all.node, pool->subnet()).entries) {
        all.entries.push_back(std::move(entry));
      }
    }
    reply(Answer{rpc::ToJson(all)});
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

// Pop and push: of the pool that has the address, or of the node's own.
absl::StatusOr<Answer> Admin::Move(
    const absl::StatusOr<rpc::AddressRequest>& request, Decide decide) {
  if (!request.ok()) return request.status();
  RETURN_IF_ERROR(CheckNode(request->node));
  SubnetPool& pool = request->address
                         ? parts_.pools.HolderOrOwn(*request->address)
                         : parts_.pools.own();
  ASSIGN_OR_RETURN(const pool::Grant grant,
                   (pool.pool().*decide)(request->address, absl::Now()));
  RETURN_IF_ERROR(pool.Record(grant.records));
  LOG(INFO) << "by hand: address=" << grant.address.ip.ToString() << " is "
            << pool::NameOf(grant.address.state);
  pool.keeper().OnPushed(grant.address.ip);
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
            reply](const absl::StatusOr<Listed>& listed) {
    GiveBackListed(wanted, listed, reply);
  });
}

void Admin::GiveBackListed(const std::vector<Ipv4>& wanted,
                           const absl::StatusOr<Listed>& listed,
                           const rpc::Reply& reply) {
  Waiting waiting{{}, {}, absl::Now() + kPatience, reply};
  for (const Ipv4 ip : wanted) {
    if (const absl::Status status = BeginToGiveBack(ip, listed); status.ok()) {
      waiting.left.insert(ip);
    } else {
      waiting.result.refused.push_back({ip, std::string(status.message())});
    }
  }
  waiting_.push_back(std::move(waiting));
  for (const auto& pool : parts_.pools.all()) pool->keeper().Kick();
  AnswerWaiting();
}

// An address that the VPC lists and the pool doesn't know is taken in first, so
// that its way back is an intent like any other's.
absl::Status Admin::BeginToGiveBack(Ipv4 ip,
                                    const absl::StatusOr<Listed>& listed) {
  const absl::Time now = absl::Now();
  SubnetPool* pool = parts_.pools.HolderOf(ip);
  if (pool == nullptr && listed.ok()) {
    for (const auto& [name, ips] : *listed) {
      if (std::count(ips.begin(), ips.end(), ip) == 0) continue;
      pool = parts_.pools.Find(name);
      if (pool == nullptr) continue;
      RETURN_IF_ERROR(
          pool->Record(pool->pool().DecideSetAside(ip, pool->subnet(), now)));
    }
  }
  if (pool == nullptr) pool = &parts_.pools.own();
  RETURN_IF_ERROR(pool->pool().CouldRelease(ip));
  return pool->Record(
      pool->pool().DecideReleaseOf({ip}, pool->subnet(), now).second);
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
