#ifndef CNIVPC_APPLETS_IPAMD_SIGHT_H_
#define CNIVPC_APPLETS_IPAMD_SIGHT_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/ipamd/drift.h"
#include "netlink/pod_parts.h"

namespace applets::ipamd {

// A lease that is looked at: what is known of its network, and what was seen.
struct Sight {
  Drift::Target target;
  std::string netns;            // its path; empty if it isn't known
  netlink::PodNetwork network;  // with indexes, if its host end was found
  std::set<netlink::PodPart> missing;
  absl::Status unseen;  // why the pod couldn't be looked into
};
using Sights = std::vector<Sight>;

// What blocks of the mender's work, for its worker; in the node's network
// namespace.

// Looks at each target where it says. What has no host end lacks nothing: the
// janitor sees to it.
absl::StatusOr<Sights> Look(Sights sights);

// Makes what is missing; the outcomes are in the order of `sights`.
std::vector<Drift::Done> Mend(const Sights& sights);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_SIGHT_H_
