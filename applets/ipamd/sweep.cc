#include "applets/ipamd/sweep.h"

#include <utility>

#include "applets/ledger/alias.h"
#include "base/status.h"
#include "netlink/pod_inventory.h"

namespace applets::ipamd {
namespace {

template <typename T>
std::vector<T> InBoth(const std::vector<T>& now, const std::set<T>& before) {
  std::vector<T> both;
  for (const T& t : now) {
    if (before.contains(t)) both.push_back(t);
  }
  return both;
}

}  // namespace

absl::StatusOr<KernelView> ViewKernel(netlink::Socket& host,
                                      uint32_t node_ifindex) {
  ASSIGN_OR_RETURN(const auto rules, netlink::ListPodRules(host));
  ASSIGN_OR_RETURN(const auto proxies,
                   netlink::ListPodProxies(host, node_ifindex));
  ASSIGN_OR_RETURN(const auto routes, netlink::ListPodRoutes(host));
  KernelView view{
      {rules.begin(), rules.end()}, {proxies.begin(), proxies.end()}, {}};
  for (const auto& route : routes) view.routed.insert(route.address);
  return view;
}

Findings Compare(const Books& books, const LinkTable& links,
                 const KernelView& kernel,
                 const std::function<bool(const base::Attachment&)>& guarded) {
  Findings findings;
  if (books.are_lost) return findings;
  const pool::Pool& pool = books.pool;
  for (const auto& [ip, row] : pool.addresses()) {
    const bool rule = kernel.rules.contains(ip);
    const bool proxy = kernel.proxies.contains(ip);
    if (!row.lease) {
      if (kernel.routed.contains(ip)) continue;
      if (row.state == pool::State::kQuarantined) {
        findings.vacant.push_back(ip);
      } else if (rule || proxy) {
        findings.littered.push_back(ip);
      }
      continue;
    }
    const base::Attachment& attachment = row.lease->attachment;
    if (row.lease->phase == pool::Phase::kDetaching) {
      findings.detaching.push_back(attachment);
    } else if (row.lease->phase == pool::Phase::kAttaching &&
               !guarded(attachment)) {
      const bool link = links.Find(ledger::AliasOf(attachment), "") != 0;
      (link && rule && proxy ? findings.complete : findings.abandoned)
          .push_back(attachment);
    } else if (row.lease->phase == pool::Phase::kAttached &&
               !kernel.routed.contains(ip) &&
               links.Find(ledger::AliasOf(attachment),
                          row.lease->host_ifname) == 0) {
      findings.leaked.push_back(attachment);
    }
  }
  for (const auto& [ifindex, link] : links.entries()) {
    const auto attachment = ledger::AttachmentOfAlias(link.alias);
    if (attachment && pool.Find(*attachment) == nullptr) {
      findings.orphans.push_back(*attachment);
    }
  }
  return findings;
}

std::vector<base::Attachment> Suspects::ConfirmLeaks(
    const std::vector<base::Attachment>& leaked, absl::Time now) {
  const std::set<base::Attachment> found(leaked.begin(), leaked.end());
  std::erase_if(leaked_since_,
                [&](const auto& e) { return !found.contains(e.first); });
  std::vector<base::Attachment> confirmed;
  for (const base::Attachment& attachment : leaked) {
    const auto [it, first] = leaked_since_.emplace(attachment, now);
    if (!first && now - it->second >= leak_grace_) {
      confirmed.push_back(attachment);
    }
  }
  return confirmed;
}

Findings Suspects::Confirm(Findings findings, absl::Time now) {
  findings.leaked = ConfirmLeaks(findings.leaked, now);
  const std::vector<base::Attachment> orphans =
      InBoth(findings.orphans, orphans_);
  const std::vector<base::Ipv4> littered = InBoth(findings.littered, littered_);
  const std::vector<base::Ipv4> vacant = InBoth(findings.vacant, vacant_);
  orphans_ = {findings.orphans.begin(), findings.orphans.end()};
  littered_ = {findings.littered.begin(), findings.littered.end()};
  vacant_ = {findings.vacant.begin(), findings.vacant.end()};
  findings.orphans = orphans;
  findings.littered = littered;
  findings.vacant = vacant;
  return findings;
}

}  // namespace applets::ipamd
