#include "applets/rpc/messages.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "applets/rpc/messages_json.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

using base::Json;
using base::JsonWriter;
using base::WriteKey;
using base::WriteMember;

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
  if (!message.can.empty()) WriteTexts(w, "can", message.can);
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
  ASSIGN_OR_RETURN(message.can, TextsIn(json, "can"));
  return message;
}

absl::Status CheckCan(const AcquireRequest& request, absl::string_view what) {
  if (absl::c_linear_search(request.can, what)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the pod's address is one of a further network interface, which the "
      "node's plugin is too old for (it lacks \"",
      what, "\"): upgrade /opt/cni/bin/cnivpc to ipamd's version"));
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
  if (message.node.table != 0) {
    WriteMember(w, "table", static_cast<int64_t>(message.node.table));
  }
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
  if (node.Find("table")) {
    ASSIGN_OR_RETURN(message.node.table, NumberIn(node, "table"));
  }
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
  WriteTexts(w, "errors", message.errors);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<GcReply> ParseGcReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  GcReply message;
  ASSIGN_OR_RETURN(message.released, AttachmentsIn(json, "released"));
  ASSIGN_OR_RETURN(message.errors, TextsIn(json, "errors"));
  return message;
}

}  // namespace applets::rpc
