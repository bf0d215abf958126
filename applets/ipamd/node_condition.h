#ifndef CNIVPC_APPLETS_IPAMD_NODE_CONDITION_H_
#define CNIVPC_APPLETS_IPAMD_NODE_CONDITION_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "applets/ipamd/condition_plan.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/steady_status.h"
#include "base/loop.h"
#include "kube/client.h"

namespace applets::ipamd {

// Tells the scheduler when this node can give no pod an address: by the Node's
// condition NetworkUnavailable, for which Kubernetes taints it. What passes
// within kHold isn't told, nor is the start. Lives on the loop's thread; calls
// are made on one that owns nothing.
class NodeCondition {
 public:
  static constexpr absl::Duration kHold = absl::Seconds(10);

  struct Parts {
    base::Loop& loop;
    const kube::Config& api;
    std::string node;
    Metrics& metrics;
    // Whether an address could be leased, or why none could.
    std::function<absl::Status()> could;
  };
  explicit NodeCondition(Parts parts);
  ~NodeCondition();
  NodeCondition(const NodeCondition&) = delete;
  NodeCondition& operator=(const NodeCondition&) = delete;

  // Begins, when `could` may be called.
  void Start() { Look(); }
  // There is an address.
  void OnWarm() { steady_.OnWarm(); }

 private:
  void Look();
  void Write(const kube::NodeCondition& condition);

  const Parts parts_;
  const std::shared_ptr<kube::Client> client_;
  SteadyStatus steady_{kHold};
  ConditionPlan plan_;
  const absl::Duration began_;  // after the boot
  base::Timer timer_;
  base::Workers writing_{1};
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_NODE_CONDITION_H_
