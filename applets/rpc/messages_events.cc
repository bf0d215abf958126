#include "applets/rpc/messages_events.h"

#include <utility>

#include "applets/rpc/messages_json.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

using base::Json;
using base::JsonWriter;
using base::WriteKey;
using base::WriteMember;

void Write(JsonWriter& w, const Event& event) {
  w.StartObject();
  WriteCount(w, "sequence", event.sequence);
  WriteTime(w, "first", event.first);
  WriteTime(w, "last", event.last);
  WriteCount(w, "count", event.count);
  WriteMember(w, "reason", event.reason);
  if (event.address) WriteMember(w, "address", event.address->ToString());
  if (!event.attachment.container_id.empty()) {
    WriteKey(w, "attachment");
    rpc::Write(w, event.attachment);
  }
  if (!event.pod.name.empty()) {
    WriteKey(w, "pod");
    rpc::Write(w, event.pod);
  }
  WriteIfSet(w, "subnet", event.subnet);
  WriteIfSet(w, "text", event.text);
  WriteTime(w, "until", event.until);
  w.EndObject();
}

void WriteEvents(JsonWriter& w, const std::vector<Event>& events) {
  WriteKey(w, "events");
  w.StartArray();
  for (const Event& event : events) Write(w, event);
  w.EndArray();
}

absl::Status ReadSubjects(const Json& json, Event* event) {
  if (json.Find("address")) {
    ASSIGN_OR_RETURN(event->address, AddressIn(json, "address"));
  }
  if (json.Find("attachment")) {
    ASSIGN_OR_RETURN(event->attachment, AttachmentIn(json));
  }
  ASSIGN_OR_RETURN(event->pod, PodIn(json));
  ASSIGN_OR_RETURN(event->subnet, json.String("subnet", ""));
  return absl::OkStatus();
}

absl::StatusOr<Event> EventOf(const Json& json) {
  Event event;
  ASSIGN_OR_RETURN(event.sequence, CountIn(json, "sequence"));
  ASSIGN_OR_RETURN(event.first, TimeIn(json, "first"));
  ASSIGN_OR_RETURN(event.last, TimeIn(json, "last"));
  ASSIGN_OR_RETURN(event.count, CountIn(json, "count"));
  ASSIGN_OR_RETURN(event.reason, json.String("reason"));
  RETURN_IF_ERROR(ReadSubjects(json, &event));
  ASSIGN_OR_RETURN(event.text, json.String("text", ""));
  ASSIGN_OR_RETURN(event.until, TimeIn(json, "until"));
  return event;
}

absl::StatusOr<std::vector<Event>> EventsIn(const Json& json) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, json.Array("events"));
  std::vector<Event> events;
  events.reserve(elements.size());
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(Event event, EventOf(element));
    events.push_back(std::move(event));
  }
  return events;
}

}  // namespace

std::string ToJson(const Event& message) {
  Writing out;
  Write(out.writer(), message);
  return out.Text();
}

std::string ToJson(const EventsReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "node", message.node);
  WriteTime(w, "began", message.began);
  WriteCount(w, "forgotten", message.forgotten);
  WriteCount(w, "last", message.last);
  WriteEvents(w, message.events);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<EventsReply> ParseEventsReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  EventsReply message;
  ASSIGN_OR_RETURN(message.node, json.String("node", ""));
  ASSIGN_OR_RETURN(message.began, TimeIn(json, "began"));
  ASSIGN_OR_RETURN(message.forgotten, CountIn(json, "forgotten"));
  ASSIGN_OR_RETURN(message.last, CountIn(json, "last"));
  ASSIGN_OR_RETURN(message.events, EventsIn(json));
  return message;
}

std::string ToJson(const WhyReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "subject", message.subject);
  WriteMember(w, "reason", message.reason);
  WriteMember(w, "summary", message.summary);
  WriteTexts(w, "causes", message.causes);
  WriteIfSet(w, "next", message.next);
  WriteEvents(w, message.events);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<WhyReply> ParseWhyReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  WhyReply message;
  ASSIGN_OR_RETURN(message.subject, json.String("subject", ""));
  ASSIGN_OR_RETURN(message.reason, json.String("reason"));
  ASSIGN_OR_RETURN(message.summary, json.String("summary"));
  ASSIGN_OR_RETURN(message.causes, TextsIn(json, "causes"));
  ASSIGN_OR_RETURN(message.next, json.String("next", ""));
  ASSIGN_OR_RETURN(message.events, EventsIn(json));
  return message;
}

}  // namespace applets::rpc
