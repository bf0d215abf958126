#ifndef CNIVPC_POOL_STORE_ROW_H_
#define CNIVPC_POOL_STORE_ROW_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/sqlite.h"
#include "pool/record.h"

// The store's rows (store.h draws the tables): objects to parameters of a
// statement, and columns of a row to objects. DATA_LOSS names a row that can't
// be.
namespace pool {

// Nanoseconds since the epoch; INT64_MAX stands for never.
int64_t ToNanos(absl::Time time);
absl::Time FromNanos(int64_t nanos);

// Bind all parameters, in the order of the table's columns, and run.
absl::Status RunWith(base::Statement& put, const Address& row);
absl::Status RunWith(base::Statement& put, const Tombstone& row);
absl::Status RunWith(base::Statement& put, const Intent& row);
// Of the table `fixed`.
absl::Status RunWithFixed(base::Statement& put, const Address& row);
// Of the table `shift`.
absl::Status RunWithShift(base::Statement& put, const Intent& row);

absl::StatusOr<Address> AddressOf(const base::Statement& row);
absl::StatusOr<Address> FixedOf(const base::Statement& row);
absl::StatusOr<Tombstone> TombstoneOf(const base::Statement& row);
absl::StatusOr<Intent> IntentOf(const base::Statement& row);
absl::StatusOr<Intent> ShiftOf(const base::Statement& row);

}  // namespace pool

#endif  // CNIVPC_POOL_STORE_ROW_H_
