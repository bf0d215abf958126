#ifndef CNIVPC_POOL_SHIFT_LENDER_H_
#define CNIVPC_POOL_SHIFT_LENDER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "pool/pool.h"
#include "pool/shift.h"
#include "pool/shift_doubts.h"

namespace pool {

// Gives addresses up to other nodes. Pure: decides, stores by `commit`, and
// returns what is to be done. One thread; deadline() says when OnTimer is due.
class Lender {
 public:
  // So many promises may be open, and so many of them to one node.
  static constexpr int kMaxLoans = 64;
  static constexpr int kMaxLoansToOne = 16;

  // `pool` must outlive this.
  Lender(const Pool& pool, Commit commit, ShiftOptions options);

  // Once, first: every promise that is still open begins anew.
  ShiftActions Start(Moment now);

  // How many addresses could be lent, when `waiting` ADDs wait here.
  int Spare(int waiting) const;

  struct Wish {
    std::string key;
    std::string node;  // who asks
    std::string subnet;
    int waiting = 0;  // ADDs that wait here
  };
  struct Loan {
    base::Ipv4 ip;
    absl::Duration held_for;
  };
  // Promises an address; the same again for a key that is known.
  //   FAILED_PRECONDITION  another subnet
  //   RESOURCE_EXHAUSTED   nothing to spare, or too many promises
  //   ABORTED              the promise is over, or was another node's
  // and the errors of `commit`.
  absl::StatusOr<Loan> OnLend(const Wish& wish, Moment now);

  // The borrower says how it ended. OK as well if nothing is known of it.
  // PERMISSION_DENIED if the promise was another node's; errors of `commit`.
  absl::Status OnSettle(const std::string& key, const std::string& node,
                        bool taken, Moment now);

  // `asked_at`: when the call for the list began.
  ShiftActions OnListed(absl::Duration asked_at,
                        const absl::StatusOr<std::vector<base::Ipv4>>& listed,
                        Moment now);
  ShiftActions OnTimer(Moment now);
  // What OnLend and OnSettle want done.
  ShiftActions Take();

  absl::Duration deadline() const;

 private:
  absl::StatusOr<Loan> Repeat(const Intent& intent, const Wish& wish,
                              Moment now) const;
  absl::Status MayLend(const Wish& wish) const;
  void Promise(const Intent& intent, Moment now);
  absl::Status Close(const Intent& intent, bool taken, Moment now);
  void LookThroughIfDue(Moment now);
  void Say(Reason reason, const Intent& intent, absl::string_view text);

  const Pool& pool_;
  const Commit commit_;
  const ShiftOptions options_;
  std::map<std::string, absl::Duration> promised_until_;  // by key
  Doubts doubts_;
  bool looking_ = false;
  absl::Duration look_not_before_ = -absl::InfiniteDuration();
  ShiftActions actions_;
};

}  // namespace pool

#endif  // CNIVPC_POOL_SHIFT_LENDER_H_
