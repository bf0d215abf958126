#ifndef CNIVPC_VPC_UCLOUD_PLACE_H_
#define CNIVPC_VPC_UCLOUD_PLACE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "vpc/ucloud/environment.h"
#include "vpc/ucloud/metadata.h"

namespace vpc::ucloud {

// Where addresses go: one interface of this node, in its subnet. What each call
// about secondary addresses has to say.
struct Place {
  std::string region = {};
  std::string zone = {};
  std::string project_id = {};  // "" for the one of the keys
  std::string vpc_id = {};
  std::string subnet_id = {};
  std::string object_id = {};    // ObjectIdOf
  base::Mac mac = {};            // the interface's
  std::string instance_id = {};  // the node's; "" in what 0.1.0 has stored

  friend bool operator==(const Place&, const Place&) = default;
};

// Which of the node's interfaces is wanted; both empty: its main one.
struct Wish {
  std::string subnet_id = {};
  std::optional<base::Mac> mac = {};
};

// The place on the node that `identity` describes, by this order:
//
//   1. the interface with the wished MAC and subnet
//   2. in the subnet that the cluster names, the node's main interface before
//      others; a cluster's subnet that this node isn't in doesn't count, for
//      one text is given to all nodes
//   3. the main interface
//
// Region and project are the cluster's, where it names them; a VPC, too, when
// the metadata don't tell it. NOT_FOUND when this host has no such interface:
// an address must never go to another host's. FAILED_PRECONDITION when it isn't
// told in which subnet or VPC the interface is.
absl::StatusOr<Place> PlaceOf(const Identity& identity,
                              const Environment& environment, const Wish& wish);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_PLACE_H_
