#include "applets/upgrade/kube_nodes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "kube/objects.h"
#include "kube/section.h"

namespace applets::upgrade {
namespace {

using Ready = ClusterNode::Ready;

constexpr char kSystemLabel[] = "kubernetes.io/os";
constexpr char kLinux[] = "linux";
constexpr size_t kMaxTextBytes = 300;

// Set by Kubernetes for a cordon and for the Ready condition.
constexpr absl::string_view kOwnTaints[] = {"node.kubernetes.io/unschedulable",
                                            "node.kubernetes.io/not-ready",
                                            "node.kubernetes.io/unreachable"};

bool KeepsPodsAway(absl::string_view key, absl::string_view effect) {
  return effect != "PreferNoSchedule" &&
         !absl::c_linear_search(kOwnTaints, key);
}

absl::Status ReadTaints(const kube::Section& spec, ClusterNode& node) {
  ASSIGN_OR_RETURN(const std::vector<base::Json> taints, spec.Array("taints"));
  for (const base::Json& json : taints) {
    ASSIGN_OR_RETURN(const std::string key, json.String("key"));
    ASSIGN_OR_RETURN(const std::string value, json.String("value", ""));
    ASSIGN_OR_RETURN(const std::string effect, json.String("effect", ""));
    if (!KeepsPodsAway(key, effect)) continue;
    node.taints.push_back(
        absl::StrCat(key, value.empty() ? "" : "=", value, ":", effect));
  }
  return absl::OkStatus();
}

absl::Status ReadReady(const kube::Section& status, ClusterNode& node) {
  node.ready_text = "it has never said that it is ready";
  ASSIGN_OR_RETURN(const std::vector<base::Json> conditions,
                   status.Array("conditions"));
  for (const base::Json& json : conditions) {
    ASSIGN_OR_RETURN(const std::string type, json.String("type", ""));
    if (type != "Ready") continue;
    ASSIGN_OR_RETURN(const std::string value, json.String("status", ""));
    ASSIGN_OR_RETURN(node.ready_text, json.String("message", ""));
    node.ready_text.resize(std::min(node.ready_text.size(), kMaxTextBytes));
    node.ready = value == "True"    ? Ready::kYes
                 : value == "False" ? Ready::kNo
                                    : Ready::kUnknown;
  }
  return absl::OkStatus();
}

absl::Status ReadAddress(const kube::Section& status, ClusterNode& node) {
  ASSIGN_OR_RETURN(const std::vector<base::Json> addresses,
                   status.Array("addresses"));
  for (const base::Json& json : addresses) {
    ASSIGN_OR_RETURN(const std::string type, json.String("type", ""));
    if (type != "InternalIP" || !node.address.empty()) continue;
    ASSIGN_OR_RETURN(node.address, json.String("address", ""));
  }
  return absl::OkStatus();
}

std::string WithText(absl::string_view what, const std::string& text) {
  return absl::StrCat(what, text.empty() ? "" : ": ", text);
}

std::string WhyItRunsNoPod(const ClusterNode& node) {
  if (!node.system.empty() && node.system != kLinux) {
    return absl::StrCat("runs ", node.system);
  }
  if (node.leaving) return "is being deleted";
  if (node.ready == Ready::kNo) return WithText("not ready", node.ready_text);
  if (node.ready == Ready::kUnknown) {
    return WithText("unreachable", node.ready_text);
  }
  return "";
}

absl::Status CheckThere(const std::vector<ClusterNode>& cluster,
                        const std::vector<std::string>& wanted) {
  std::set<std::string> names;
  for (const ClusterNode& node : cluster) names.insert(node.name);
  for (const std::string& name : wanted) {
    if (names.contains(name)) continue;
    return absl::NotFoundError(absl::StrCat("the cluster has no node ", name));
  }
  return absl::OkStatus();
}

FleetNode NodeOf(const ClusterNode& node, const FleetMeans& means,
                 absl::Time now) {
  FleetNode made{.name = node.name,
                 .address = node.address,
                 .text = WhySkipped(node, means),
                 .changed = now};
  made.not_before = absl::InfinitePast();
  if (!made.text.empty()) made.state = NodeState::kSkipped;
  return made;
}

}  // namespace

absl::StatusOr<ClusterNode> DecodeClusterNode(const base::Json& object) {
  ClusterNode node;
  ASSIGN_OR_RETURN(const kube::ObjectMeta meta, kube::DecodeMeta(object));
  node.name = meta.key.name;
  node.system = std::string(meta.Label(kSystemLabel));
  node.leaving = meta.deletion.has_value();
  ASSIGN_OR_RETURN(const kube::Section spec, kube::Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(node.cordoned, spec.Bool("unschedulable"));
  RETURN_IF_ERROR(ReadTaints(spec, node));
  ASSIGN_OR_RETURN(const kube::Section status,
                   kube::Section::Of(object, "status"));
  RETURN_IF_ERROR(ReadReady(status, node));
  RETURN_IF_ERROR(ReadAddress(status, node));
  return node;
}

std::string WhySkipped(const ClusterNode& node, const FleetMeans& means) {
  std::string no_pod = WhyItRunsNoPod(node);
  if (!no_pod.empty() || means.force) return no_pod;
  if (!node.taints.empty()) {
    return absl::StrCat("tainted (", absl::StrJoin(node.taints, ", "),
                        "); if you mean it: --force");
  }
  return node.cordoned ? "cordoned; if you mean it: --force" : "";
}

absl::StatusOr<std::vector<FleetNode>> NodesFor(
    const std::vector<ClusterNode>& cluster,
    const std::vector<std::string>& wanted, const FleetMeans& means,
    absl::Time now) {
  RETURN_IF_ERROR(CheckThere(cluster, wanted));
  const std::set<std::string> names(wanted.begin(), wanted.end());
  std::vector<FleetNode> nodes;
  for (const ClusterNode& node : cluster) {
    if (!names.empty() && !names.contains(node.name)) continue;
    nodes.push_back(NodeOf(node, means, now));
  }
  absl::c_sort(nodes, [](const FleetNode& a, const FleetNode& b) {
    return a.name < b.name;
  });
  return nodes;
}

}  // namespace applets::upgrade
