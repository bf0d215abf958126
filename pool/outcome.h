#ifndef CNIVPC_POOL_OUTCOME_H_
#define CNIVPC_POOL_OUTCOME_H_

#include "absl/status/status.h"
#include "pool/reason.h"

// What an error of the VPC (vpc::Provider's) tells.
namespace pool {

// Whether a call that failed so may have been done all the same.
bool MayBeDone(const absl::Status& status);

// Whether a call that failed so may succeed when it is made again.
bool IsPassing(const absl::Status& status);

// For the journal.
Reason ReasonOf(const absl::Status& error);

}  // namespace pool

#endif  // CNIVPC_POOL_OUTCOME_H_
