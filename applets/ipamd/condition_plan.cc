#include "applets/ipamd/condition_plan.h"

#include <algorithm>

namespace applets::ipamd {

void ConditionPlan::Set(const absl::Status& could) {
  wanted_ = {.type = kube::kNetworkUnavailable,
             .is_true = !could.ok(),
             .reason = could.ok() ? "AddressesAvailable" : "NoAddresses",
             .message = could.ok() ? "ipamd can give pods addresses"
                                   : std::string(could.message())};
}

absl::Time ConditionPlan::DueAt() const {
  if (busy_ || !wanted_) return absl::InfiniteFuture();
  if (!written_ || written_->is_true != wanted_->is_true) return not_before_;
  const absl::Duration pause = written_ == wanted_ ? kRefresh : kRestate;
  return std::max(not_before_, written_at_ + pause);
}

std::optional<kube::NodeCondition> ConditionPlan::Next(absl::Time now) {
  if (now < DueAt()) return std::nullopt;
  busy_ = true;
  writing_ = wanted_;
  return writing_;
}

void ConditionPlan::OnWritten(const absl::Status& status, absl::Time now) {
  busy_ = false;
  if (!status.ok()) {
    not_before_ = now + backoff_;
    backoff_ = std::min(backoff_ * 2, kMaxBackoff);
    return;
  }
  written_ = writing_;
  written_at_ = now;
  not_before_ = now + kInterval;
  backoff_ = kInterval;
}

}  // namespace applets::ipamd
