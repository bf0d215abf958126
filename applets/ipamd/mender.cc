#include "applets/ipamd/mender.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "applets/ipamd/errand.h"
#include "applets/ledger/alias.h"
#include "base/status.h"
#include "glog/logging.h"
#include "netlink/attachment.h"
#include "netlink/link.h"
#include "netlink/pod_inventory.h"
#include "netlink/pod_repair.h"
#include "netlink/socket.h"

namespace applets::ipamd {
namespace {

using netlink::MonitorGroup;

// A DEL that came while its network was mended is over by then.
constexpr absl::Duration kLeftoverDelay = absl::Seconds(1);

constexpr MonitorGroup kGroups[] = {MonitorGroup::kLink, MonitorGroup::kAddress,
                                    MonitorGroup::kRoute, MonitorGroup::kRule,
                                    MonitorGroup::kNeighbor};

// As the plugin made it, but for the indexes.
netlink::PodNetwork NetworkOf(const pool::Address& row,
                              const netlink::Node& node, base::Ipv4 gateway) {
  const std::string alias = ledger::AliasOf(row.lease->attachment);
  return {.pod_ifname = row.lease->attachment.ifname,
          .host_ifname = row.lease->host_ifname,
          .alias = alias,
          .address = row.ip,
          .node_address = gateway,
          .node_ifindex = node.ifindex,
          .table = node.table,
          .mtu_bytes = node.mtu_bytes,
          .pod_mac = netlink::PodMac(alias),
          .host_mac = netlink::HostMac(alias)};
}

// "route, rule" of those that were mended, or weren't.
std::string Names(const std::vector<netlink::Mended>& parts, bool mended) {
  std::vector<absl::string_view> names;
  for (const netlink::Mended& part : parts) {
    if (part.status.ok() == mended) names.push_back(NameOf(part.part));
  }
  return absl::StrJoin(names, ", ");
}

absl::Status FirstError(const std::vector<netlink::Mended>& parts) {
  for (const netlink::Mended& part : parts) {
    if (!part.status.ok()) return part.status;
  }
  return absl::OkStatus();
}

// Pods' namespaces need one capability more.
absl::StatusOr<netlink::Monitor> Listen(Drift::Scope scope) {
  if (scope == Drift::Scope::kNodeAndPod) {
    auto monitor = netlink::Monitor::OpenForAll(kGroups);
    if (monitor.ok() || base::ErrnoOf(monitor.status()) != EPERM) {
      return monitor;
    }
    LOG(WARNING) << "drift: pods are looked into now and then only: "
                 << monitor.status().message();
  }
  return netlink::Monitor::Open(kGroups);
}

absl::StatusOr<std::vector<base::Ipv4>> ProxiesOn(uint32_t ifindex) {
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  return netlink::ListPodProxies(host, ifindex);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Mender>> Mender::Open(Parts parts) {
  ASSIGN_OR_RETURN(netlink::Monitor monitor, Listen(parts.scope));
  return std::unique_ptr<Mender>(
      new Mender(std::move(parts), std::move(monitor)));
}

Mender::Mender(Parts parts, netlink::Monitor monitor)
    : parts_(std::move(parts)),
      monitor_(std::move(monitor)),
      drift_(parts_.pool, parts_.scope),
      hear_timer_(parts_.loop, [this] { OnHearTimer(); }),
      look_timer_(parts_.loop, [this] { Tick(); }),
      proxy_timer_(parts_.loop, [this] { ListProxies(); }),
      patrol_timer_(parts_.loop, [this] { Patrol(); }),
      leftover_timer_(parts_.loop, [this] { TakeBack(); }) {
  Declare();
}

void Mender::Declare() {
  parts_.metrics.Declare("cnivpc_drift_repairs_total", "counter",
                         "Parts of pods' networks that were gone and were made "
                         "anew, by part and outcome.");
  parts_.metrics.Declare("cnivpc_drift_held_back", "gauge",
                         "Parts that are left alone for a while, for somebody "
                         "removes them again and again.");
  parts_.metrics.Declare("cnivpc_drift_events_lost_total", "counter",
                         "Times that the kernel had more to tell than was "
                         "heard; all leases are then looked at.");
  parts_.metrics.Declare("cnivpc_drift_unseen_total", "counter",
                         "Pods that couldn't be looked into.");
}

void Mender::Begin() {
  Watch();
  Patrol();
  proxy_timer_.Set(kProxyInterval);
}

int Mender::held_back() const { return drift_.held_back(absl::Now()); }

void Mender::Watch() {
  gathering_ = false;
  watch_ = base::Watch::Readable(parts_.loop, monitor_.fd(), [this] {
    // Set again and again, the timer would never have its turn.
    if (!std::exchange(gathering_, true)) hear_timer_.Set({});
  });
}

// There is something to hear: first it gathers, then it is read. What is more
// than one call takes is read after the loop's other business.
void Mender::OnHearTimer() {
  if (watch_ != nullptr) {
    watch_.reset();
    return hear_timer_.Set(kGather);
  }
  const auto notices = monitor_.Receive();
  if (!notices.ok()) {
    LOG(ERROR) << "drift: nothing is heard any more, only looked at now and "
                  "then: "
               << notices.status().message();
    return;
  }
  const absl::Time now = absl::Now();
  for (const netlink::Notice& notice : *notices) Hear(notice, now);
  Arm();
  if (notices->empty()) return Watch();
  hear_timer_.Set(absl::ZeroDuration());
}

void Mender::Hear(const netlink::Notice& notice, absl::Time now) {
  if (std::holds_alternative<netlink::Overrun>(notice.event)) {
    parts_.metrics.Add("cnivpc_drift_events_lost_total");
    relist_ = true;
  }
  drift_.OnNotice(notice, parts_.node, now);
}

void Mender::Arm() {
  const absl::Time due = drift_.deadline();
  if (due == absl::InfiniteFuture()) return look_timer_.Cancel();
  look_timer_.Set(std::max(due - absl::Now(), absl::ZeroDuration()));
}

void Mender::Patrol() {
  patrol_timer_.Set(kPatrolInterval);
  drift_.SuspectAll(absl::Now());
  Arm();
}

void Mender::Relist() {
  auto host = netlink::Socket::Open();
  if (!host.ok()) return;
  const auto links = netlink::ListLinks(*host, "veth");
  if (!links.ok()) return;
  drift_.OnLinks(*links);
  relist_ = false;
}

void Mender::Tick() {
  if (relist_) Relist();
  const auto targets = drift_.Due(absl::Now());
  if (targets.empty()) return Arm();
  Run([this, sights = WhatIsKnown(targets)] {
    return [this, seen = Look(sights)] { OnLooked(seen); };
  });
}

// Runs `blocking` on the worker; what it returns runs here afterwards.
void Mender::Run(std::function<std::function<void()>()> blocking) {
  RunErrand(worker_, parts_.loop, alive_, std::move(blocking));
}

base::Ipv4 Mender::Gateway() const {
  return parts_.gateway == nullptr ? parts_.node.address : parts_.gateway();
}

Sights Mender::WhatIsKnown(const std::vector<Drift::Target>& targets) const {
  Sights sights;
  if (parts_.node.ifindex == 0) return sights;  // the interface is away
  for (const Drift::Target& target : targets) {
    const pool::Address* row = parts_.pool.Find(target.attachment);
    if (row == nullptr) continue;
    sights.push_back({.target = target,
                      .netns = row->lease->netns,
                      .network = NetworkOf(*row, parts_.node, Gateway()),
                      .missing = {},
                      .unseen = {}});
    sights.back().network.host_ifindex = target.host_ifindex;
  }
  return sights;
}

void Mender::OnLooked(const absl::StatusOr<Sights>& sights) {
  const absl::Time now = absl::Now();
  if (!sights.ok()) {
    LOG(WARNING) << "drift: " << sights.status().message();
    drift_.OnLooked({}, now);
    drift_.SuspectAll(now + Drift::kRetry);
    return Arm();
  }
  std::vector<Drift::Found> found;
  std::map<base::Attachment, Sight> seen;
  for (const Sight& sight : *sights) {
    if (!sight.unseen.ok()) TellUnseen(sight);
    found.push_back({sight.target.attachment, sight.missing});
    seen[sight.target.attachment] = sight;
  }
  Sights orders;
  for (const Drift::Found& order : drift_.OnLooked(found, now)) {
    orders.push_back(seen[order.attachment]);
    orders.back().missing = order.missing;
  }
  if (orders.empty()) return Arm();
  Run([this, orders = std::move(orders)] {
    return [this, orders, done = Mend(orders)] { OnMended(orders, done); };
  });
}

void Mender::OnMended(const Sights& sights,
                      const std::vector<Drift::Done>& done) {
  for (const auto& held : drift_.OnMended(done, absl::Now())) {
    TellHeldBack(held);
  }
  int lines = 0;
  for (size_t i = 0; i < done.size(); ++i) {
    Tell(sights[i], done[i], lines++ < kMaxLinesPerRound);
    const pool::Address* row = parts_.pool.Find(done[i].attachment);
    if (row != nullptr && row->lease->phase == pool::Phase::kAttached) continue;
    leftovers_.push_back(
        {sights[i].network.alias, "", sights[i].network.address});
    leftover_timer_.Set(kLeftoverDelay);
  }
  if (lines > kMaxLinesPerRound) {
    LOG(WARNING) << "drift: and of pods=" << lines - kMaxLinesPerRound
                 << " more";
  }
  Arm();
}

// What the DEL had removed before it was made anew.
void Mender::TakeBack() {
  for (const Undertaker::Burial& burial : std::exchange(leftovers_, {})) {
    const pool::Address* row = parts_.pool.Find(*burial.address);
    const bool taken = row != nullptr && row->lease &&
                       row->lease->phase != pool::Phase::kDetaching;
    if (!taken) parts_.undertaker.Bury(burial, [](const absl::Status&) {});
  }
}

// --- proxies

void Mender::ListProxies() {
  if (parts_.pool.counts().leased == 0 || parts_.node.ifindex == 0) {
    return proxy_timer_.Set(kProxyInterval);
  }
  Run([this, ifindex = parts_.node.ifindex] {
    return [this, proxies = ProxiesOn(ifindex)] { OnProxies(proxies); };
  });
}

void Mender::OnProxies(const absl::StatusOr<std::vector<base::Ipv4>>& proxies) {
  proxy_timer_.Set(kProxyInterval);
  if (!proxies.ok()) {
    LOG(WARNING) << "drift: " << proxies.status().message();
    return;
  }
  drift_.OnProxies(*proxies, absl::Now());
  Arm();
}

// --- what is told

void Mender::Tell(const Sight& sight, const Drift::Done& done, bool log) {
  for (const netlink::Mended& part : done.parts) {
    parts_.metrics.Add("cnivpc_drift_repairs_total",
                       {{"part", std::string(NameOf(part.part))},
                        {"outcome", part.status.ok() ? "repaired" : "failed"}});
  }
  std::string text;
  const std::string mended = Names(done.parts, true);
  if (!mended.empty()) text = absl::StrCat("made anew: ", mended);
  const absl::Status error = FirstError(done.parts);
  if (!error.ok()) {
    absl::StrAppend(&text, text.empty() ? "" : "; ",
                    "failed: ", Names(done.parts, false), ": ",
                    error.message());
  }
  if (log) {
    LOG(WARNING) << "drift: attachment=" << done.attachment.ToString()
                 << " address=" << sight.network.address.ToString() << " "
                 << text;
  }
  const pool::Address* row = parts_.pool.Find(done.attachment);
  if (row == nullptr) return;
  parts_.note({.reason = pool::Reason::kDrift,
               .address = row->ip,
               .attachment = done.attachment,
               .pod = row->lease->pod,
               .subnet = row->subnet,
               .text = text});
}

void Mender::TellHeldBack(const Drift::HeldBack& held) {
  const std::string text =
      absl::StrCat(NameOf(held.part), " was made anew ", Drift::kBurst,
                   " times and doesn't last");
  LOG(WARNING) << "drift: attachment=" << held.attachment.ToString()
               << " until=" << absl::FormatTime(held.until) << " " << text;
  const pool::Address* row = parts_.pool.Find(held.attachment);
  if (row == nullptr) return;
  parts_.note({.reason = pool::Reason::kDriftHeld,
               .address = row->ip,
               .attachment = held.attachment,
               .pod = row->lease->pod,
               .subnet = row->subnet,
               .text = text,
               .until = held.until});
}

void Mender::TellUnseen(const Sight& sight) {
  parts_.metrics.Add("cnivpc_drift_unseen_total");
  if (told_unseen_) return;
  told_unseen_ = true;
  LOG(WARNING) << "drift: cannot look into pods, this one for instance, and so "
                  "not mend what is inside: attachment="
               << sight.target.attachment.ToString() << " "
               << sight.unseen.message();
}

}  // namespace applets::ipamd
