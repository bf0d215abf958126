#ifndef CNIVPC_APPLETS_IPAMD_KEEPER_H_
#define CNIVPC_APPLETS_IPAMD_KEEPER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/options.h"
#include "applets/ledger/ledger.h"
#include "applets/ledger/recovery.h"
#include "base/loop.h"
#include "vpc/provider.h"

namespace applets::ipamd {

// Keeps the pool between its watermarks: asks the VPC for addresses and gives
// them back, one call at a time on a thread of its own, each an intent in the
// store before it is made. An outcome that isn't known is asked for (List), and
// so is everything after the store was lost. Lives on the loop's thread.
class Keeper {
 public:
  // After the VPC has said that the subnet is full, how long to believe it.
  static constexpr absl::Duration kInhibit = absl::Seconds(5);
  // Between attempts after an error: doubled from the one to the other.
  static constexpr absl::Duration kMinBackoff = absl::Seconds(1);
  static constexpr absl::Duration kMaxBackoff = absl::Seconds(30);

  struct Handlers {
    // How many ADDs wait for an address.
    std::function<int()> waiting;
    // The pool has changed: addresses came, or `status` is why none did.
    std::function<void(const absl::Status& status)> on_change;
    // A record was stored, or couldn't be.
    std::function<void(const absl::Status& status)> on_store_status;
  };

  Keeper(base::Loop& loop, ledger::Ledger& ledger,
         std::unique_ptr<vpc::Provider> provider, const Options& options,
         Metrics& metrics, Handlers handlers);

  // Looks whether there is something to do; call it after every change.
  void Kick();

  // False until what the store left open has been resolved.
  bool resolved() const { return resolved_; }
  // OK, or why the VPC gives no address at present.
  absl::Status obstacle(absl::Time now) const;

 private:
  using Finish = std::function<void()>;

  void Call(const char* name, std::function<Finish()> blocking);
  void Resolve();
  void FinishResolve(const absl::StatusOr<std::vector<base::Ipv4>>& listed,
                     const absl::StatusOr<std::vector<ledger::KernelPod>>& pods,
                     ledger::Scope scope);
  void Allocate(int count);
  void FinishAllocate(const pool::Intent& intent,
                      const absl::StatusOr<std::vector<base::Ipv4>>& given);
  void Release(int count);
  void FinishRelease(const pool::Intent& intent,
                     const std::vector<absl::Status>& outcomes);
  void Tick();
  void Fail(const absl::Status& status, absl::Duration pause);
  bool Record(const pool::Records& records);
  void Count(const char* call, const absl::Status& status);

  base::Loop& loop_;
  ledger::Ledger& ledger_;
  const std::shared_ptr<vpc::Provider> provider_;
  const std::string subnet_;
  const pool::Watermarks watermarks_;
  Metrics& metrics_;
  const Handlers handlers_;
  bool busy_ = false;
  bool resolved_ = false;
  int in_flight_ = 0;
  absl::Status last_error_;
  absl::Time paused_until_ = absl::InfinitePast();
  absl::Duration backoff_ = kMinBackoff;
  base::Timer timer_;
  base::Timer cooling_;
  base::Workers worker_{1};
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_KEEPER_H_
