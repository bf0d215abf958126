#include "vpc/ucloud/breaker.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace vpc::ucloud {

absl::string_view NameOf(CircuitState state) {
  switch (state) {
    case CircuitState::kClosed:
      return "closed";
    case CircuitState::kOpen:
      return "open";
    case CircuitState::kHalfOpen:
      return "half-open";
  }
  return "?";
}

CircuitState Breaker::state(absl::Time now) const {
  if (pause_ == absl::ZeroDuration()) return CircuitState::kClosed;
  return now < open_until_ ? CircuitState::kOpen : CircuitState::kHalfOpen;
}

bool Breaker::Admits(absl::Time now) const { return now >= retry_at(); }

absl::Time Breaker::retry_at() const {
  if (pause_ == absl::ZeroDuration()) return absl::InfinitePast();
  return std::max(open_until_, trial_until_);
}

void Breaker::Sent(absl::Time now) {
  if (state(now) == CircuitState::kHalfOpen) {
    trial_until_ = now + options_.trial_patience;
  }
}

void Breaker::Ended(Outcome outcome, absl::Time now) {
  if (outcome != Outcome::kServerError) {
    failures_ = 0;
    pause_ = absl::ZeroDuration();
    return;
  }
  ++failures_;
  const CircuitState state = this->state(now);
  if (state == CircuitState::kClosed &&
      failures_ >= options_.failures_to_open) {
    pause_ = options_.first_pause;
    Open(now);
  }
  const bool tried = trial_until_ != absl::InfinitePast();
  if (state == CircuitState::kHalfOpen && tried) {
    pause_ = std::min(pause_ * 2, options_.max_pause);
    Open(now);
  }
}

void Breaker::Open(absl::Time now) {
  open_until_ = now + pause_;
  trial_until_ = absl::InfinitePast();
}

std::string Breaker::Reason(absl::Time now) const {
  const std::string why =
      absl::StrCat("circuit ", NameOf(state(now)), " after ", failures_,
                   " failures in a row");
  if (state(now) == CircuitState::kHalfOpen) {
    return absl::StrCat(why, ", a trial is on its way");
  }
  const absl::Duration left =
      absl::Ceil(open_until_ - now, absl::Milliseconds(1));
  return absl::StrCat(why, ", next try in ", absl::FormatDuration(left));
}

}  // namespace vpc::ucloud
