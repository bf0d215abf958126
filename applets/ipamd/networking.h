#ifndef CNIVPC_APPLETS_IPAMD_NETWORKING_H_
#define CNIVPC_APPLETS_IPAMD_NETWORKING_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "applets/ledger/realm.h"
#include "kube/custom_resources.h"
#include "kube/objects.h"
#include "pool/reason.h"

namespace applets::ipamd {

using ledger::Realm;

// Which subnet a pod's address is to be of, and which network interfaces the
// node needs for that: PodNetworkings, as UK8S has them. A pod has the one that
// its annotation names, or else "default", if there is one; none with the other
// annotation. Without one it gets an address of the node's own interface, which
// also serves a PodNetworking of the node's own subnet without security groups.
//
// An interface is opened when a pod of this node needs it, and closed when no
// PodNetworking names its realm and no pod uses it any more, for kLinger. What
// can't be opened is tried again after a while; meanwhile the next subnet of
// the PodNetworking is used, as it is when one is exhausted.
//
// Pure; one thread.
class Networking {
 public:
  // Longer than a Deployment takes to replace its pods.
  static constexpr absl::Duration kLinger = absl::Minutes(2);
  static constexpr absl::Duration kMinBackoff = absl::Seconds(2);
  static constexpr absl::Duration kMaxBackoff = absl::Minutes(1);
  static constexpr char kDefault[] = "default";

  // `own`: the node's own subnet. `assume_some`: there were PodNetworkings the
  // last time that somebody knew.
  Networking(std::string own_subnet, bool assume_some,
             absl::Duration linger = kLinger);

  // --- what there is
  struct Change {
    std::string name;
    std::optional<kube::PodNetworking> networking;  // nullopt: it is gone
  };
  void Take(std::vector<Change> changes);
  // All that there are have been told.
  void SetComplete() { complete_ = true; }
  bool complete() const { return complete_; }
  // Whether a pod may need another address than one of the node's own subnet.
  bool MayNeedOther() const;

  // --- what became of interfaces
  void OnOpening(const Realm& realm);
  void OnOpened(const Realm& realm);
  // It could be neither had nor not had; or is refused.
  void OnFailed(const Realm& realm, const absl::Status& status, absl::Time now);
  void OnClosing(const Realm& realm);
  void OnClosed(const Realm& realm);

  // --- what is to be done
  // How an open pool is doing.
  struct Supply {
    int warm = 0;
    bool exhausted = false;  // the VPC says that the subnet is full
    bool in_use = false;     // a pod has an address, or waits for one
  };
  using Supplies = std::function<Supply(const Realm&)>;

  struct Choice {
    enum class Way {
      kPool,     // of the realm's pool, which is open
      kWait,     // until the realm is open
      kRefused,  // for that reason
    };
    Way way = Way::kRefused;
    Realm realm = {};
    absl::Status status = {};
    pool::Reason reason = pool::Reason::kNetworkingMissing;
  };
  // FAILED_PRECONDITION: the pod asks for what can't be; UNAVAILABLE: not now;
  // RESOURCE_EXHAUSTED: its subnets are full.
  Choice Choose(const kube::Pod& pod, const Supplies& supplies,
                absl::Time now) const;
  // The same for a pod that the API server hasn't told, or which none knows.
  Choice ChooseUnseen() const;
  // Whether a pod has a PodNetworking whose addresses aren't the node's own.
  bool IsElsewhere(const kube::Pod& pod) const;

  // Those to be opened now for these pods.
  std::vector<Realm> DecideOpen(const std::vector<const kube::Pod*>& pods,
                                const Supplies& supplies, absl::Time now) const;
  // Whether it is closed, and may be opened by now.
  bool CouldOpen(const Realm& realm, absl::Time now) const;
  // Those to be closed now. Open ones that aren't named any more begin to
  // linger.
  std::vector<Realm> DecideClose(const Supplies& supplies, absl::Time now);
  // When a decision may be another one though nothing has been told.
  absl::Time deadline(absl::Time now) const;

  const Realm& own() const { return own_; }
  // Those that PodNetworkings name.
  std::vector<Realm> Realms() const;
  bool IsOpening(const Realm& realm) const;
  // No PodNetworking names it, as far as all are known.
  bool IsForgotten(const Realm& realm) const {
    return complete_ && !IsNamed(realm);
  }

 private:
  struct Known {
    kube::PodNetworking networking;
    std::vector<Realm> realms;
    absl::Status problem;  // why no pod can have it
  };
  enum class Phase { kClosed, kOpening, kOpen, kClosing };
  struct State {
    Phase phase = Phase::kClosed;
    absl::Status failure = {};  // of the last attempt to open it
    absl::Time retry_at = absl::InfinitePast();
    absl::Duration backoff = kMinBackoff;
    absl::Time unused_since = absl::InfiniteFuture();
  };

  static Known Understand(kube::PodNetworking networking);
  // The name that the pod goes by; nullopt: it is to have none.
  static std::optional<std::string> NameFor(const kube::Pod& pod);
  const Known* Find(const std::string& name) const;
  const Known* Of(const kube::Pod& pod) const;
  Choice Own() const { return {Choice::Way::kPool, own_, {}, {}}; }
  static Choice Unknown();
  Choice Pick(const Known& known, const Supplies& supplies,
              absl::Time now) const;
  const Realm* Fullest(const Known& known, const Supplies& supplies) const;
  std::optional<Choice> Try(const Realm& realm, const Supplies& supplies,
                            absl::Time now) const;
  Choice RefuseAll(const Known& known, const Supplies& supplies) const;
  const State* StateOf(const Realm& realm) const;
  bool IsOpen(const Realm& realm) const;
  bool IsNamed(const Realm& realm) const;

  const Realm own_;
  const bool assume_some_;
  const absl::Duration linger_;
  bool complete_ = false;
  std::map<std::string, Known> known_;
  std::map<Realm, State> states_;  // without the node's own
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_NETWORKING_H_
