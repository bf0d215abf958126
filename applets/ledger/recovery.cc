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

bool IsOurs(const pool::User& pod) {
  return !pod.attachment.container_id.empty();
}

}  // namespace

absl::StatusOr<std::vector<pool::User>> LookAtKernel(netlink::Socket& host) {
  ASSIGN_OR_RETURN(const auto links, netlink::ListPodLinks(host));
  ASSIGN_OR_RETURN(const auto foreign, netlink::ListUnclaimedPodLinks(host));
  ASSIGN_OR_RETURN(const auto routes, netlink::ListPodRoutes(host));
  std::map<uint32_t, const netlink::Link*> by_index;
  for (const auto& pod : links) by_index[pod.link.index] = &pod.link;
  for (const auto& link : foreign) by_index[link.index] = &link;
  std::vector<pool::User> pods;
  for (const auto& route : routes) {
    const auto it = by_index.find(route.host_ifindex);
    if (it == by_index.end()) continue;
    pods.push_back(
        {route.address, it->second->name,
         AttachmentOfAlias(it->second->alias).value_or(Attachment{})});
  }
  return pods;
}

void ClaimUnlisted(vpc::Provider& provider, const std::vector<Ipv4>& listed,
                   const std::vector<pool::User>& users) {
  const std::set<Ipv4> known(listed.begin(), listed.end());
  for (const pool::User& pod : users) {
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
