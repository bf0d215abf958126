#ifndef CNIVPC_APPLETS_IPAMD_KEEPER_H_
#define CNIVPC_APPLETS_IPAMD_KEEPER_H_

#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/options.h"
#include "applets/ledger/ledger.h"
#include "base/address.h"
#include "base/loop.h"
#include "pool/steward.h"
#include "vpc/provider.h"

namespace applets::ipamd {

// Does what pool::Steward decides: calls the VPC on threads that own nothing
// (one for what changes it, one for what only asks, so that a pod that waits
// doesn't stand behind a list), asks for connections, and passes the rest on.
// Lives on the loop's thread.
class Keeper {
 public:
  struct Handlers {
    // How many ADDs wait for an address.
    std::function<int()> waiting;
    // How many pods are about to ask for one, these included.
    std::function<int()> demand;
    // ADDs that wait are to be looked at: addresses came, or `status` is why
    // none did.
    std::function<void(const absl::Status& status)> serve;
    // A record was stored, or couldn't be.
    std::function<void(const absl::Status& status)> on_store_status;
    // For the journal.
    std::function<void(const pool::Note& note)> note;
    // Probing (RFC 5227): OnAdmitted or OnConflict is to follow.
    std::function<void(base::Ipv4)> probe;
    std::function<void(base::Ipv4)> stop_probe;
    // Which of these have connections; called on a worker thread.
    std::function<absl::StatusOr<std::set<base::Ipv4>>(
        const std::set<base::Ipv4>&)>
        flows;
    // The addresses of all claims, called on a worker thread when the VPC lists
    // some that the pool doesn't know. Empty if there are no claims.
    std::function<absl::StatusOr<pool::Tenants>()> tenants;
    // Whether a pod's address is another interface's. Empty if there is none.
    std::function<bool(base::Ipv4)> is_others;
    // Up to `count` addresses from other nodes: OnBorrowed is to follow. Empty
    // if there is nobody to ask.
    std::function<void(int count)> borrow;
  };

  Keeper(base::Loop& loop, ledger::Ledger& ledger,
         std::unique_ptr<vpc::Provider> provider, const Options& options,
         Metrics& metrics, Handlers handlers);

  // Begins; once, when all handlers can be called.
  void Start();
  // Looks whether there is something to do; call it after every change.
  void Kick();

  void OnAdmitted(base::Ipv4 ip);
  void OnConflict(base::Ipv4 ip, const base::Mac& other);
  void OnBorrowed(const absl::StatusOr<std::vector<base::Ipv4>>& came);
  // An address was put (back) into the pool.
  void OnKeptBack(base::Ipv4 ip);

  // An address was put back into the pool by hand.
  void OnPushed(base::Ipv4 ip);

  const pool::Steward& steward() const { return steward_; }
  const std::shared_ptr<vpc::Provider>& provider() const { return provider_; }

 private:
  struct Performer;
  using Finish = std::function<void()>;

  void Do(pool::Actions actions);
  void Run(base::Workers& workers, std::function<Finish()> blocking);
  void Allocate(const pool::CallAllocate& call);
  void Release(const pool::CallRelease& call);
  void Claim(const pool::CallClaim& call);
  void List(const pool::CallList& call);
  void Look(const pool::LookAtFlows& call);
  void Remember(const pool::Verified& verified);
  void MarkRebuilt();
  void Count(const char* call, const absl::Status& status);

  base::Loop& loop_;
  ledger::Ledger& ledger_;
  const std::shared_ptr<vpc::Provider> provider_;
  Metrics& metrics_;
  const Handlers handlers_;
  absl::BitGen random_;
  pool::Steward steward_;
  std::deque<pool::Action> to_do_;
  bool doing_ = false;
  base::Timer timer_;
  // What workers have posted is left undone when it is gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  base::Workers changing_{1};
  base::Workers asking_{1};
  base::Workers looking_{1};
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_KEEPER_H_
