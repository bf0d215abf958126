#ifndef CNIVPC_APPLETS_LEDGER_VPC_CONFIG_H_
#define CNIVPC_APPLETS_LEDGER_VPC_CONFIG_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "netlink/node.h"
#include "pool/pool.h"
#include "vpc/interfaces.h"
#include "vpc/provider.h"
#include "vpc/ucloud/access.h"
#include "vpc/ucloud/place.h"

namespace applets::ledger {

// How UCloud's VPC is reached, and where in it this node is. No keys: they are
// looked for anew by who needs them.
struct UcloudConfig {
  std::string metadata_url = "http://100.80.80.80";
  // "" for UCLOUD_API_ENDPOINT, or else the one inside of VPCs.
  std::string api_endpoint = {};
  std::string ca_bundle = {};  // "" for the distribution's
  std::string role = vpc::ucloud::kDefaultRole;
  std::string environment_file = vpc::ucloud::kEnvironmentFile;
  int rate_per_second = 10;
  int burst = 20;
  vpc::ucloud::Place place = {};  // found by Locate

  friend bool operator==(const UcloudConfig&, const UcloudConfig&) = default;
};

// How this node gets its addresses. ipamd has it from its flags and keeps it in
// the store, where the plugin finds it when ipamd doesn't run.
struct VpcConfig {
  std::string vpc = "embedded";  // or "ucloud"; "" to find it out
  std::string subnet = {};       // a CIDR; with UCloud a subnet's id
  std::string vpc_state = {};    // the embedded VPC's file; "" for STATE/vpc.db
  std::vector<std::string> reserved = {};  // addresses and CIDRs never given
  std::string interface = {};              // the node's; "" to find it (Locate)
  absl::Duration cooldown = absl::Seconds(30);
  UcloudConfig ucloud = {};

  friend bool operator==(const VpcConfig&, const VpcConfig&) = default;
};

std::string ToJson(const VpcConfig& config);
absl::StatusOr<VpcConfig> ParseVpcConfig(absl::string_view json);

// "10.0.0.1" or "10.0.0.0/28" as prefixes; INVALID_ARGUMENT "reserved: ...".
absl::StatusOr<std::vector<base::Ipv4Prefix>> ParseReserved(
    const std::vector<std::string>& reserved);

// What all calls to UCloud's VPC of one process share: keys, connections and
// the one budget. Null for the embedded VPC, which needs none.
using SharedAccess = std::shared_ptr<vpc::ucloud::Access>;
absl::StatusOr<SharedAccess> OpenAccess(const VpcConfig& config);

// The provider of a configuration that Locate or ForInterface has made, for
// that interface of this node. INVALID_ARGUMENT names the field at fault;
// FAILED_PRECONDITION when the interface isn't the one that the configuration
// is about. The first one has an access of its own.
absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenProvider(
    const VpcConfig& config, const std::string& state_dir,
    const netlink::Node& node);
absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenProvider(
    const VpcConfig& config, const std::string& state_dir,
    const netlink::Node& node, SharedAccess access);

// The further interfaces of the node that a configuration of Locate's is about.
// FAILED_PRECONDITION, with what to do, for the embedded VPC, and while the
// metadata haven't told which instance the node is.
absl::StatusOr<std::unique_ptr<vpc::Interfaces>> OpenInterfaces(
    const VpcConfig& config, const std::string& state_dir, SharedAccess access);

// The node's configuration `main`, made to be about a further interface, whose
// link is called `ifname`: for OpenProvider, and for the setting "vpc" of the
// interface's own store.
VpcConfig ForInterface(const VpcConfig& main, const vpc::Interface& interface,
                       const std::string& ifname);

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_VPC_CONFIG_H_
