#ifndef CNIVPC_VPC_PROVIDER_H_
#define CNIVPC_VPC_PROVIDER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/address.h"

namespace vpc {

// A subnet that a node takes addresses from.
struct Subnet {
  std::string id;  // the VPC's name for it
  base::Ipv4Prefix prefix;
  int available = 0;  // addresses that nobody has
};

// Where addresses come from: a cloud's VPC, or the embedded one. Calls block,
// for seconds if need be, so ipamd makes them on a worker thread; one at a time
// for each object.
//
// A call that fails with DEADLINE_EXCEEDED or UNAVAILABLE has an unknown
// outcome: only List tells.
class Provider {
 public:
  virtual ~Provider() = default;

  // Gives this node up to `count` more addresses: fewer when the subnet has no
  // more, RESOURCE_EXHAUSTED when it has none.
  virtual absl::StatusOr<std::vector<base::Ipv4>> Allocate(int count) = 0;

  // Takes that very address for this node, because a pod has it. OK when it is
  // this node's already; ALREADY_EXISTS when it is another's.
  virtual absl::Status Claim(base::Ipv4 address) = 0;

  // Gives one back. OK when it wasn't this node's any more.
  virtual absl::Status Release(base::Ipv4 address) = 0;

  // All the addresses that are this node's.
  virtual absl::StatusOr<std::vector<base::Ipv4>> List() = 0;

  virtual absl::StatusOr<Subnet> Describe() = 0;
};

}  // namespace vpc

#endif  // CNIVPC_VPC_PROVIDER_H_
