#include "pool/sim/fleet.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "pool/sim/agenda.h"
#include "pool/sim/cloud.h"
#include "pool/sim/dice.h"
#include "pool/sim/ether.h"
#include "pool/sim/inspection.h"
#include "pool/sim/layout.h"
#include "pool/sim/node.h"
#include "pool/sim/world.h"

namespace pool::sim {
namespace {

enum : uint64_t { kFaultDice = 11, kCloudDice = 12, kNodeDice = 13 };

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);
// Before the end of a calm, when it is looked at what is free.
constexpr absl::Duration kLastLook = absl::Minutes(1);
// In a calm, connections with pods that have gone end, too: an address that has
// some rests for Steward's max_cooldown, which is longer than a calm.
constexpr absl::Duration kLongestFlow = absl::Minutes(2);

Faults FaultsOf(const Scenario& scenario) {
  const Dice dice = Dice(scenario.seed).Split(kFaultDice);
  if (scenario.only_faults) {
    return Faults(dice, scenario.nodes, *scenario.only_faults);
  }
  return Faults(dice, scenario.nodes, scenario.faults);
}

class Fleet {
 public:
  Fleet(const Scenario& scenario, Plant plant,
        const std::optional<Focus>& focus)
      : scenario_(scenario),
        layout_(scenario),
        agenda_(kStart),
        trace_(agenda_, focus),
        faults_(FaultsOf(scenario)),
        judge_(agenda_, layout_),
        cloud_({agenda_, faults_, trace_, layout_,
                [this](int id) {
                  const Node* const node = world_.NodeAt(id);
                  return node == nullptr ? 0 : node->life();
                }},
               Dice(scenario.seed).Split(kCloudDice),
               [this](base::Ipv4 ip, int from, int to, Cause cause) {
                 judge_.OnOwner(ip, from, to, cause);
               }),
        ether_(cloud_),
        world_{agenda_, faults_, trace_,  judge_, cloud_,
               ether_,  totals_, layout_, plant},
        inspection_(world_) {}

  Outcome Run() {
    world_.nodes.resize(static_cast<size_t>(scenario_.nodes));
    const Dice dice = Dice(scenario_.seed).Split(kNodeDice);
    for (int id = 0; id < scenario_.nodes; ++id) {
      if (!scenario_.Has(id)) continue;
      nodes_.push_back(std::make_unique<Node>(
          world_, id, dice.Split(static_cast<uint64_t>(id))));
      world_.nodes[static_cast<size_t>(id)] = nodes_.back().get();
    }
    for (const auto& node : nodes_) node->PowerOn();
    while (!agenda_.stopped() && agenda_.elapsed() < scenario_.length) {
      Storm();
      Calm();
    }
    return {judge_.violation(), totals_,          faults_.strikes(),
            faults_.counts(),   agenda_.events(), agenda_.elapsed(),
            trace_.lines()};
  }

 private:
  void Storm() {
    faults_.Resume();
    agenda_.RunUntil(agenda_.now() + scenario_.storm);
  }

  void Calm() {
    if (agenda_.stopped()) return;
    faults_.Suspend();
    trace_.Say(-1, "calm");
    world_.calm_until = agenda_.now() + scenario_.calm;
    for (const auto& node : nodes_) {
      node->host().EndFlows(agenda_.now() + kLongestFlow);
    }
    agenda_.RunUntil(world_.calm_until - kLastLook);
    inspection_.Prepare();
    agenda_.RunUntil(world_.calm_until);
    for (const auto& node : nodes_) {
      if (agenda_.stopped() || !inspection_.Inspect(*node)) return;
    }
  }

  const Scenario& scenario_;
  const Layout layout_;
  Agenda agenda_;
  Trace trace_;
  Faults faults_;
  Judge judge_;
  Cloud cloud_;
  Ether ether_;
  Totals totals_;
  World world_;
  Inspection inspection_;
  std::vector<std::unique_ptr<Node>> nodes_;
};

}  // namespace

Outcome Simulate(const Scenario& scenario, Plant plant,
                 const std::optional<Focus>& focus) {
  return std::make_unique<Fleet>(scenario, plant, focus)->Run();
}

}  // namespace pool::sim
