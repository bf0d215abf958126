#include "pool/sim/layout.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pool/sim/dice.h"

namespace pool::sim {
namespace {

// So that a stream of chance isn't used twice.
enum : uint64_t { kNodes = 1, kSubnets = 2 };

constexpr int kMaxNodesOfSubnet = 40;

template <typename T, size_t n>
T OneOf(const std::array<T, n>& choices, Dice& dice) {
  return choices[dice.Below(n)];
}

NodeTraits DrawNode(const Scenario& scenario, Dice dice) {
  static constexpr std::array<Watermarks, 6> kWatermarks = {
      {{0, 0}, {1, 1}, {1, 3}, {2, 4}, {3, 50}, {5, 8}}};
  static constexpr std::array kCooldowns = {absl::Seconds(30),
                                            absl::Seconds(30), absl::Seconds(5),
                                            absl::Seconds(90)};
  NodeTraits node;
  node.watermarks = OneOf(kWatermarks, dice);
  node.probing = dice.Chance(0.6);
  node.shifts = dice.Chance(0.7);
  node.cooldown = OneOf(kCooldowns, dice);
  node.slots = dice.From(2, 18);
  node.pod_life = scenario.pod_life * (0.5 + dice.Unit());
  node.pod_pause = node.pod_life * dice.Unit();
  node.patience = dice.Chance(0.5) ? absl::Seconds(10) : absl::Minutes(10);
  return node;
}

SubnetTraits DrawSubnet(int wanted, double least_room, Dice dice) {
  static constexpr std::array kRooms = {0.6, 0.8, 1.0, 1.2, 2.0, 3.0};
  SubnetTraits subnet;
  const double room = std::max(least_room, OneOf(kRooms, dice));
  subnet.size = std::max<size_t>(2, static_cast<size_t>(wanted * room));
  subnet.pick = dice.Chance(0.5) ? Pick::kLatest : Pick::kAny;
  subnet.squatted = dice.Chance(0.5) ? 0.02 * dice.Unit() : 0;
  return subnet;
}

}  // namespace

std::string NameOfSubnet(size_t subnet) {
  return absl::StrCat("subnet-", subnet);
}

Layout::Layout(const Scenario& scenario) {
  const Dice dice(scenario.seed);
  int wanted = 0;
  int members = 0;
  for (int id = 0; id < scenario.nodes; ++id) {
    NodeTraits node =
        DrawNode(scenario, dice.Split(kNodes).Split(static_cast<uint64_t>(id)));
    node.subnet = subnets_.size();
    wanted += node.slots + node.watermarks.low;
    nodes_.push_back(node);
    Dice subnet_dice = dice.Split(kSubnets).Split(subnets_.size());
    const bool last = id + 1 == scenario.nodes;
    if (++members < subnet_dice.From(2, kMaxNodesOfSubnet) && !last) continue;
    SubnetTraits subnet = DrawSubnet(wanted, scenario.room, subnet_dice);
    subnet.first = address_count_;
    subnet.first_node = id + 1 - members;
    subnet.node_count = members;
    address_count_ += subnet.size;
    subnets_.push_back(subnet);
    wanted = members = 0;
  }
}

std::vector<int> Layout::NodesOf(size_t subnet) const {
  const SubnetTraits& traits = subnets_[subnet];
  std::vector<int> nodes(static_cast<size_t>(traits.node_count));
  std::iota(nodes.begin(), nodes.end(), traits.first_node);
  return nodes;
}

}  // namespace pool::sim
