#include "applets/ipamd/steady_status.h"

namespace applets::ipamd {

absl::Status SteadyStatus::Look(const absl::Status& could, absl::Duration now) {
  if (!could.ok()) failure_ = could;
  if (failing_since_ == absl::InfiniteDuration()) {
    if (could.ok()) return could;
    failing_since_ = now;
  }
  return now - failing_since_ < hold_ ? absl::OkStatus() : failure_;
}

}  // namespace applets::ipamd
