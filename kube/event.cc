#include "kube/event.h"

#include "base/json.h"
#include "kube/section.h"

namespace kube {
namespace {

using base::WriteKey;
using base::WriteMember;

void WriteHead(base::JsonWriter& w, const Event& event) {
  WriteMember(w, "apiVersion", "v1");
  WriteMember(w, "kind", "Event");
  WriteKey(w, "metadata");
  w.StartObject();
  WriteMember(w, "namespace", event.key.name_space);
  WriteMember(w, "name", event.key.name);
  w.EndObject();
  WriteKey(w, "involvedObject");
  w.StartObject();
  WriteMember(w, "apiVersion", "v1");
  WriteMember(w, "kind", event.kind);
  WriteMember(w, "namespace", event.key.name_space);
  WriteMember(w, "name", event.about_name);
  WriteMember(w, "uid", event.about_uid);
  w.EndObject();
  WriteKey(w, "source");
  w.StartObject();
  WriteMember(w, "component", event.component);
  WriteMember(w, "host", event.node);
  w.EndObject();
  WriteMember(w, "type",
              event.type == Event::Type::kWarning ? "Warning" : "Normal");
  WriteMember(w, "reason", event.reason);
  WriteMember(w, "firstTimestamp", TimeText(event.first));
}

void WriteRest(base::JsonWriter& w, const Event& event) {
  WriteMember(w, "message", event.message.substr(0, Event::kMaxMessage));
  WriteMember(w, "count", event.count);
  WriteMember(w, "lastTimestamp", TimeText(event.last));
}

}  // namespace

std::string EncodeEvent(const Event& event) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  WriteHead(w, event);
  WriteRest(w, event);
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string EventPatch(const Event& event) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  WriteRest(w, event);
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace kube
