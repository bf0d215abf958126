#ifndef CNIVPC_APPLETS_RPC_MESSAGES_EVENTS_H_
#define CNIVPC_APPLETS_RPC_MESSAGES_EVENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"

namespace applets::rpc {

// Something that happened on the node, or that is so. What doesn't apply is
// empty.
struct Event {
  // Grows with every change of the journal, so that a reader can ask for what
  // is new; an event that is counted again gets another.
  uint64_t sequence = 0;
  absl::Time first = absl::InfiniteFuture();  // when it happened,
  absl::Time last = absl::InfiniteFuture();   // and for the last time
  uint64_t count = 1;
  std::string reason;  // a code of docs/reasons.md
  std::optional<base::Ipv4> address = {};
  base::Attachment attachment = {};
  base::Pod pod = {};
  std::string subnet = {};
  std::string text = {};
  absl::Time until = absl::InfiniteFuture();  // when it will be over, if told
};

// GET /v1/events?since=SEQUENCE&pod=NAMESPACE/NAME&address=IP: what the journal
// has, the oldest first. It lives in memory: it begins with the daemon, and
// forgets the oldest.
struct EventsReply {
  std::string node;
  absl::Time began = absl::InfiniteFuture();
  uint64_t forgotten = 0;  // events that had to make room
  uint64_t last = 0;       // the journal's newest sequence
  std::vector<Event> events;
};

// GET /v1/why?pod=NAMESPACE/NAME or ?address=IP: why it is as it is.
struct WhyReply {
  std::string subject;                   // as asked
  std::string reason;                    // a code of docs/reasons.md
  std::string summary;                   // one sentence
  std::vector<std::string> causes = {};  // each because of the next one
  std::string next = {};                 // what happens next, and when
  std::vector<Event> events = {};        // what happened, the oldest first
};

std::string ToJson(const Event& message);
std::string ToJson(const EventsReply& message);
std::string ToJson(const WhyReply& message);
absl::StatusOr<EventsReply> ParseEventsReply(absl::string_view json);
absl::StatusOr<WhyReply> ParseWhyReply(absl::string_view json);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_MESSAGES_EVENTS_H_
