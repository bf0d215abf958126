#ifndef CNIVPC_POOL_SHIFT_H_
#define CNIVPC_POOL_SHIFT_H_

#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "pool/record.h"
#include "pool/steward.h"

// A shift: an address moves from one node's pool to another's, in one subnet.
//
//   borrower                                    lender
//   ── intent: borrow KEY ─┐
//                          └─ lend KEY ───────► intent: lend KEY IP
//                                               row: leaving
//   ── intent: .. IP      ◄── IP, MAC, 60 s ────┘
//      row: arriving
//   TakeOver(IP, MAC), once, and only while the promise holds
//   ── row: fresh, intent closed ─┐
//                                 └─ settle KEY, taken ─► row dropped,
//                                                         intent closed
//
// What may go wrong, and why the address still ends up with one node:
//   - The promise is measured by the borrower from before it asked, on a clock
//     that nobody sets, and given by the lender from after it was asked: the
//     borrower's ends first. Nothing is sent to the VPC later than that.
//   - A TakeOver without an answer is not repeated: an earlier attempt could
//     take place after the address has moved on, or even back. Instead the
//     borrower waits until it must have taken place if it ever will, and then
//     for what the VPC's lists lag behind (Doubts), and believes two lists.
//   - The lender does the same when it isn't told how it ended. Until then
//     neither of them uses the address.
//   - After a restart nobody knows when a promise began. The lender's begins
//     anew; the borrower takes nothing over on an earlier one.
//   - Settling is a courtesy: what isn't told is found out.
//   - A lender that lost its store has forgotten its promises: see
//     Policy::loss_hold.
// docs/decisions/0012-shift.md has what was rejected.
namespace pool {

// Both clocks: one for people and records, one that nobody sets and that goes
// on across restarts of the process, though not of the node (CLOCK_BOOTTIME).
struct Moment {
  absl::Time wall;
  absl::Duration steady;
};

struct ShiftOptions {
  std::string node;  // this node's name
  std::string subnet;
  // So many warm addresses aren't lent: the low watermark.
  int keep = 0;
  absl::Duration promise = absl::Seconds(60);
  // vpc::Provider::TakeOver sends nothing later than this after it was called.
  absl::Duration take_over_limit = absl::Seconds(30);
  // As in StewardOptions.
  absl::Duration latest_effect = absl::Seconds(65);
  absl::Duration settle = absl::Seconds(10);

  // How long it takes at most until a promise that was made, and forgotten, can
  // have no effect any more, and lists tell.
  absl::Duration Aftermath() const { return promise + latest_effect + settle; }
};

// What is to be done; each call's outcome is told by the event that is named.

// Asks a node what it has to spare → Borrower::OnSpare.
struct AskSpare {
  std::string peer;
};
// → Borrower::OnPromised, OnRefused, OnNoAnswer.
struct CallLend {
  std::string peer;
  std::string key;
};
// → Borrower::OnTakenOver. When it comes to be done later than `not_after`, by
// the steady clock, it isn't done: ABORTED.
struct CallTakeOver {
  std::string key;
  base::Ipv4 ip;
  base::Mac from;
  absl::Duration not_after;
};
// → Borrower::OnSettled.
struct CallSettle {
  std::string peer;
  std::string key;
  bool taken = false;
};
// Lists what the VPC counts as this node's → OnListed of who asked.
struct LookThrough {};
// For Steward::OnBorrowed: these are fresh in the pool, or why none came.
struct Borrowed {
  absl::StatusOr<std::vector<base::Ipv4>> came;
};
// For Steward::OnKeptBack: nobody took it, so it is fresh in the pool, or
// cools.
struct KeptBack {
  base::Ipv4 ip;
};

using ShiftAction = std::variant<AskSpare, CallLend, CallTakeOver, CallSettle,
                                 LookThrough, Borrowed, KeptBack, Note>;
using ShiftActions = std::vector<ShiftAction>;

// Stores records in one transaction and applies them to the pool; on an error
// nothing has changed.
using Commit = std::function<absl::Status(const Records&)>;

}  // namespace pool

#endif  // CNIVPC_POOL_SHIFT_H_
