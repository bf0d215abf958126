#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_HOLD_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_HOLD_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/kube_record.h"
#include "kube/client.h"

namespace applets::upgrade {

// The record of a run at the API server (kube_record.h), and the upgrader that
// holds it. By one thread.
//
// One that is killed loses its hold when it hasn't renewed it for Times::lasts,
// by the clock of whoever waits for that. One that goes on after it has lost it
// can't record anything any more, and so begins nothing.
class Hold {
 public:
  struct Times {
    absl::Duration renew_every = absl::Seconds(5);
    absl::Duration lasts = absl::Seconds(20);
    // How long an API server that isn't there is waited for.
    absl::Duration patience = absl::Minutes(2);
    absl::Duration pause = absl::Milliseconds(500);  // between two attempts
  };

  // `me` must be another one's for every process.
  Hold(kube::Client& api, std::string me) : Hold(api, std::move(me), Times()) {}
  Hold(kube::Client& api, std::string me, const Times& times);
  // Gives it back, if it is held.
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  // What is on record; none when there never was a run.
  absl::StatusOr<std::optional<ClusterRecord>> Read();

  // Takes the hold, and returns the run on record. Waits for as long as a
  // holder may be dead. UNAVAILABLE: he lives, and the text says who it is.
  // CANCELLED: interrupted.
  absl::StatusOr<std::optional<Fleet>> Take(
      const std::function<bool()>& interrupted);

  // Only while it is held. ABORTED: somebody else has taken it. An API server
  // that isn't there is waited for.
  absl::Status Save(const Fleet& fleet);
  // When it is time: the hold is renewed, what is wished is done to the fleet,
  // and what has changed is recorded. An API server that isn't there is no
  // error.
  absl::Status Beat(Fleet& fleet);

  // Wishes something of whoever holds it. NOT_FOUND: there is no run.
  absl::Status Send(Wish wish);

 private:
  absl::StatusOr<std::optional<Fleet>> Claim(const ClusterRecord& seen);
  absl::Status SaveOnce(const Fleet& fleet);
  absl::Status CheckMine(const ClusterRecord& record) const;
  ClusterRecord Mine(Wish wish) const;
  void Release();

  kube::Client& api_;
  const std::string me_;
  const Times times_;
  bool held_ = false;
  absl::Time renewed_ = {};
  std::string recorded_ = {};  // the fleet, as JSON
};

// What is wished, done. A run that is over can only be taken back.
void Grant(Wish wish, Fleet& fleet);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_HOLD_H_
