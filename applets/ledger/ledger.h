#ifndef CNIVPC_APPLETS_LEDGER_LEDGER_H_
#define CNIVPC_APPLETS_LEDGER_LEDGER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "pool/pool.h"
#include "pool/store.h"

namespace applets::ledger {

// The pool and its store as one: what is decided is recorded first, and only
// then believed. Owns the store's lock, so one process has it at a time. Not
// thread-safe.
class Ledger {
 public:
  // Takes the lock (UNAVAILABLE at `deadline`), opens the store and replays it.
  // A damaged store is set aside and a new one begun: `set_aside` then says
  // where the old one is, and needs_rebuild is true.
  //
  // After a reboot (another boot id) no pod of before is alive: its leases end
  // and their addresses cool down.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(
      const std::string& state_dir, const pool::Policy& policy, absl::Time now,
      absl::Time deadline);

  // Stores `records` in one transaction, then applies them to the pool. On an
  // error nothing has changed.
  absl::Status Record(const pool::Records& records);

  void SetPolicy(const pool::Policy& policy) { pool_.SetPolicy(policy); }
  const pool::Pool& pool() const { return pool_; }
  pool::Store& store() { return *store_; }

  // The store is new (or was damaged): the VPC and the kernel must be asked
  // before an address is given out (recovery.h).
  bool needs_rebuild() const { return needs_rebuild_; }
  absl::Status MarkRebuilt();
  const std::string& set_aside() const { return set_aside_; }

  // When the pool was last compared with the VPC; InfinitePast() if never.
  absl::Time verified_at() const { return verified_at_; }
  absl::Status SetVerifiedAt(absl::Time at);

  // Called after each change with its records, when the pool has them.
  using Observer = std::function<void(const pool::Records&)>;
  void SetObserver(Observer observer) { observer_ = std::move(observer); }

 private:
  Ledger(pool::StoreLock lock, const pool::Policy& policy)
      : lock_(std::move(lock)), pool_(policy) {}
  absl::Status OpenStore(const std::string& state_dir, absl::Time now);
  absl::Status Replay();
  absl::Status LoadSettings();
  absl::Status EndLeasesOfEarlierBoot(absl::Time now);

  pool::StoreLock lock_;
  std::unique_ptr<pool::Store> store_;
  pool::Pool pool_;
  bool needs_rebuild_ = false;
  std::string set_aside_;
  absl::Time verified_at_ = absl::InfinitePast();
  Observer observer_;
};

// CLOCK_BOOTTIME, which tombstones go by.
absl::Duration BootNow();

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_LEDGER_H_
