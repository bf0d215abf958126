#ifndef CNIVPC_VPC_INTERFACES_H_
#define CNIVPC_VPC_INTERFACES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/address.h"

namespace vpc {

// A further network interface of this node, for addresses of another subnet.
struct Interface {
  std::string id = {};
  std::string name = {};  // Interfaces::NameOf its wish
  base::Mac mac = {};
  base::Ipv4 address = {};  // its own
  base::Ipv4Prefix prefix = {};
  base::Ipv4 gateway = {};
  std::string subnet = {};
  std::string vpc = {};
  bool attached = false;  // to this node; the link comes a while later
};

struct InterfaceWish {
  std::string subnet = {};
  std::vector<std::string> security_groups = {};  // in any order
};

// Gets this node further interfaces. Calls block, for seconds if need be; they
// may come from several threads, and wait for each other. Errors are those of
// provider.h: DEADLINE_EXCEEDED and UNAVAILABLE are an unknown outcome, ABORTED
// is not now, others are refusals. All may be repeated.
class Interfaces {
 public:
  virtual ~Interfaces() = default;

  // The name of the interface for a wish, which says whose it is: this node's,
  // for that subnet and these groups. So an interface is found again.
  virtual std::string NameOf(const InterfaceWish& wish) const = 0;

  // The interface for it, attached to this node: the one that there is, or else
  // a new one; never two. FAILED_PRECONDITION: somebody has attached it to
  // another host, or the VPC refuses to attach one more here (the host has no
  // room; nothing is left behind then). RESOURCE_EXHAUSTED: the subnet has no
  // address for it.
  virtual absl::StatusOr<Interface> Ensure(const InterfaceWish& wish) = 0;

  // Detaches and deletes one; its addresses are to have been given back before.
  // OK when it doesn't exist. FAILED_PRECONDITION when it isn't one that Ensure
  // has made for this node, or is attached to another one.
  virtual absl::Status Remove(const std::string& id) = 0;

  // All that Ensure has made for this node, also those that aren't attached.
  virtual absl::StatusOr<std::vector<Interface>> List() = 0;
};

}  // namespace vpc

#endif  // CNIVPC_VPC_INTERFACES_H_
