#ifndef CNIVPC_APPLETS_VPCSIM_STATE_FILE_H_
#define CNIVPC_APPLETS_VPCSIM_STATE_FILE_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/vpcsim/keys.h"
#include "applets/vpcsim/world.h"
#include "base/address.h"
#include "base/json.h"

// A world as a JSON document:
//
//   {"region": "cn-bj2", "zones": ["cn-bj2-04"], "project": "org-lab",
//    "quotas": {"secondary_per_interface": 256, "interfaces_per_host": 8},
//    "batch_shape": "reference",        or "example": see BatchShape
//    "keys": [{"public": "...", "private": "..."}],
//    "vpcs": [{"id": "uvnet-1", "name": "lab"}],
//    "subnets": [
//      {"id": "subnet-1", "vpc": "uvnet-1", "name": "nodes",
//       "zone": "cn-bj2-04", "prefix": "10.126.0.0/16",
//       "next": "10.126.0.9"}],         where the search for a free one goes on
//    "hosts": [
//      {"id": "uhost-1", "name": "node-1", "zone": "cn-bj2-04",
//       "old_metadata": false, "net_feature": "",
//       "role": "Uk8sServiceCharacter",
//       "netns": "/run/netns/node-1",   where interfaces are plugged in
//       "interfaces": [                 the first is the default one
//         {"id": "uni-1", "mac": "52:54:00:00:00:01", "subnet": "subnet-1",
//          "name": "", "address": "10.126.0.11", "port": "node-1",
//          "security_groups": [{"id": "secgroup-1", "priority": 1}],
//          "secondary": ["10.126.0.100"]}]}],
//    "interfaces": [{...}]}             those that are attached to no host
//
// Only "vpcs", "subnets" and each "id", "prefix" and "mac" must be there. Left
// out, a zone is the first of "zones"; a vpc or subnet is the only one there
// is; an address is the next free one; all else is as above, or empty.
namespace applets::vpcsim {

inline constexpr size_t kMaxStateBytes = size_t{256} << 20;

struct State {
  std::unique_ptr<World> world;
  std::vector<KeyPair> keys;
};

// InvalidArgument names the path: `hosts[0].interfaces[1]: mac: ... is taken`.
absl::StatusOr<State> ReadState(absl::string_view text);
// The same, from which ReadState makes the same. Keys are secrets: leave them
// out unless the document goes to their owner.
std::string DumpState(const World& world, const std::vector<KeyPair>& keys);

// The members that Settings are of, alone.
absl::StatusOr<Settings> ReadSettings(const base::Json& json);
std::string DumpSettings(const Settings& settings);

// The list at "security_groups", alone.
absl::StatusOr<std::vector<SecurityGroup>> ReadSecurityGroups(
    const base::Json& json);
std::string DumpSecurityGroups(const std::vector<SecurityGroup>& groups);

// A world of one VPC, one subnet, and hosts that are all alike.
struct WorldSpec {
  Settings settings = {};
  base::Ipv4Prefix subnet = {};
  int hosts = 1;                  // uhost-1, uhost-2, ...
  base::Ipv4 first_address = {};  // of uhost-1; 0.0.0.0: the first to give
  base::Mac first_mac = base::Mac({0x52, 0x54, 0x00, 0x00, 0x00, 0x01});
  std::string port_prefix = {};  // "node-": node-1, ...; "" for no ports
};

// InvalidArgument when they don't fit.
absl::StatusOr<std::unique_ptr<World>> MakeWorld(const WorldSpec& spec);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_STATE_FILE_H_
