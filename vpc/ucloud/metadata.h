#ifndef CNIVPC_VPC_UCLOUD_METADATA_H_
#define CNIVPC_VPC_UCLOUD_METADATA_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/address.h"

namespace vpc::ucloud {

// A network interface of the node, as the metadata service describes it.
struct Interface {
  std::string id = {};  // "uni-…"; "" on older nodes
  base::Mac mac = {};
  bool is_default = false;     // of exactly one interface
  std::string subnet_id = {};  // may be "" but for the default interface
  std::string vpc_id = {};     // likewise
  // In the VPC: without public (EIP) and IPv6 addresses.
  std::vector<base::Ipv4> addresses = {};
};

// Who this node is.
struct Identity {
  std::string region = {};
  std::string zone = {};
  std::string instance_id = {};  // "uhost-…", or "upm-…" on bare metal
  std::string project_id = {};   // "" if the service doesn't tell
  bool bare_metal = false;
  std::vector<Interface> interfaces = {};
};

// Reads the document /meta-data/v1.json:
//
//   {"region", "availability-zone", "instance-id",
//    "uhost" (bare metal: "uphost"): {"project-id", "network-interfaces":
//      [{"default", "id", "mac", "subnet-id", "vpc-id",
//        "ips": [{"ip-address", "type", "ip-id"}]}]}}
//
// The default interface is the one that says so; else, and always on bare
// metal, the first. INVALID_ARGUMENT names the path of what is missing or
// wrong; there is at least one interface otherwise.
absl::StatusOr<Identity> ParseIdentity(absl::string_view document);

// The default interface, which on bare metal is not always eth0: look for the
// link with its MAC. Borrowed; nullptr only for an identity without any.
const Interface* MainInterface(const Identity& identity);
// The first interface with that MAC; nullptr if there is none.
const Interface* InterfaceWith(const Identity& identity, const base::Mac& mac);

// What the API wants as ObjectId: the default interface's id where it has one,
// else the instance's.
std::string ObjectIdOf(const Identity& identity);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_METADATA_H_
