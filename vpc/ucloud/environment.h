#ifndef CNIVPC_VPC_UCLOUD_ENVIRONMENT_H_
#define CNIVPC_VPC_UCLOUD_ENVIRONMENT_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "vpc/ucloud/credentials.h"

namespace vpc::ucloud {

// Where UK8S leaves the variables below on a node.
inline constexpr char kEnvironmentFile[] = "/etc/kubernetes/ucloud";

// Variables by name. Two of them are keys: don't print one of these.
using Variables = std::map<std::string, std::string, std::less<>>;

// Reads lines NAME=VALUE, as systemd and shells do:
//
//   # comment, and empty lines
//   export NAME=value        # "export" is optional; so is the comment
//   NAME='as it is'          NAME="with \" \\ \$ and \` escaped"
//
// Nothing is expanded. Of a name given twice the last counts; a line that is no
// assignment is ignored. INVALID_ARGUMENT names the line, and nothing in it:
// a quote isn't closed, or something follows it.
absl::StatusOr<Variables> ParseEnvironmentFile(absl::string_view text);

// Those of the process whose names begin with UCLOUD_; for main, before there
// are threads.
Variables ProcessVariables();

// What a cluster tells its nodes; "" where it doesn't.
struct Environment {
  std::string endpoint = {};    // UCLOUD_API_ENDPOINT
  std::string region = {};      // UCLOUD_REGION_ID
  std::string project_id = {};  // UCLOUD_PROJECT_ID
  std::string vpc_id = {};      // UCLOUD_VPC_ID
  std::string subnet_id = {};   // UCLOUD_SUBNET_ID
  std::string cluster_id = {};  // UCLOUD_UK8S_CLUSTER_ID
};
Environment EnvironmentOf(const Variables& variables);

// The permanent keys UCLOUD_API_PUBKEY and UCLOUD_API_PRIKEY, for the project
// UCLOUD_PROJECT_ID. NOT_FOUND when there is neither; INVALID_ARGUMENT when
// there is only one of them.
absl::StatusOr<Keys> KeysOf(const Variables& variables);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_ENVIRONMENT_H_
