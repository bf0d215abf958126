#include "kube/objects.h"

#include <utility>

#include "base/status.h"
#include "kube/section.h"

namespace kube {
namespace {

using Strings = std::map<std::string, std::string>;

constexpr char kLastApplied[] =
    "kubectl.kubernetes.io/last-applied-configuration";
// Seconds of a lease beyond which there is a mistake: a day.
constexpr int64_t kMaxLeaseSeconds = 86400;

absl::StatusOr<std::vector<Owner>> OwnersOf(const Section& meta) {
  ASSIGN_OR_RETURN(const std::vector<base::Json> references,
                   meta.Array("ownerReferences"));
  std::vector<Owner> owners;
  for (const base::Json& json : references) {
    Owner& owner = owners.emplace_back();
    ASSIGN_OR_RETURN(owner.api_version, json.String("apiVersion", ""));
    ASSIGN_OR_RETURN(owner.kind, json.String("kind", ""));
    ASSIGN_OR_RETURN(owner.name, json.String("name", ""));
    ASSIGN_OR_RETURN(owner.uid, json.String("uid", ""));
    ASSIGN_OR_RETURN(owner.controls, json.Bool("controller", false));
  }
  return owners;
}

Pod::Phase PhaseOf(absl::string_view text) {
  if (text == "Pending") return Pod::Phase::kPending;
  if (text == "Running") return Pod::Phase::kRunning;
  if (text == "Succeeded") return Pod::Phase::kSucceeded;
  if (text == "Failed") return Pod::Phase::kFailed;
  return Pod::Phase::kUnknown;
}

absl::StatusOr<std::vector<base::Ipv4>> InternalIps(const Section& status) {
  ASSIGN_OR_RETURN(const std::vector<base::Json> addresses,
                   status.Array("addresses"));
  std::vector<base::Ipv4> ips;
  for (const base::Json& json : addresses) {
    ASSIGN_OR_RETURN(const std::string type, json.String("type", ""));
    if (type != "InternalIP") continue;
    ASSIGN_OR_RETURN(const std::string text, json.String("address", ""));
    const absl::StatusOr<base::Ipv4> ip = base::Ipv4::Parse(text);
    if (ip.ok()) ips.push_back(*ip);  // the others are IPv6
  }
  return ips;
}

absl::StatusOr<bool> IsReady(const Section& status) {
  ASSIGN_OR_RETURN(const std::vector<base::Json> conditions,
                   status.Array("conditions"));
  for (const base::Json& json : conditions) {
    ASSIGN_OR_RETURN(const std::string type, json.String("type", ""));
    if (type != "Ready") continue;
    ASSIGN_OR_RETURN(const std::string value, json.String("status", ""));
    return value == "True";
  }
  return false;
}

absl::string_view In(const Strings& strings, const std::string& name) {
  const auto it = strings.find(name);
  return it == strings.end() ? absl::string_view() : it->second;
}

}  // namespace

absl::string_view ObjectMeta::Label(const std::string& name) const {
  return In(labels, name);
}

absl::string_view ObjectMeta::Annotation(const std::string& name) const {
  return In(annotations, name);
}

const Owner* ObjectMeta::Controller() const {
  for (const Owner& owner : owners) {
    if (owner.controls) return &owner;
  }
  return nullptr;
}

absl::StatusOr<ObjectMeta> DecodeMeta(const base::Json& object) {
  ASSIGN_OR_RETURN(const base::Json json, object.Get("metadata"));
  ASSIGN_OR_RETURN(const Section section, Section::Of(object, "metadata"));
  ObjectMeta meta;
  ASSIGN_OR_RETURN(meta.key.name, json.String("name"));
  ASSIGN_OR_RETURN(meta.key.name_space, section.String("namespace"));
  ASSIGN_OR_RETURN(meta.uid, section.String("uid"));
  ASSIGN_OR_RETURN(meta.resource_version, section.String("resourceVersion"));
  ASSIGN_OR_RETURN(meta.labels, section.Strings("labels"));
  ASSIGN_OR_RETURN(meta.annotations, section.Strings("annotations"));
  meta.annotations.erase(kLastApplied);
  ASSIGN_OR_RETURN(meta.finalizers, section.Words("finalizers"));
  ASSIGN_OR_RETURN(meta.owners, OwnersOf(section));
  ASSIGN_OR_RETURN(meta.created, section.Time("creationTimestamp"));
  ASSIGN_OR_RETURN(meta.deletion, section.Time("deletionTimestamp"));
  return meta;
}

absl::StatusOr<Pod> DecodePod(const base::Json& object) {
  Pod pod;
  ASSIGN_OR_RETURN(pod.meta, DecodeMeta(object));
  ASSIGN_OR_RETURN(const Section spec, Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(pod.node, spec.String("nodeName"));
  ASSIGN_OR_RETURN(pod.host_network, spec.Bool("hostNetwork"));
  ASSIGN_OR_RETURN(const Section status, Section::Of(object, "status"));
  ASSIGN_OR_RETURN(const std::string phase, status.String("phase"));
  pod.phase = PhaseOf(phase);
  ASSIGN_OR_RETURN(const std::string ip, status.String("podIP"));
  if (const auto parsed = base::Ipv4::Parse(ip); parsed.ok()) pod.ip = *parsed;
  return pod;
}

absl::StatusOr<Node> DecodeNode(const base::Json& object) {
  Node node;
  ASSIGN_OR_RETURN(node.meta, DecodeMeta(object));
  ASSIGN_OR_RETURN(const Section spec, Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(node.provider_id, spec.String("providerID"));
  ASSIGN_OR_RETURN(node.unschedulable, spec.Bool("unschedulable"));
  ASSIGN_OR_RETURN(const Section status, Section::Of(object, "status"));
  ASSIGN_OR_RETURN(node.internal_ips, InternalIps(status));
  ASSIGN_OR_RETURN(node.ready, IsReady(status));
  return node;
}

absl::StatusOr<StatefulSet> DecodeStatefulSet(const base::Json& object) {
  StatefulSet set;
  ASSIGN_OR_RETURN(set.meta, DecodeMeta(object));
  ASSIGN_OR_RETURN(const Section spec, Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(set.replicas, spec.Int("replicas", 1));
  ASSIGN_OR_RETURN(const Section ordinals, spec.Sub("ordinals"));
  ASSIGN_OR_RETURN(set.first_ordinal, ordinals.Int("start", 0));
  ASSIGN_OR_RETURN(const Section pod, spec.Sub("template"));
  ASSIGN_OR_RETURN(const Section pod_meta, pod.Sub("metadata"));
  ASSIGN_OR_RETURN(set.pod_annotations, pod_meta.Strings("annotations"));
  return set;
}

absl::StatusOr<Lease> DecodeLease(const base::Json& object) {
  Lease lease;
  ASSIGN_OR_RETURN(lease.meta, DecodeMeta(object));
  ASSIGN_OR_RETURN(const Section spec, Section::Of(object, "spec"));
  ASSIGN_OR_RETURN(lease.holder, spec.String("holderIdentity"));
  ASSIGN_OR_RETURN(const int64_t seconds, spec.Int("leaseDurationSeconds", 0));
  if (seconds < 0 || seconds > kMaxLeaseSeconds) {
    return absl::InvalidArgumentError(
        "spec.leaseDurationSeconds: must be from 0 to a day");
  }
  lease.duration = absl::Seconds(seconds);
  ASSIGN_OR_RETURN(lease.acquired, spec.Time("acquireTime"));
  ASSIGN_OR_RETURN(lease.renewed, spec.Time("renewTime"));
  ASSIGN_OR_RETURN(lease.transitions, spec.Int("leaseTransitions", 0));
  return lease;
}

}  // namespace kube
