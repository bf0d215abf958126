// What may be asked for now, and the runs that it means. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_DECIDE_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_DECIDE_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/page/board.h"
#include "applets/upgrade/page/orders.h"

namespace applets::upgrade::page {

// FAILED_PRECONDITION says what stands against it, NOT_FOUND names a node that
// isn't on the list.
absl::Status MaySwitch(const Board& board, const Switch& order);
absl::Status MayBegin(const Board& board, const Begin& order);
absl::Status MaySteer(const Board& board, const Steer& order);

// FAILED_PRECONDITION when the run on record isn't over.
absl::Status CheckOver(const std::optional<Fleet>& left);

// Each of the nodes gets back what it had before its last upgrade; those that
// have nothing to go back to are left out. For an order that MayBegin.
Fleet TakeBack(const Board& board, const Begin& order, const FleetMeans& means,
               absl::Time now);

// The run on record as it goes on. NOT_FOUND if there is none.
absl::StatusOr<Fleet> GoOn(std::optional<Fleet> left, const Steer& order);

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_DECIDE_H_
