#ifndef CNIVPC_VPC_UCLOUD_CREDENTIALS_RENEWAL_H_
#define CNIVPC_VPC_UCLOUD_CREDENTIALS_RENEWAL_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "vpc/ucloud/credentials.h"

namespace vpc::ucloud {

// Of a key's life, this much passes before a newer one is asked for, and up to
// so much more, at random, so that a cluster's nodes don't ask together.
inline constexpr double kRenewAfter = 0.75;
inline constexpr double kRenewSpread = 0.1;
// Not more often than this, whatever the key's life; and keys that were renewed
// because the API had refused others not sooner than this if it refuses them,
// too.
inline constexpr absl::Duration kRenewPause = absl::Seconds(10);
// After a failure, at once again only after this, and up to twice as long at
// random. Until then the failure itself is the answer.
inline constexpr absl::Duration kRetryPause = absl::Seconds(5);

// When keys that were asked for at `asked` are to be renewed; `jitter` is in
// [0, 1).
absl::Time RenewAt(const Keys& keys, absl::Time asked, double jitter);

// When temporary keys are renewed, and what is used until then. Pure.
class Renewal {
 public:
  enum class Step {
    kUse,    // answer() is good
    kRenew,  // ask for newer ones; until they are there, answer() will do
    kWait,   // ask; nothing will do until they are there
    kFail,   // asked not long ago, in vain: answer() says why
  };
  Step Next(absl::Time now) const;

  // What asking brought, which began at `asked` and ended `now`.
  void Take(absl::StatusOr<Keys> keys, absl::Time asked, absl::Time now,
            double jitter);

  // The API refused these keys. If they are the present ones, they are renewed
  // once; if asking brings the same ones again or fails, they stay in use until
  // they expire, for what the API says may be wrong.
  void Refused(const Keys& used);

  // The keys to use, or why there are none.
  absl::StatusOr<Keys> answer(absl::Time now) const;

 private:
  bool Usable(absl::Time now) const { return keys_ && now < keys_->expires; }
  // A clock that was set back ends the pause.
  bool Pauses(absl::Time now) const {
    return taken_at_ <= now && now < pause_until_;
  }

  std::optional<Keys> keys_;
  absl::Time renew_at_ = absl::InfinitePast();
  absl::Time taken_at_ = absl::InfinitePast();
  absl::Time pause_until_ = absl::InfinitePast();  // no asking before
  bool refused_ = false;
  absl::Status failure_ = absl::NotFoundError("no keys yet");
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_CREDENTIALS_RENEWAL_H_
