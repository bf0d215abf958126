#ifndef CNIVPC_POOL_STORE_H_
#define CNIVPC_POOL_STORE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/fd.h"
#include "base/sqlite.h"
#include "pool/record.h"

namespace pool {

// The right to use the store of a state folder: flock(2) on STATE/store.lock.
// ipamd holds it as long as it runs; the plugin, when ipamd doesn't run, for
// one transaction. Released by the destructor and by the death of the process.
class StoreLock {
 public:
  // Waits until `deadline`; UNAVAILABLE when somebody else still has it then.
  static absl::StatusOr<StoreLock> Take(const std::string& state_dir,
                                        absl::Time deadline);

 private:
  explicit StoreLock(base::Fd file) : file_(std::move(file)) {}
  base::Fd file_;
};

// The pool's records in a SQLite file, STATE/store.db (WAL, see
// base/sqlite.h). Tables, one row an object:
//
//   address(ip PRIMARY KEY, subnet, state, since_ns, until_ns, recycled,
//           network, container, ifname, pod_namespace, pod_name, pod_uid,
//           netns, host_ifname, phase, granted_ns,
//           started_boot_ns)                         the lease's part is NULL
//                                                    unless state is 'leased'
//   tombstone(network, container, ifname, buried_boot_ns, expires_ns)
//   intent(id PRIMARY KEY, kind, subnet, count, addresses, opened_ns)
//   shift(id PRIMARY KEY, kind, key, peer, subnet, address, opened_ns)
//                                         an intent of that kind, and with it
//                                         the address that is leaving or
//                                         arriving: `address` hasn't got it
//   fixed(ip PRIMARY KEY, subnet, name_space, name, claim_uid, since_ns)
//                                         an address that is fixed to a pod;
//                                         in `address`, too, while it is leased
//                                         or quarantined
//   setting(key PRIMARY KEY, value)      schema, boot_id, how the VPC is
//                                         reached
//
// Version 0.1.0 reads and writes the same file. It doesn't know the tables
// shift and fixed, so what is in them is neither known nor touched by it.
//
// Times are nanoseconds since the epoch; INT64_MAX stands for never. Needs the
// StoreLock. Not thread-safe. Errors are those of base::Database.
class Store {
 public:
  // Opens or creates the store. DATA_LOSS when the file is damaged, or holds
  // rows that can't be: see SetAside.
  static absl::StatusOr<std::unique_ptr<Store>> Open(
      const std::string& state_dir);

  // Renames a damaged store's files to store.db.damaged-TIME(-wal, -shm) and
  // says where it is now.
  static absl::StatusOr<std::string> SetAside(const std::string& state_dir,
                                              absl::Time now);

  // All that is stored, as records to apply to an empty Pool.
  absl::StatusOr<Records> Load();

  // Writes all of `records` in one transaction, or none.
  absl::Status Commit(const Records& records);

  // Settings: "" when not set.
  absl::StatusOr<std::string> Setting(absl::string_view key);
  absl::Status SetSetting(absl::string_view key, absl::string_view value);

  const std::string& path() const { return path_; }

 private:
  struct Statements;
  struct Writer;
  Store(std::string path, base::Database db);
  absl::Status Prepare();
  absl::Status LoadEach(
      absl::string_view table,
      absl::FunctionRef<absl::Status(const base::Statement&)> take);
  absl::Status LoadShifts(Records* records);
  absl::Status LoadAddresses(Records* records);

  std::string path_;
  base::Database db_;
  // Borrows db_, and so is destroyed first.
  std::unique_ptr<Statements> statements_;

 public:
  ~Store();
};

}  // namespace pool

#endif  // CNIVPC_POOL_STORE_H_
