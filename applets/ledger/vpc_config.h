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
#include "vpc/provider.h"

namespace applets::ledger {

// How this node gets its addresses. ipamd has it from its flags and keeps it in
// the store, where the plugin finds it when ipamd doesn't run.
struct VpcConfig {
  std::string vpc = "embedded";
  std::string subnet;     // CIDR
  std::string vpc_state;  // the embedded VPC's file; "" for STATE/vpc.db
  std::vector<std::string> reserved;  // addresses and CIDRs never given
  std::string interface;  // the node's; "" to find it (netlink/node.h)
  absl::Duration cooldown = absl::Seconds(30);

  friend bool operator==(const VpcConfig&, const VpcConfig&) = default;
};

std::string ToJson(const VpcConfig& config);
absl::StatusOr<VpcConfig> ParseVpcConfig(absl::string_view json);

// "10.0.0.1" or "10.0.0.0/28" as prefixes; INVALID_ARGUMENT "reserved: ...".
absl::StatusOr<std::vector<base::Ipv4Prefix>> ParseReserved(
    const std::vector<std::string>& reserved);

// The provider of the configuration, for this node. INVALID_ARGUMENT names the
// field at fault.
absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenProvider(
    const VpcConfig& config, const std::string& state_dir,
    const netlink::Node& node);

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_VPC_CONFIG_H_
