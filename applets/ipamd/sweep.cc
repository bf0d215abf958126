#include "applets/ipamd/sweep.h"

#include <algorithm>
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

void CompareFree(const pool::Address& row, const KernelView& kernel,
                 Findings& findings) {
  if (kernel.routed.contains(row.ip)) return;
  if (row.state == pool::State::kQuarantined) {
    findings.vacant.push_back(row.ip);
  } else if (kernel.rules.contains(row.ip) || kernel.proxies.contains(row.ip)) {
    findings.littered.push_back(row.ip);
  }
}

void CompareLeased(const pool::Address& row, const LinkTable& links,
                   const KernelView& kernel,
                   const std::function<bool(const base::Attachment&)>& guarded,
                   Findings& findings) {
  const base::Attachment& attachment = row.lease->attachment;
  const bool made =
      kernel.rules.contains(row.ip) && kernel.proxies.contains(row.ip);
  if (row.lease->phase == pool::Phase::kDetaching) {
    findings.detaching.push_back(attachment);
  } else if (row.lease->phase == pool::Phase::kAttaching &&
             !guarded(attachment)) {
    const bool link = links.Find(ledger::AliasOf(attachment), "") != 0;
    (link && made ? findings.complete : findings.abandoned)
        .push_back(attachment);
  } else if (row.lease->phase == pool::Phase::kAttached &&
             !kernel.routed.contains(row.ip) &&
             links.Find(ledger::AliasOf(attachment), row.lease->host_ifname) ==
                 0) {
    findings.leaked.push_back(attachment);
  }
}

bool IsLeased(const Books& books, const base::Attachment& attachment) {
  return std::any_of(
      books.pools.begin(), books.pools.end(),
      [&](const auto* pool) { return pool->Find(attachment) != nullptr; });
}

}  // namespace

absl::StatusOr<KernelView> ViewKernel(netlink::Socket& host,
                                      const std::vector<uint32_t>& interfaces) {
  ASSIGN_OR_RETURN(const auto rules, netlink::ListPodRules(host));
  KernelView view{{rules.begin(), rules.end()}, {}, {}};
  for (const uint32_t ifindex : interfaces) {
    ASSIGN_OR_RETURN(const auto proxies,
                     netlink::ListPodProxies(host, ifindex));
    view.proxies.insert(proxies.begin(), proxies.end());
  }
  ASSIGN_OR_RETURN(const auto routes, netlink::ListPodRoutes(host));
  for (const auto& route : routes) view.routed.insert(route.address);
  return view;
}

Findings Compare(const Books& books, const LinkTable& links,
                 const KernelView& kernel,
                 const std::function<bool(const base::Attachment&)>& guarded) {
  Findings findings;
  if (books.are_lost) return findings;
  for (const pool::Pool* pool : books.pools) {
    for (const auto& [ip, row] : pool->addresses()) {
      if (row.lease) {
        CompareLeased(row, links, kernel, guarded, findings);
      } else {
        CompareFree(row, kernel, findings);
      }
    }
  }
  for (const auto& [ifindex, link] : links.entries()) {
    const auto attachment = ledger::AttachmentOfAlias(link.alias);
    if (attachment && !IsLeased(books, *attachment)) {
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
