#include "applets/ipamd/steady_status.h"

#include <algorithm>

namespace applets::ipamd {

absl::Status SteadyStatus::Look(const absl::Status& could, absl::Duration now) {
  if (could.ok()) {
    good_since_ = std::min(good_since_, now);
    if (now - good_since_ >= kForgotten) OnWarm();
  } else {
    good_since_ = absl::InfiniteDuration();
    failure_ = could;
  }
  if (failing_since_ == absl::InfiniteDuration()) {
    if (could.ok()) return could;
    failing_since_ = now;
  }
  return now - failing_since_ < hold_ ? absl::OkStatus() : failure_;
}

}  // namespace applets::ipamd
