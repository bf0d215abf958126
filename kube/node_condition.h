#ifndef CNIVPC_KUBE_NODE_CONDITION_H_
#define CNIVPC_KUBE_NODE_CONDITION_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/json.h"

namespace kube {

// By core/v1's condition NetworkUnavailable a network says that a node can't
// run more pods. Kubernetes' controllers see to it that the scheduler leaves
// such a node alone: they taint it node.kubernetes.io/network-unavailable,
// NoSchedule.
inline constexpr char kNetworkUnavailable[] = "NetworkUnavailable";

struct NodeCondition {
  std::string type = {};
  bool is_true = false;  // anything else than "True" isn't
  std::string reason = {};
  std::string message = {};
  // Since when it says so, as the API server has it; "" for now.
  std::string since = {};

  friend bool operator==(const NodeCondition&, const NodeCondition&) = default;
};

// nullopt if the Node has none of that type. INVALID_ARGUMENT names the field.
absl::StatusOr<std::optional<NodeCondition>> DecodeNodeCondition(
    const base::Json& node, absl::string_view type);

// A strategic merge patch of the Node's status: conditions of other types stay.
std::string NodeConditionPatch(const NodeCondition& condition, absl::Time now);

}  // namespace kube

#endif  // CNIVPC_KUBE_NODE_CONDITION_H_
