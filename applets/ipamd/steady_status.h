#ifndef CNIVPC_APPLETS_IPAMD_STEADY_STATUS_H_
#define CNIVPC_APPLETS_IPAMD_STEADY_STATUS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace applets::ipamd {

// What the verb STATUS is told (CNI SPEC, section 2, STATUS): a runtime takes a
// node without it for one that can't run pods, so it is told only what lasts. A
// pool that is dry for less than `hold` is no news; one that has an address
// again is, at once. Where nothing is pre-allocated no address comes before a
// pod does, which a failure keeps away: it is over when there was none for
// kForgotten. Pure.
class SteadyStatus {
 public:
  static constexpr absl::Duration kForgotten = absl::Minutes(2);

  explicit SteadyStatus(absl::Duration hold) : hold_(hold) {}

  // An address could be leased at once.
  void OnWarm() { failing_since_ = absl::InfiniteDuration(); }
  // Somebody asks. `could` says whether an address could be leased, as far as
  // is known: a pool that is dry and about to ask the VPC again may be OK,
  // which ends no drought. `now` is of a clock that never goes back. Returns
  // what to tell.
  absl::Status Look(const absl::Status& could, absl::Duration now);

 private:
  const absl::Duration hold_;
  // Since when it couldn't, if it could before: else there is nothing to hold.
  absl::Duration failing_since_ = -absl::InfiniteDuration();
  // Since when it could whenever somebody asked.
  absl::Duration good_since_ = absl::InfiniteDuration();
  absl::Status failure_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_STEADY_STATUS_H_
