#ifndef CNIVPC_APPLETS_CTL_POOL_VIEW_H_
#define CNIVPC_APPLETS_CTL_POOL_VIEW_H_

#include <vector>

#include "absl/time/time.h"
#include "applets/ctl/options.h"
#include "applets/ctl/table.h"
#include "applets/rpc/messages_pool.h"

// The addresses of a node, as `get pool`, `get pod` and `pool list` see them.
// Pure. `action` is one of these three.
namespace applets::ctl {

enum class Columns { kUsual, kAll };

// What belongs into the view, in its order: by address, pods by namespace and
// name first.
rpc::PoolReply Select(const Options& options, rpc::PoolReply reply);

// The header's cells, and those of an address.
Row HeaderOf(Action action, Columns columns);
Row RowOf(Action action, Columns columns, const rpc::PoolEntry& entry,
          absl::Time now);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_POOL_VIEW_H_
