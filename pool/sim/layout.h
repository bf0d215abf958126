#ifndef CNIVPC_POOL_SIM_LAYOUT_H_
#define CNIVPC_POOL_SIM_LAYOUT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/address.h"
#include "pool/sim/scenario.h"
#include "pool/watermark.h"

namespace pool::sim {

// Which of its free addresses the VPC gives next.
enum class Pick { kLatest, kAny };  // the one that came back last; any

struct SubnetTraits {
  size_t first = 0;  // index of its first address
  size_t size = 0;
  Pick pick = Pick::kAny;
  int first_node = 0;
  int node_count = 0;
  double squatted = 0;  // the part that strangers use, unknown to the VPC
};

struct NodeTraits {
  size_t subnet = 0;
  Watermarks watermarks;
  bool probing = true;
  bool shifts = false;  // lends addresses to other nodes, and borrows them
  absl::Duration cooldown;
  int slots = 0;             // for pods
  absl::Duration pod_life;   // on the average
  absl::Duration pod_pause;  // until the next one takes its slot
  // An ADD that isn't answered for so long is given up ("timeout" of the
  // network configuration).
  absl::Duration patience;
};

std::string NameOfSubnet(size_t subnet);

// The fleet as it is built: what subnets there are (some with fewer addresses
// than their nodes could use, some with just enough) and what kind of node each
// is. Follows from the scenario; nodes that it leaves out keep their places.
class Layout {
 public:
  explicit Layout(const Scenario& scenario);

  const std::vector<NodeTraits>& nodes() const { return nodes_; }
  const std::vector<SubnetTraits>& subnets() const { return subnets_; }
  const NodeTraits& node(int id) const {
    return nodes_[static_cast<size_t>(id)];
  }
  // All nodes of a subnet.
  std::vector<int> NodesOf(size_t subnet) const;
  const SubnetTraits& SubnetOf(int node_id) const {
    return subnets_[node(node_id).subnet];
  }

  // Addresses are numbered from 0, all subnets together.
  size_t address_count() const { return address_count_; }
  static base::Ipv4 AddressAt(size_t index) {
    return base::Ipv4(kFirst + static_cast<uint32_t>(index));
  }
  static size_t IndexOf(base::Ipv4 ip) { return ip.bits() - kFirst; }

 private:
  static constexpr uint32_t kFirst = 0x0a000000;  // 10.0.0.0

  std::vector<NodeTraits> nodes_;
  std::vector<SubnetTraits> subnets_;
  size_t address_count_ = 0;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_LAYOUT_H_
