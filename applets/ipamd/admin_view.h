#ifndef CNIVPC_APPLETS_IPAMD_ADMIN_VIEW_H_
#define CNIVPC_APPLETS_IPAMD_ADMIN_VIEW_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "applets/ipamd/causes.h"
#include "applets/ipamd/options.h"
#include "applets/rpc/messages_admin.h"
#include "applets/rpc/messages_node.h"
#include "base/address.h"
#include "pool/pool.h"
#include "vpc/provider.h"

// What operators are shown. Pure.
namespace applets::ipamd {

// UK8S's word for how full the pool is: "dry", "hungry" (below the low
// watermark), "normal", or "overflow" (above the high one).
std::string LevelOf(int warm, const pool::Watermarks& watermarks);

// The pool's and the VPC's part of a NodeReply; `could_lease` is why no address
// could be leased now, or OK.
rpc::NodeReply NodeOf(const Scene& scene, const Options& options,
                      const absl::Status& could_lease, absl::Time now);
void TellUsage(const vpc::Usage& usage, rpc::VpcHealth& health);

// Of what the VPC lists, the addresses that neither the pool nor a pod has, and
// those that were popped.
rpc::UnusedReply UnusedOf(const pool::Pool& pool,
                          const std::vector<base::Ipv4>& listed,
                          const std::string& node, const std::string& subnet);

// How ipamd was started, as a JSON object. There are no secrets in it.
std::string ConfigJson(const Options& options);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_ADMIN_VIEW_H_
