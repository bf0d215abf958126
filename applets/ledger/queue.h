#ifndef CNIVPC_APPLETS_LEDGER_QUEUE_H_
#define CNIVPC_APPLETS_LEDGER_QUEUE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/rpc/messages.h"

namespace applets::ledger {

// DELs that ipamd couldn't take: each a file in STATE/queue, the JSON of its
// ReleaseRequest, written atomically and synced. The plugin puts them there and
// tells the runtime that all is well; ipamd takes them when it can.

absl::Status Enqueue(const std::string& state_dir,
                     const rpc::ReleaseRequest& request);

struct Queued {
  std::string path;  // to Forget once it has been recorded
  rpc::ReleaseRequest request;
};
// What is queued, oldest first. A file that can't be read as a request is
// renamed to NAME.bad and reported in `bad`, so that it doesn't come again.
struct Queue {
  std::vector<Queued> entries;
  std::vector<std::string> bad;
};
absl::StatusOr<Queue> ReadQueue(const std::string& state_dir);
absl::Status Forget(const Queued& entry);

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_QUEUE_H_
