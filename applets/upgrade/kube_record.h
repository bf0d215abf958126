// A run over a cluster on record: an object of our own, CniUpgrade
// (deploy/crds.yaml), that says who is at work, what he is wished to do, and
// how far he is. Pure.
//
// There is one, kube-system/cnivpc: a cluster has one run at a time. Whoever
// changes it changes what he has read, or nothing (its resourceVersion).
#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_RECORD_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_RECORD_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "base/json.h"
#include "kube/resource.h"

namespace applets::upgrade {

inline constexpr kube::Resource kCniUpgrades = {"vpc.uk8s.ucloud.cn", "v1beta1",
                                                "cniupgrades"};
kube::ObjectKey RecordKey();

// What somebody wishes whoever is at work to do.
enum class Wish { kNone, kPause, kResume, kAbort, kRollback };
absl::string_view ToString(Wish wish);

struct ClusterRecord {
  std::string holder = {};   // who is at work; "" for nobody
  std::string renewed = {};  // changes as long as he lives
  Wish wish = Wish::kNone;
  std::optional<Fleet> fleet = std::nullopt;

  friend bool operator==(const ClusterRecord&, const ClusterRecord&) = default;
};

// spec:   {"holder": "upgrader-x7", "renewed": "2026-…", "wish": "abort"}
// status: {"phase": "running", "progress": "3/40", "done": 3, "failed": 0,
//          "reason": "", "image": "cnivpc/ipamd:0.2.0",
//          "run": {as fleet.json, fleet.h}}
// INVALID_ARGUMENT names the field. A wish that isn't known is none.
absl::StatusOr<ClusterRecord> DecodeRecord(const base::Json& object);
// The spec alone, without the run.
absl::StatusOr<ClusterRecord> DecodeHolder(const base::Json& object);
// The object to create.
std::string EncodeRecord(const ClusterRecord& record);
// Merge patches: the spec; and the spec with the run.
std::string HolderPatch(const ClusterRecord& record);
std::string RecordPatch(const ClusterRecord& record);
std::string WishPatch(Wish wish);

// etcd takes 1.5 MiB in one piece.
inline constexpr size_t kMaxRecordBytes = 1300 << 10;

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_RECORD_H_
