#include "applets/rpc/messages.h"

#include <utility>

#include "base/json.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

using base::Ipv4;
using base::Json;
using base::JsonWriter;
using base::WriteKey;
using base::WriteMember;

constexpr int kLastCode = static_cast<int>(absl::StatusCode::kUnauthenticated);

// --- structs to JSON

class Writing {
 public:
  JsonWriter& writer() { return writer_; }
  std::string Text() const {
    return std::string(buffer_.GetString(), buffer_.GetSize());
  }

 private:
  rapidjson::StringBuffer buffer_;
  JsonWriter writer_{buffer_};
};

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

void WriteLease(JsonWriter& w, const PoolEntry& entry) {
  WriteKey(w, "lease");
  w.StartObject();
  WriteKey(w, "attachment");
  Write(w, entry.attachment);
  WriteKey(w, "pod");
  Write(w, entry.pod);
  WriteMember(w, "phase", entry.phase);
  WriteMember(w, "hostIfname", entry.host_ifname);
  w.EndObject();
}

void Write(JsonWriter& w, const PoolEntry& entry) {
  w.StartObject();
  WriteMember(w, "address", entry.address.ToString());
  WriteMember(w, "subnet", entry.subnet);
  WriteMember(w, "state", entry.state);
  WriteTime(w, "since", entry.since);
  WriteTime(w, "until", entry.until);
  WriteMember(w, "recycled", static_cast<int64_t>(entry.recycled));
  if (!entry.attachment.container_id.empty()) WriteLease(w, entry);
  w.EndObject();
}

// --- JSON to structs

absl::StatusOr<Ipv4> AddressIn(const Json& json, absl::string_view key) {
  ASSIGN_OR_RETURN(const Json member, json.Get(key));
  ASSIGN_OR_RETURN(const std::string text, member.AsString());
  const auto address = Ipv4::Parse(text);
  if (!address.ok()) return member.Error(address.status().message());
  return *address;
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

absl::Status ReadLease(const Json& json, PoolEntry* entry) {
  const auto lease = json.Find("lease");
  if (!lease) return absl::OkStatus();
  ASSIGN_OR_RETURN(entry->attachment, AttachmentIn(*lease));
  ASSIGN_OR_RETURN(entry->pod, PodIn(*lease));
  ASSIGN_OR_RETURN(entry->phase, lease->String("phase", ""));
  ASSIGN_OR_RETURN(entry->host_ifname, lease->String("hostIfname", ""));
  return absl::OkStatus();
}

absl::StatusOr<PoolEntry> PoolEntryOf(const Json& json) {
  PoolEntry entry;
  ASSIGN_OR_RETURN(entry.address, AddressIn(json, "address"));
  ASSIGN_OR_RETURN(entry.subnet, json.String("subnet", ""));
  ASSIGN_OR_RETURN(entry.state, json.String("state"));
  ASSIGN_OR_RETURN(entry.since, TimeIn(json, "since"));
  ASSIGN_OR_RETURN(entry.until, TimeIn(json, "until"));
  ASSIGN_OR_RETURN(const int64_t recycled, json.Int("recycled", 0));
  entry.recycled = static_cast<uint64_t>(recycled);
  RETURN_IF_ERROR(ReadLease(json, &entry));
  return entry;
}

absl::StatusOr<std::vector<Attachment>> AttachmentsIn(const Json& json,
                                                      absl::string_view key) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, json.Array(key));
  std::vector<Attachment> attachments;
  attachments.reserve(elements.size());
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(Attachment a, AttachmentOf(element));
    attachments.push_back(std::move(a));
  }
  return attachments;
}

void WriteAttachments(JsonWriter& w, absl::string_view key,
                      const std::vector<Attachment>& attachments) {
  WriteKey(w, key);
  w.StartArray();
  for (const Attachment& a : attachments) Write(w, a);
  w.EndArray();
}

}  // namespace

std::string ToJson(const AcquireRequest& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteKey(w, "attachment");
  Write(w, message.attachment);
  WriteKey(w, "pod");
  Write(w, message.pod);
  WriteMember(w, "netns", message.netns);
  WriteMember(w, "hostIfname", message.host_ifname);
  WriteMember(w, "startedAtBootNs",
              absl::ToInt64Nanoseconds(message.started_at));
  w.EndObject();
  return out.Text();
}

absl::StatusOr<AcquireRequest> ParseAcquireRequest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  AcquireRequest message;
  ASSIGN_OR_RETURN(message.attachment, AttachmentIn(json));
  ASSIGN_OR_RETURN(message.pod, PodIn(json));
  ASSIGN_OR_RETURN(message.netns, json.String("netns", ""));
  ASSIGN_OR_RETURN(message.host_ifname, json.String("hostIfname", ""));
  ASSIGN_OR_RETURN(const int64_t started_ns, json.Int("startedAtBootNs"));
  message.started_at = absl::Nanoseconds(started_ns);
  return message;
}

