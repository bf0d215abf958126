#ifndef CNIVPC_VPC_UCLOUD_ACCESS_H_
#define CNIVPC_VPC_UCLOUD_ACCESS_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "vpc/ucloud/budget_gate.h"
#include "vpc/ucloud/client.h"
#include "vpc/ucloud/credentials.h"
#include "vpc/ucloud/environment.h"
#include "vpc/ucloud/metadata_service.h"

namespace vpc::ucloud {

// UK8S's.
inline constexpr char kDefaultRole[] = "Uk8sServiceCharacter";
// Where the API is for a host of a VPC.
inline constexpr char kInnerEndpoint[] = "http://api.service.ucloud.cn";

struct AccessOptions {
  MetadataOptions metadata = {};
  // Whose temporary keys are asked for; "" for nobody's.
  std::string role = kDefaultRole;
  // Where permanent keys may be; "" for nowhere.
  std::string environment_file = kEnvironmentFile;
  // The process' own, where they may be, too.
  Variables variables = {};
  ClientOptions client = {.endpoint = kInnerEndpoint};
  BudgetOptions budget = {};
  // The time of day, by which temporary keys are renewed.
  std::function<absl::Time()> now = absl::Now;
};

// How this process reaches the API: its keys, the one budget for all its calls
// and the client that keeps to it. Shared by all the providers of a node. May
// be used by several threads at once.
class Access {
 public:
  // INVALID_ARGUMENT names the option that makes no sense. Asks nobody yet.
  static absl::StatusOr<std::shared_ptr<Access>> Open(AccessOptions options);

  Client& client() { return client_; }
  Credentials& credentials() { return credentials_; }

 private:
  explicit Access(AccessOptions options);
  CredentialsChain Chain(const AccessOptions& options);

  absl::BitGen metadata_random_;
  absl::BitGen credentials_random_;
  MetadataService metadata_;
  CredentialsChain credentials_;
  Gate gate_;
  Client client_;
};

// INVALID_ARGUMENT unless it is http:// or https://, and something behind.
absl::Status CheckEndpoint(const std::string& endpoint);

// What the file says, and over it the process' own variables; a file that isn't
// there says nothing.
absl::StatusOr<Variables> ReadVariables(const std::string& environment_file,
                                        const Variables& process);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_ACCESS_H_
