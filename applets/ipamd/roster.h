#ifndef CNIVPC_APPLETS_IPAMD_ROSTER_H_
#define CNIVPC_APPLETS_IPAMD_ROSTER_H_

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kube/objects.h"
#include "kube/resource.h"

namespace applets::ipamd {

// The pods of this node, as the API server tells. Pure; one thread.
class Roster {
 public:
  // A pod as it is now, or that it is gone.
  struct Change {
    kube::ObjectKey key;
    std::optional<kube::Pod> pod;
  };
  void Take(std::vector<Change> changes);

  const kube::Pod* Find(const kube::ObjectKey& key) const;
  size_t size() const { return pods_.size(); }

  // The pods that are about to ask for an address: scheduled here, alive, on no
  // network yet, and without a lease; `served` are the uids of those with one,
  // as the runtime knows them.
  std::vector<const kube::Pod*> Expected(
      const absl::flat_hash_set<std::string>& served) const;

 private:
  std::map<kube::ObjectKey, kube::Pod> pods_;
  // Those of them that are on no network as far as the API server knows.
  std::set<kube::ObjectKey> expected_;
};

// FAILED_PRECONDITION: the pod asks, by UK8S's annotation, for a fixed address,
// which it can't have, being no StatefulSet's. Any other would be a wrong one.
absl::Status CheckSupported(const kube::Pod& pod);

// The StatefulSet of a pod that asks for a fixed address; nullopt: it doesn't,
// or is none's.
std::optional<std::string> FixedBy(const kube::Pod& pod);
// How long that is kept when the pod has gone for good; nullopt: for ever. What
// can't be understood is for ever, too.
std::optional<absl::Duration> KeptFor(const kube::Pod& pod);

// The uid by which the runtime knows a pod: for what kubelet started by itself
// it is another one than that of the object which stands for it.
std::string RuntimeUid(const kube::Pod& pod);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_ROSTER_H_
