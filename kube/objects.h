#ifndef CNIVPC_KUBE_OBJECTS_H_
#define CNIVPC_KUBE_OBJECTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/json.h"
#include "kube/resource.h"

// Kubernetes' own objects, as much of them as we look at: the same from 1.20 to
// 1.36. Fields that aren't known are ignored; a missing or null one has its
// default. Errors are INVALID_ARGUMENT and name the field.
namespace kube {

// Who an object goes with when it is deleted.
struct Owner {
  std::string api_version = {};
  std::string kind = {};
  std::string name = {};
  std::string uid = {};
  bool controls = false;  // it made the object, and looks after it

  friend bool operator==(const Owner&, const Owner&) = default;
};

// meta/v1 ObjectMeta. A name is required.
struct ObjectMeta {
  ObjectKey key = {};
  std::string uid = {};
  std::string resource_version = {};
  std::map<std::string, std::string> labels = {};
  // Without what kubectl apply remembers there, which may be as large as the
  // object itself.
  std::map<std::string, std::string> annotations = {};
  std::vector<std::string> finalizers = {};
  std::vector<Owner> owners = {};
  std::optional<absl::Time> created = {};
  // It is being deleted: when its grace ends.
  std::optional<absl::Time> deletion = {};

  // "" if there is none.
  absl::string_view Label(const std::string& name) const;
  absl::string_view Annotation(const std::string& name) const;
  // The owner that controls it; null if none does.
  const Owner* Controller() const;

  friend bool operator==(const ObjectMeta&, const ObjectMeta&) = default;
};

struct Pod {
  enum class Phase { kUnknown, kPending, kRunning, kSucceeded, kFailed };

  ObjectMeta meta = {};
  std::string node = {};  // "" until it is scheduled
  bool host_network = false;
  Phase phase = Phase::kUnknown;
  std::optional<base::Ipv4> ip = {};  // none, too, if it is IPv6

  // Its containers have ended for good: it needs no network any more.
  bool IsOver() const {
    return phase == Phase::kSucceeded || phase == Phase::kFailed;
  }
  friend bool operator==(const Pod&, const Pod&) = default;
};

struct Node {
  ObjectMeta meta = {};
  std::string provider_id = {};
  bool unschedulable = false;
  bool ready = false;
  std::vector<base::Ipv4> internal_ips = {};

  friend bool operator==(const Node&, const Node&) = default;
};

struct StatefulSet {
  ObjectMeta meta = {};
  int64_t replicas = 1;
  int64_t first_ordinal = 0;  // since 1.26
  std::map<std::string, std::string> pod_annotations = {};

  friend bool operator==(const StatefulSet&, const StatefulSet&) = default;
};

struct Lease {
  ObjectMeta meta = {};
  std::string holder = {};  // "" for nobody
  absl::Duration duration = {};
  std::optional<absl::Time> acquired = {};
  std::optional<absl::Time> renewed = {};
  int64_t transitions = 0;

  friend bool operator==(const Lease&, const Lease&) = default;
};

absl::StatusOr<ObjectMeta> DecodeMeta(const base::Json& object);
absl::StatusOr<Pod> DecodePod(const base::Json& object);
absl::StatusOr<Node> DecodeNode(const base::Json& object);
absl::StatusOr<StatefulSet> DecodeStatefulSet(const base::Json& object);
absl::StatusOr<Lease> DecodeLease(const base::Json& object);

}  // namespace kube

#endif  // CNIVPC_KUBE_OBJECTS_H_