std::string ToJson(const AcquireReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "address", message.address.ToString());
  WriteMember(w, "subnet", message.subnet);
  WriteKey(w, "node");
  w.StartObject();
  WriteMember(w, "interface", message.node.name);
  WriteMember(w, "ifindex", static_cast<int64_t>(message.node.ifindex));
  WriteMember(w, "mtu", static_cast<int64_t>(message.node.mtu_bytes));
  WriteMember(w, "address", message.node.address.ToString());
  w.EndObject();
  w.EndObject();
  return out.Text();
}

absl::StatusOr<AcquireReply> ParseAcquireReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  AcquireReply message;
  ASSIGN_OR_RETURN(message.address, AddressIn(json, "address"));
  ASSIGN_OR_RETURN(message.subnet, json.String("subnet", ""));
  ASSIGN_OR_RETURN(const Json node, json.Get("node"));
  ASSIGN_OR_RETURN(message.node.name, node.String("interface"));
  ASSIGN_OR_RETURN(message.node.ifindex, NumberIn(node, "ifindex"));
  ASSIGN_OR_RETURN(message.node.mtu_bytes, NumberIn(node, "mtu"));
  ASSIGN_OR_RETURN(message.node.address, AddressIn(node, "address"));
  return message;
}

std::string ToJson(const Attachment& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteKey(w, "attachment");
  Write(w, message);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<Attachment> ParseAttachment(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  return AttachmentIn(json);
}

std::string ToJson(const ReleaseRequest& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteKey(w, "attachment");
  Write(w, message.attachment);
  WriteKey(w, "pod");
  Write(w, message.pod);
  WriteMember(w, "hostIfname", message.host_ifname);
  WriteMember(w, "startedAtBootNs",
              absl::ToInt64Nanoseconds(message.started_at));
  w.EndObject();
  return out.Text();
}

absl::StatusOr<ReleaseRequest> ParseReleaseRequest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  ReleaseRequest message;
  ASSIGN_OR_RETURN(message.attachment, AttachmentIn(json));
  ASSIGN_OR_RETURN(message.pod, PodIn(json));
  ASSIGN_OR_RETURN(message.host_ifname, json.String("hostIfname", ""));
  ASSIGN_OR_RETURN(const int64_t started_ns, json.Int("startedAtBootNs"));
  message.started_at = absl::Nanoseconds(started_ns);
  return message;
}

std::string ToJson(const GcRequest& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "network", message.network);
  WriteAttachments(w, "valid", message.valid);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<GcRequest> ParseGcRequest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  GcRequest message;
  ASSIGN_OR_RETURN(message.network, json.String("network"));
  // Without the list nothing would be valid: it must be there, if empty.
  RETURN_IF_ERROR(json.Get("valid").status());
  ASSIGN_OR_RETURN(message.valid, AttachmentsIn(json, "valid"));
  return message;
}

std::string ToJson(const GcReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteAttachments(w, "released", message.released);
  WriteKey(w, "errors");
  w.StartArray();
  for (const std::string& error : message.errors) base::WriteString(w, error);
  w.EndArray();
  w.EndObject();
  return out.Text();
}

absl::StatusOr<GcReply> ParseGcReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  GcReply message;
  ASSIGN_OR_RETURN(message.released, AttachmentsIn(json, "released"));
  ASSIGN_OR_RETURN(const std::vector<Json> errors, json.Array("errors"));
  for (const Json& error : errors) {
    ASSIGN_OR_RETURN(std::string error_text, error.AsString());
    message.errors.push_back(std::move(error_text));
  }
  return message;
}

std::string ToJson(const PoolReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "node", message.node);
  WriteKey(w, "addresses");
  w.StartArray();
  for (const PoolEntry& entry : message.entries) Write(w, entry);
  w.EndArray();
  w.EndObject();
  return out.Text();
}

absl::StatusOr<PoolReply> ParsePoolReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  PoolReply message;
  ASSIGN_OR_RETURN(message.node, json.String("node", ""));
  ASSIGN_OR_RETURN(const std::vector<Json> elements, json.Array("addresses"));
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(PoolEntry entry, PoolEntryOf(element));
    message.entries.push_back(std::move(entry));
  }
  return message;
}

std::string ErrorToJson(const absl::Status& status) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "code", absl::StatusCodeToString(status.code()));
  WriteMember(w, "message", status.message());
  if (base::IsIo(status)) {
    WriteKey(w, "io");
    w.Bool(true);
  }
  w.EndObject();
  return out.Text();
}

absl::Status ParseError(absl::string_view text) {
  const auto json = Json::Parse(text);
  if (!json.ok()) return absl::InternalError("ipamd answered without a reason");
  const std::string name = json->String("code", "").value_or("");
  const std::string message = json->String("message", "").value_or("");
  absl::StatusCode code = absl::StatusCode::kUnknown;
  for (int i = 1; i <= kLastCode; ++i) {
    const auto candidate = static_cast<absl::StatusCode>(i);
    if (absl::StatusCodeToString(candidate) == name) code = candidate;
  }
  const absl::Status status(code, message);
  return json->Bool("io", false).value_or(false) ? base::MarkIo(status)
                                                 : status;
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

}  // namespace applets::rpc
