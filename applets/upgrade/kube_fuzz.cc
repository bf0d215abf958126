// What the API server says of nodes, pods and runs is decoded or refused, and
// what is decided from it comes to an end.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "applets/upgrade/kube_nodes.h"
#include "applets/upgrade/kube_pod.h"
#include "applets/upgrade/kube_record.h"
#include "base/json.h"

namespace applets::upgrade {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

template <typename T>
bool IsRead(const absl::StatusOr<T>& read) {
  Require(read.ok() || absl::IsInvalidArgument(read.status()) ||
          absl::IsFailedPrecondition(read.status()));
  return read.ok();
}

void FuzzPod(const base::Json& json) {
  const auto pod = DecodeOperation(json);
  if (!IsRead(pod)) return;
  Fleet fleet;
  fleet.means.image = "i";
  fleet.nodes.push_back({.name = pod->name});
  for (const auto kind : {FleetTask::Kind::kLook, FleetTask::Kind::kUpgrade}) {
    const FleetTask task{kind, 0};
    Judge(fleet, task, *pod, absl::ZeroDuration());
    Require(Judge(fleet, task, *pod, absl::Hours(1)).has_value());
    Require(base::Json::Parse(OperationPod(fleet, task)).ok());
  }
}

void FuzzNode(const base::Json& json) {
  const auto node = DecodeClusterNode(json);
  if (!IsRead(node)) return;
  Require(NodesFor({*node}, {}, {}, absl::InfinitePast())->size() == 1);
}

void FuzzRecord(const base::Json& json) {
  const auto record = DecodeRecord(json);
  if (!IsRead(record)) return;
  const std::string text = EncodeRecord(*record);
  const auto again = base::Json::Parse(text);
  Require(again.ok() && EncodeRecord(*DecodeRecord(*again)) == text);
}

}  // namespace
}  // namespace applets::upgrade

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto json =
      base::Json::Parse({reinterpret_cast<const char*>(bytes), size});
  if (!json.ok()) return 0;
  applets::upgrade::FuzzPod(*json);
  applets::upgrade::FuzzNode(*json);
  applets::upgrade::FuzzRecord(*json);
  return 0;
}
