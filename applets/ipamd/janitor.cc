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

absl::StatusOr<KernelView> Look(uint32_t node_ifindex) {
  auto host = netlink::Socket::Open();
  if (!host.ok()) return host.status();
  return ViewKernel(*host, node_ifindex);
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
    : parts_(std::move(parts)), timer_(parts_.loop, [this] { Sweep(); }) {
  parts_.metrics.Declare(
      "cnivpc_repairs_total", "counter",
      "Leftovers of crashes that sweeping put right, by kind.");
}

void Janitor::Begin(absl::Duration delay) { timer_.Set(delay); }

void Janitor::Sweep() {
  worker_.Run([this, node = parts_.node.ifindex] {
    parts_.loop.Post([this, view = Look(node)] {
      Judge(view);
      timer_.Set(parts_.interval);
    });
  });
}

void Janitor::Judge(const absl::StatusOr<KernelView>& kernel) {
  if (!kernel.ok()) {
    LOG(WARNING) << "sweep: " << kernel.status().message();
    return;
  }
  const Findings findings = suspects_.Confirm(
      Compare(parts_.ledger.pool(), parts_.undertaker.links(), *kernel,
              [this](const auto& a) { return parts_.desk.IsGuarded(a); }));
  for (const auto& attachment : findings.complete) {
    Report("unreported", attachment.ToString());
    parts_.desk.Attached(attachment, 0).IgnoreError();
  }
  for (const auto& attachment : findings.abandoned) {
    Report("abandoned", attachment.ToString());
    parts_.desk.Abandon(attachment);
  }
  for (const auto& attachment : findings.detaching) {
    parts_.desk.Bury(attachment, [](absl::Status) {});
  }
  for (const auto& attachment : findings.orphans) {
    Report("orphan", attachment.ToString());
    parts_.undertaker.Bury({ledger::AliasOf(attachment), "", std::nullopt},
                           [](absl::Status) {});
  }
  RemoveLitter(findings.littered);
  FreeVacant(findings.vacant);
}

void Janitor::Report(const char* kind, const std::string& what) {
  LOG(WARNING) << "sweep: " << kind << " " << what;
  parts_.metrics.Add("cnivpc_repairs_total", {{"kind", kind}});
}

void Janitor::RemoveLitter(const std::vector<base::Ipv4>& littered) {
  if (littered.empty()) return;
  for (const base::Ipv4 ip : littered) Report("litter", ip.ToString());
  if (!LetRest(littered)) return;
  parts_.keeper.Kick();
  worker_.Run([littered, node = parts_.node.ifindex] {
    RemoveRulesAndProxies(littered, node);
  });
}

// Sees to it that nobody leases them meanwhile; false if that can't be stored.
bool Janitor::LetRest(const std::vector<base::Ipv4>& littered) {
  const absl::Time now = absl::Now();
  pool::Records records;
  for (const base::Ipv4 ip : littered) {
    pool::Address row = *parts_.ledger.pool().Find(ip);
    const bool cooling = row.state == pool::State::kCooling;
    if (row.state != pool::State::kWarm && !cooling) continue;
    row.until = std::max(now + kLitterRest, cooling ? row.until : now);
    row.state = pool::State::kCooling;
    records.push_back(pool::PutAddress{std::move(row)});
  }
  const absl::Status status = parts_.ledger.Record(records);
  parts_.on_store_status(status);
  return status.ok();
}

void Janitor::FreeVacant(const std::vector<base::Ipv4>& vacant) {
  if (vacant.empty()) return;
  LOG(INFO) << "sweep: quarantined addresses that nobody uses any more: "
            << vacant.size();
  parts_.on_store_status(parts_.ledger.Record(
      parts_.ledger.pool().DecideVacant(vacant, absl::Now())));
  parts_.keeper.Kick();
}

}  // namespace applets::ipamd
