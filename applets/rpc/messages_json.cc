#include "applets/rpc/messages_json.h"

#include <utility>

#include "base/status.h"

namespace applets::rpc {

// More would be no time that anything here takes.
constexpr double kMaxSeconds = 1e9;

using base::Attachment;
using base::Ipv4;
using base::Json;
using base::JsonWriter;
using base::Pod;
using base::WriteKey;
using base::WriteMember;

void Write(JsonWriter& w, const Attachment& a) {
  w.StartObject();
  WriteMember(w, "network", a.network);
  WriteMember(w, "containerId", a.container_id);
  WriteMember(w, "ifname", a.ifname);
  w.EndObject();
}

void Write(JsonWriter& w, const Pod& pod) {
  w.StartObject();
  WriteMember(w, "namespace", pod.ns);
  WriteMember(w, "name", pod.name);
  WriteMember(w, "uid", pod.uid);
  w.EndObject();
}

void WriteTime(JsonWriter& w, absl::string_view key, absl::Time time) {
  if (time == absl::InfiniteFuture()) return;
  WriteMember(w, key,
              absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone()));
}

void WriteSeconds(JsonWriter& w, absl::string_view key,
                  absl::Duration duration) {
  WriteKey(w, key);
  w.Double(absl::ToDoubleSeconds(duration));
}

void WriteFlag(JsonWriter& w, absl::string_view key, bool value) {
  WriteKey(w, key);
  w.Bool(value);
}

void WriteIfSet(JsonWriter& w, absl::string_view key, absl::string_view value) {
  if (!value.empty()) WriteMember(w, key, value);
}

void WriteAddresses(JsonWriter& w, absl::string_view key,
                    const std::vector<Ipv4>& addresses) {
  WriteKey(w, key);
  w.StartArray();
  for (const Ipv4 address : addresses) {
    base::WriteString(w, address.ToString());
  }
  w.EndArray();
}

void WriteTexts(JsonWriter& w, absl::string_view key,
                const std::vector<std::string>& texts) {
  WriteKey(w, key);
  w.StartArray();
  for (const std::string& text : texts) base::WriteString(w, text);
  w.EndArray();
}

void WriteCount(JsonWriter& w, absl::string_view key, uint64_t count) {
  WriteMember(w, key, static_cast<int64_t>(count));
}

absl::StatusOr<Ipv4> AddressOf(const Json& json) {
  ASSIGN_OR_RETURN(const std::string text, json.AsString());
  const auto address = Ipv4::Parse(text);
  if (!address.ok()) return json.Error(address.status().message());
  return *address;
}

absl::StatusOr<Ipv4> AddressIn(const Json& json, absl::string_view key) {
  ASSIGN_OR_RETURN(const Json member, json.Get(key));
  return AddressOf(member);
}

absl::StatusOr<std::vector<Ipv4>> AddressesIn(const Json& json,
                                              absl::string_view key) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, json.Array(key));
  std::vector<Ipv4> addresses;
  addresses.reserve(elements.size());
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(const Ipv4 address, AddressOf(element));
    addresses.push_back(address);
  }
  return addresses;
}

absl::StatusOr<Attachment> AttachmentOf(const Json& json) {
  Attachment a;
  ASSIGN_OR_RETURN(a.network, json.String("network"));
  ASSIGN_OR_RETURN(a.container_id, json.String("containerId"));
  ASSIGN_OR_RETURN(a.ifname, json.String("ifname"));
  return a;
}

absl::StatusOr<Attachment> AttachmentIn(const Json& json) {
  ASSIGN_OR_RETURN(const Json member, json.Get("attachment"));
  return AttachmentOf(member);
}

absl::StatusOr<Pod> PodIn(const Json& json) {
  const auto member = json.Find("pod");
  Pod pod;
  if (!member) return pod;
  RETURN_IF_ERROR(member->MustBeObject());
  ASSIGN_OR_RETURN(pod.ns, member->String("namespace", ""));
  ASSIGN_OR_RETURN(pod.name, member->String("name", ""));
  ASSIGN_OR_RETURN(pod.uid, member->String("uid", ""));
  return pod;
}

absl::StatusOr<uint32_t> NumberIn(const Json& json, absl::string_view key) {
  ASSIGN_OR_RETURN(const Json member, json.Get(key));
  ASSIGN_OR_RETURN(const int64_t value, member.AsInt());
  if (value < 0 || value > 0xffffffffll) {
    return member.Error("must be between 0 and 4294967295");
  }
  return static_cast<uint32_t>(value);
}

absl::StatusOr<std::vector<std::string>> TextsIn(const Json& json,
                                                 absl::string_view key) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, json.Array(key));
  std::vector<std::string> texts;
  texts.reserve(elements.size());
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(std::string text, element.AsString());
    texts.push_back(std::move(text));
  }
  return texts;
}

absl::StatusOr<uint64_t> CountIn(const Json& json, absl::string_view key) {
  const auto member = json.Find(key);
  if (!member) return 0;
  ASSIGN_OR_RETURN(const int64_t value, member->AsInt());
  if (value < 0) return member->Error("must not be negative");
  return static_cast<uint64_t>(value);
}

absl::StatusOr<absl::Time> TimeIn(const Json& json, absl::string_view key) {
  const auto member = json.Find(key);
  if (!member) return absl::InfiniteFuture();
  ASSIGN_OR_RETURN(const std::string text, member->AsString());
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return member->Error("not an RFC 3339 time");
  }
  return time;
}

absl::StatusOr<absl::Duration> SecondsIn(const Json& json,
                                         absl::string_view key) {
  const auto member = json.Find(key);
  if (!member) return absl::ZeroDuration();
  if (!member->raw().IsNumber()) return member->Error("must be a number");
  const double seconds = member->raw().GetDouble();
  if (!(seconds >= 0 && seconds <= kMaxSeconds)) {
    return member->Error("must be between 0 and 1e9");
  }
  return absl::Seconds(seconds);
}

}  // namespace applets::rpc
