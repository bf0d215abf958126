#ifndef CNIVPC_APPLETS_IPAMD_CONDITION_PLAN_H_
#define CNIVPC_APPLETS_IPAMD_CONDITION_PLAN_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kube/node_condition.h"

namespace applets::ipamd {

// When the node's condition NetworkUnavailable is written, and what it says: at
// start, when it changes, and now and then in any case, for others may write
// it, too. Pure; one thread.
class ConditionPlan {
 public:
  // Between two changes, so that the scheduler isn't told every hiccup.
  static constexpr absl::Duration kInterval = absl::Seconds(10);
  // Before another cause is given for the same.
  static constexpr absl::Duration kRestate = absl::Minutes(5);
  static constexpr absl::Duration kRefresh = absl::Minutes(10);
  // After an error, doubled with each further one.
  static constexpr absl::Duration kMaxBackoff = absl::Minutes(5);

  // Whether an address can be leased, or why none can.
  void Set(const absl::Status& could);

  // What is to be written now; OnWritten is to follow.
  std::optional<kube::NodeCondition> Next(absl::Time now);
  void OnWritten(const absl::Status& status, absl::Time now);
  // Whether something was written.
  bool begun() const { return written_.has_value(); }

 private:
  absl::Time DueAt() const;

  std::optional<kube::NodeCondition> wanted_;  // nullopt: not known yet
  std::optional<kube::NodeCondition> writing_;
  std::optional<kube::NodeCondition> written_;
  bool busy_ = false;
  absl::Time written_at_ = absl::InfinitePast();
  absl::Time not_before_ = absl::InfinitePast();
  absl::Duration backoff_ = kInterval;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_CONDITION_PLAN_H_
