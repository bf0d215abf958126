#ifndef CNIVPC_POOL_SIM_ETHER_H_
#define CNIVPC_POOL_SIM_ETHER_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/address.h"
#include "pool/sim/cloud.h"

namespace pool::sim {

// Who would answer an ARP probe for an address (RFC 5227): nodes whose pods
// have it, nodes that probe it themselves, strangers.
class Ether {
 public:
  explicit Ether(const Cloud& cloud) : cloud_(cloud) {}

  void BeginUse(int node, base::Ipv4 ip) { users_[ip].push_back(node); }
  void EndUse(int node, base::Ipv4 ip) { Remove(users_, node, ip); }
  void BeginProbe(int node, base::Ipv4 ip) { probers_[ip].push_back(node); }
  void EndProbe(int node, base::Ipv4 ip) { Remove(probers_, node, ip); }

  // Somebody else than the node: who, or "".
  std::string WhoElse(int node, base::Ipv4 ip) const;

 private:
  using Nodes = absl::flat_hash_map<base::Ipv4, std::vector<int>>;
  static void Remove(Nodes& nodes, int node, base::Ipv4 ip);

  const Cloud& cloud_;
  Nodes users_;
  Nodes probers_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_ETHER_H_
