#include "applets/ipamd/publisher.h"

#include <algorithm>

namespace applets::ipamd {

absl::Time Publisher::DueAt() const {
  if (busy_) return absl::InfiniteFuture();
  const bool news = !written_ || *written_ != wanted_;
  return news ? not_before_ : std::max(not_before_, refresh_at_);
}

absl::Time Publisher::deadline() const { return DueAt(); }

std::optional<Publisher::Call> Publisher::Next(absl::Time now) {
  if (now < DueAt()) return std::nullopt;
  busy_ = true;
  writing_ = wanted_;
  return Call{writing_, adopt_};
}

void Publisher::OnWritten(const absl::Status& status, absl::Time now) {
  busy_ = false;
  if (status.ok()) {
    written_ = writing_;
    adopt_ = false;
    backoff_ = kInterval;
    not_before_ = now + kInterval;
    refresh_at_ = now + kRefresh;
    return;
  }
  written_.reset();
  // What went wrong may have been said about the object, or about its node.
  adopt_ = true;
  not_before_ = now + backoff_;
  backoff_ = std::min(backoff_ * 2, kMaxBackoff);
}

}  // namespace applets::ipamd
