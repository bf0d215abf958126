#include "applets/ipamd/janitor.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "applets/ledger/alias.h"
#include "glog/logging.h"
#include "netlink/pod_teardown.h"
#include "netlink/request.h"
#include "netlink/socket.h"

namespace applets::ipamd {
namespace {

// While leftovers of an address are removed it must not be leased.
constexpr absl::Duration kLitterRest = absl::Seconds(5);

absl::StatusOr<KernelView> Look(const std::vector<uint32_t>& interfaces) {
  auto host = netlink::Socket::Open();
  if (!host.ok()) return host.status();
  return ViewKernel(*host, interfaces);
}

void RemoveRulesAndProxies(const std::vector<base::Ipv4>& addresses,
                           uint32_t node_ifindex) {
  auto host = netlink::Socket::Open();
  if (!host.ok()) return;
  netlink::Batch batch;
  for (const base::Ipv4 ip : addresses) {
    netlink::AddRemoval(batch, ip, node_ifindex);
  }
  host->Transact(batch);
}

}  // namespace

Janitor::Janitor(Parts parts)
    : parts_(std::move(parts)),
      suspects_(parts_.leak_grace),
      timer_(parts_.loop, [this] { Sweep(); }) {
  parts_.metrics.Declare(
      "cnivpc_repairs_total", "counter",
      "Leftovers of crashes that sweeping put right, by kind.");
}

void Janitor::Begin(absl::Duration delay) { timer_.Set(delay); }

void Janitor::Sweep() {
  SweepNow(false, [this](const auto& found) {
    if (!found.ok()) LOG(WARNING) << "sweep: " << found.status().message();
    timer_.Set(parts_.interval);
  });
}

void Janitor::SweepNow(
    bool dry_run,
    std::function<void(absl::StatusOr<std::vector<SweepFound>>)> done) {
  worker_.Run([this, interfaces = parts_.pools.Interfaces(), dry_run,
               done = std::move(done)] {
    parts_.loop.Post([this, view = Look(interfaces), dry_run, done] {
      if (!view.ok()) return done(view.status());
      const Findings found = Examine(*view);
      Suspects rehearsal = suspects_;
      Suspects& suspects = dry_run ? rehearsal : suspects_;
      const Findings confirmed = suspects.Confirm(found, absl::Now());
      if (!dry_run) PutRight(confirmed);
      done(Report(found, confirmed, dry_run));
    });
  });
}

Findings Janitor::Examine(const KernelView& kernel) const {
  Books books{{}, parts_.pools.AreLost() || parts_.is_blind()};
  for (const auto& pool : parts_.pools.all()) {
    books.pools.push_back(&pool->pool());
  }
  return Compare(books, parts_.undertaker.links(), kernel,
                 [this](const auto& a) { return parts_.pools.IsGuarded(a); });
}

void Janitor::PutRight(const Findings& findings) {
  for (const auto& attachment : findings.complete) {
    SubnetPool* pool = parts_.pools.HolderOf(attachment);
    if (pool == nullptr) continue;
    Tell("unreported", attachment.ToString());
    pool->desk().Attached(attachment, 0).IgnoreError();
  }
  for (const auto& attachment : findings.abandoned) {
    SubnetPool* pool = parts_.pools.HolderOf(attachment);
    if (pool == nullptr) continue;
    Tell("abandoned", attachment.ToString());
    pool->desk().Abandon(attachment);
  }
  for (const auto& attachment : findings.detaching) {
    SubnetPool* pool = parts_.pools.HolderOf(attachment);
    if (pool != nullptr) pool->desk().Bury(attachment, [](absl::Status) {});
  }
  for (const auto& attachment : findings.leaked) EndLeak(attachment);
  for (const auto& attachment : findings.orphans) {
    Tell("orphan", attachment.ToString());
    parts_.undertaker.Bury({ledger::AliasOf(attachment), "", std::nullopt},
                           [](absl::Status) {});
  }
  RemoveLitter(findings.littered);
  FreeVacant(findings.vacant);
}

// As by a DEL that came just now: what is left of the network goes, and an ADD
// that is still on its way is refused.
void Janitor::EndLeak(const base::Attachment& attachment) {
  SubnetPool* pool = parts_.pools.HolderOf(attachment);
  if (pool == nullptr) return;
  const pool::Address* row = pool->pool().Find(attachment);
  Tell("leak", attachment.ToString());
  parts_.note({.reason = pool::Reason::kLeak,
               .address = row->ip,
               .attachment = attachment,
               .pod = row->lease->pod,
               .subnet = row->subnet});
  pool->desk().Release(
      {attachment, row->lease->pod, row->lease->host_ifname, ledger::BootNow()},
      0, [](absl::Status) {});
}

void Janitor::Tell(const char* kind, const std::string& what) {
  LOG(WARNING) << "sweep: " << kind << " " << what;
  parts_.metrics.Add("cnivpc_repairs_total", {{"kind", kind}});
}

std::map<SubnetPool*, std::vector<base::Ipv4>> Janitor::ByPool(
    const std::vector<base::Ipv4>& ips) const {
  std::map<SubnetPool*, std::vector<base::Ipv4>> by_pool;
  for (const base::Ipv4 ip : ips) {
    SubnetPool* pool = parts_.pools.HolderOf(ip);
    if (pool != nullptr) by_pool[pool].push_back(ip);
  }
  return by_pool;
}

void Janitor::RemoveLitter(const std::vector<base::Ipv4>& littered) {
  for (const base::Ipv4 ip : littered) Tell("litter", ip.ToString());
  for (const auto& [pool, ips] : ByPool(littered)) {
    if (!LetRest(*pool, ips)) continue;
    pool->keeper().Kick();
    worker_.Run([ips = ips, interface = pool->node().ifindex] {
      RemoveRulesAndProxies(ips, interface);
    });
  }
}

// Sees to it that nobody leases them meanwhile; false if that can't be stored.
bool Janitor::LetRest(SubnetPool& pool, const std::vector<base::Ipv4>& ips) {
  const absl::Time now = absl::Now();
  pool::Records records;
  for (const base::Ipv4 ip : ips) {
    pool::Address row = *pool.pool().Find(ip);
    const bool cooling = row.state == pool::State::kCooling;
    if (row.state != pool::State::kWarm && !cooling) continue;
    row.until = std::max(now + kLitterRest, cooling ? row.until : now);
    row.state = pool::State::kCooling;
    records.push_back(pool::PutAddress{std::move(row)});
  }
  return pool.Record(records).ok();
}

void Janitor::FreeVacant(const std::vector<base::Ipv4>& vacant) {
  if (vacant.empty()) return;
  LOG(INFO) << "sweep: quarantined addresses that nobody uses any more: "
            << vacant.size();
  for (const auto& [pool, ips] : ByPool(vacant)) {
    pool->Record(pool->pool().DecideVacant(ips, absl::Now())).IgnoreError();
    pool->keeper().Kick();
  }
}

}  // namespace applets::ipamd
