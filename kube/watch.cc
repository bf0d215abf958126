#include "kube/watch.h"

#include <optional>
#include <string>
#include <utility>

#include "base/status.h"

namespace kube {

absl::StatusOr<std::vector<WatchEvent>> Watch::Next() {
  std::vector<WatchEvent> events;
  for (;;) {
    absl::StatusOr<std::optional<WatchEvent>> event = decoder_.Next();
    // The decoder says it again when the events before it have been returned.
    if (!event.ok() && events.empty()) return event.status();
    if (event.ok() && event->has_value()) {
      events.push_back(**std::move(event));
      continue;
    }
    if (!events.empty()) return events;
    ASSIGN_OR_RETURN(const std::string bytes, stream_->Read());
    if (bytes.empty()) {
      RETURN_IF_ERROR(decoder_.CheckEnd());
      return events;
    }
    decoder_.Take(bytes);
  }
}

}  // namespace kube
