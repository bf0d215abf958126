#ifndef CNIVPC_POOL_SHIFT_BORROWER_H_
#define CNIVPC_POOL_SHIFT_BORROWER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "pool/pool.h"
#include "pool/shift.h"
#include "pool/shift_doubts.h"

namespace pool {

// Gets addresses from other nodes, when the subnet has none left. Pure: decides
// whom to ask, stores by `commit`, and returns what is to be done. One thread;
// deadline() says when OnTimer is due.
class Borrower {
 public:
  // So many nodes are asked at a time what they have to spare, and the answer
  // is believed for so long.
  static constexpr size_t kSample = 8;
  static constexpr absl::Duration kFresh = absl::Seconds(5);
  // So long the answers of all of them are waited for; then the best that there
  // is will do, for a dead node takes longer to be noticed.
  static constexpr absl::Duration kGather = absl::Seconds(1);
  // So many nodes are asked at most before OnWanted gets its answer.
  static constexpr int kMaxAsked = 32;
  // Nor is it longer in coming, whatever is under way; what comes after that is
  // told all the same.
  static constexpr absl::Duration kLongest = absl::Minutes(2);
  // So many addresses are on their way at a time; so many shifts may be open,
  // those of unknown outcome included.
  static constexpr size_t kMaxUnderWay = 4;
  static constexpr size_t kMaxOpen = 16;
  // A call without an answer is repeated so often, after so long.
  static constexpr int kMaxAttempts = 3;
  static constexpr absl::Duration kRetry = absl::Seconds(1);
  // Settling is given up after so many attempts: the lender finds out.
  static constexpr int kMaxSettles = 5;

  // `pool`, and what `random` refers to, must outlive this.
  Borrower(const Pool& pool, Commit commit, ShiftOptions options,
           absl::BitGenRef random);

  // Once, first: what an earlier run left open.
  ShiftActions Start(Moment now);

  // `count` addresses are wanted (and no longer what was before); `peers` may
  // be asked. One Borrowed or more follow.
  ShiftActions OnWanted(int count, const std::vector<std::string>& peers,
                        Moment now);

  // What a node of `subnet` has to spare.
  struct Offer {
    std::string subnet;
    int spare = 0;
  };
  ShiftActions OnSpare(const std::string& peer,
                       const absl::StatusOr<Offer>& offer, Moment now);

  struct Promise {
    base::Ipv4 ip;
    base::Mac mac;  // of the interface that has it
    absl::Duration held_for;
  };
  ShiftActions OnPromised(const std::string& key, const Promise& promise,
                          Moment now);
  // Nothing was promised, surely.
  ShiftActions OnRefused(const std::string& key, const absl::Status& why,
                         Moment now);
  // It may have been promised.
  ShiftActions OnNoAnswer(const std::string& key, const absl::Status& why,
                          Moment now);

  // Errors as vpc::Provider's (outcome.h): after some it may be ours all the
  // same.
  ShiftActions OnTakenOver(const std::string& key, const absl::Status& status,
                           Moment now);

  ShiftActions OnSettled(const std::string& key, const absl::Status& status,
                         Moment now);
  // `asked_at`: when the call for the list began.
  ShiftActions OnListed(absl::Duration asked_at,
                        const absl::StatusOr<std::vector<base::Ipv4>>& listed,
                        Moment now);
  ShiftActions OnTimer(Moment now);

  absl::Duration deadline() const;

 private:
  enum class Stage {
    kAsking,     // CallLend is under way, or waits to be repeated
    kTaking,     // CallTakeOver is under way
    kDoubtful,   // its outcome is unknown
    kConcluded,  // but that couldn't be stored yet
  };
  struct Shift {
    std::string peer;
    Stage stage = Stage::kAsking;
    int attempts = 1;
    absl::Duration sent_at = {};  // of the last CallLend
    absl::Duration retry_at = absl::InfiniteDuration();
    bool taken = false;  // kConcluded
  };
  // What a node said.
  struct Offered {
    absl::Duration at = {};
    bool asking = false;
    int spare = 0;
  };
  struct Settlement {
    std::string peer;
    bool taken = false;
    int attempts = 1;
    absl::Duration retry_at = absl::InfiniteDuration();
  };
  using Shifts = std::map<std::string, Shift>;

  void Proceed(Moment now);
  void BeginShifts(Moment now);
  bool Begin(const std::string& peer, Moment now);
  void AskAround(Moment now);
  void GiveUpIfVain(Moment now);
  void GiveUpIfLate(Moment now);
  void GiveUp(std::string why, Moment now);
  std::optional<std::string> BestPeer(Moment now) const;
  size_t UnderWay() const;
  bool IsAsking() const;

  void TakeOver(const std::string& key, const Promise& promise, Moment now);
  void Doubt(const std::string& key, base::Ipv4 ip, Moment now);
  void Conclude(const std::string& key, bool taken, Moment now);
  void Settle(const std::string& key, const std::string& peer, bool taken);
  void Retry(Moment now);
  void LookThroughIfDue(Moment now);
  // Asks it no more for a while.
  void PassOver(const std::string& peer, const absl::Status& why, Moment now);
  bool IsAsked(const std::string& key) const;
  std::string NewKey();
  ShiftActions Take();

  const Pool& pool_;
  const Commit commit_;
  const ShiftOptions options_;
  absl::BitGenRef random_;
  int wanted_ = 0;
  int asked_ = 0;  // nodes, since OnWanted
  absl::Duration give_up_at_ = absl::InfiniteDuration();
  std::vector<std::string> peers_;
  std::map<std::string, Offered> offers_;  // by node
  // Until when answers are waited for; InfiniteDuration: they aren't.
  absl::Duration gather_until_ = absl::InfiniteDuration();
  absl::Status refusal_;  // the last that was heard
  Shifts shifts_;         // by key
  std::map<std::string, Settlement> settlements_;
  Doubts doubts_;
  bool looking_ = false;
  absl::Duration look_not_before_ = -absl::InfiniteDuration();
  ShiftActions actions_;
};

}  // namespace pool

#endif  // CNIVPC_POOL_SHIFT_BORROWER_H_
