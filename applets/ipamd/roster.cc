#include "applets/ipamd/roster.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "applets/ipamd/fixed/registrar.h"
#include "kube/custom_resources.h"

namespace applets::ipamd {
namespace {

// kubelet writes the uid of a static pod there, into its mirror pod.
constexpr char kMirror[] = "kubernetes.io/config.mirror";

bool IsExpected(const kube::Pod& pod) {
  return !pod.host_network && !pod.IsOver() && !pod.meta.deletion && !pod.ip;
}

bool AsksForFixed(const kube::Pod& pod) {
  return pod.meta.Annotation(kube::kStaticIpAnnotation) == "true";
}

}  // namespace

std::optional<std::string> FixedBy(const kube::Pod& pod) {
  const kube::Owner* owner = pod.meta.Controller();
  if (!AsksForFixed(pod) || owner == nullptr || owner->kind != "StatefulSet" ||
      !fixed::SetMemberOf(pod.meta.key.name)) {
    return std::nullopt;
  }
  return owner->name;
}

std::optional<absl::Duration> KeptFor(const kube::Pod& pod) {
  return kube::ParseClaimPolicy(
             pod.meta.Annotation(kube::kClaimPolicyAnnotation))
      .value_or(std::nullopt);
}

absl::Status CheckSupported(const kube::Pod& pod) {
  if (AsksForFixed(pod) && !FixedBy(pod)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the pod asks for a fixed address (annotation ",
        kube::kStaticIpAnnotation, "), which only StatefulSets' pods get"));
  }
  return absl::OkStatus();
}

std::string RuntimeUid(const kube::Pod& pod) {
  const absl::string_view mirrored = pod.meta.Annotation(kMirror);
  return mirrored.empty() ? pod.meta.uid : std::string(mirrored);
}

void Roster::Take(std::vector<Change> changes) {
  for (Change& change : changes) {
    expected_.erase(change.key);
    if (!change.pod) {
      pods_.erase(change.key);
      continue;
    }
    if (IsExpected(*change.pod)) expected_.insert(change.key);
    pods_.insert_or_assign(change.key, *std::move(change.pod));
  }
}

const kube::Pod* Roster::Find(const kube::ObjectKey& key) const {
  const auto it = pods_.find(key);
  return it == pods_.end() ? nullptr : &it->second;
}

std::vector<const kube::Pod*> Roster::Expected(
    const absl::flat_hash_set<std::string>& served) const {
  std::vector<const kube::Pod*> pods;
  for (const kube::ObjectKey& key : expected_) {
    const kube::Pod& pod = pods_.at(key);
    if (!served.contains(RuntimeUid(pod))) pods.push_back(&pod);
  }
  return pods;
}

}  // namespace applets::ipamd
