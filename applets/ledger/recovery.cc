#include "applets/ledger/recovery.h"

#include <map>
#include <set>
#include <utility>

#include "applets/ledger/alias.h"
#include "base/status.h"
#include "glog/logging.h"
#include "netlink/pod_inventory.h"

namespace applets::ledger {
namespace {

using base::Attachment;
using base::Ipv4;

void Append(pool::Records more, pool::Records* records) {
  for (pool::Record& record : more) records->push_back(std::move(record));
}

pool::Records CloseIntents(const pool::Pool& pool, const std::set<Ipv4>& listed,
                           absl::Time now) {
  pool::Records records;
  for (const auto& [id, intent] : pool.intents()) {
    records.push_back(pool::CloseIntent{id});
    for (const Ipv4 ip : intent.addresses) {
      const pool::Address* row = pool.Find(ip);
      if (row == nullptr || row->state != pool::State::kReleasing) continue;
      if (!listed.contains(ip)) {
        records.push_back(pool::DropAddress{ip});
        continue;
      }
      pool::Address kept = *row;
      kept.state = pool::State::kWarm;
      kept.since = now;
      records.push_back(pool::PutAddress{std::move(kept)});
    }
  }
  return records;
}

bool IsOurs(const KernelPod& pod) {
  return !pod.attachment.container_id.empty();
}

pool::Records TakeIn(const pool::Pool& pool, const std::string& subnet, Ipv4 ip,
                     const KernelPod* user, absl::Time now) {
  if (user == nullptr) return pool.DecideAdopt({ip}, subnet, now);
  if (IsOurs(*user) && pool.Find(user->attachment) == nullptr) {
    pool::Lease lease;
    lease.attachment = user->attachment;
    lease.host_ifname = user->host_ifname;
    lease.phase = pool::Phase::kAttached;
    lease.granted_at = now;
    return pool.DecideRestore(ip, subnet, std::move(lease), now);
  }
  pool::Address row;
  row.ip = ip;
  row.subnet = subnet;
  row.state = pool::State::kQuarantined;
  row.since = now;
  return {pool::PutAddress{std::move(row)}};
}

}  // namespace

absl::StatusOr<std::vector<KernelPod>> LookAtKernel(netlink::Socket& host) {
  ASSIGN_OR_RETURN(const auto links, netlink::ListPodLinks(host));
  ASSIGN_OR_RETURN(const auto foreign, netlink::ListUnclaimedPodLinks(host));
  ASSIGN_OR_RETURN(const auto routes, netlink::ListPodRoutes(host));
  std::map<uint32_t, const netlink::Link*> by_index;
  for (const auto& pod : links) by_index[pod.link.index] = &pod.link;
  for (const auto& link : foreign) by_index[link.index] = &link;
  std::vector<KernelPod> pods;
  for (const auto& route : routes) {
    const auto it = by_index.find(route.host_ifindex);
    if (it == by_index.end()) continue;
    pods.push_back(
        {route.address, it->second->name,
         AttachmentOfAlias(it->second->alias).value_or(Attachment{})});
  }
  return pods;
}

pool::Records Reconcile(const pool::Pool& pool, const std::string& subnet,
                        const std::vector<Ipv4>& listed,
                        const std::vector<KernelPod>& kernel, Scope scope,
                        absl::Time now) {
  std::map<Ipv4, const KernelPod*> users;
  for (const KernelPod& pod : kernel) users[pod.address] = &pod;
  std::set<Ipv4> to_take_in(listed.begin(), listed.end());
  pool::Records records = CloseIntents(pool, to_take_in, now);
  if (scope == Scope::kRebuild) {
    for (const KernelPod& pod : kernel) {
      if (IsOurs(pod)) to_take_in.insert(pod.address);
    }
  }
  for (const Ipv4 ip : to_take_in) {
    if (pool.Find(ip) != nullptr) continue;
    const auto user = users.find(ip);
    Append(TakeIn(pool, subnet, ip,
                  user == users.end() ? nullptr : user->second, now),
           &records);
  }
  return records;
}

void ClaimUnlisted(vpc::Provider& provider, const std::vector<Ipv4>& listed,
                   const std::vector<KernelPod>& kernel) {
  const std::set<Ipv4> known(listed.begin(), listed.end());
  for (const KernelPod& pod : kernel) {
    if (!IsOurs(pod) || known.contains(pod.address)) continue;
    const absl::Status status = provider.Claim(pod.address);
    if (status.ok()) continue;
    LOG(ERROR) << "pod " << pod.attachment.ToString() << " has address "
               << pod.address.ToString()
               << ", which the VPC doesn't count as this node's: "
               << status.message();
  }
}

}  // namespace applets::ledger
