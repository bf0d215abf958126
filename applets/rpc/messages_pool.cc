#include "applets/rpc/messages_pool.h"

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
  ASSIGN_OR_RETURN(entry.recycled, CountIn(json, "recycled"));
  RETURN_IF_ERROR(ReadLease(json, &entry));
  return entry;
}

}  // namespace

std::string ToJson(const PoolReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "node", message.node);
  WriteIfSet(w, "subnet", message.subnet);
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
  ASSIGN_OR_RETURN(message.subnet, json.String("subnet", ""));
  ASSIGN_OR_RETURN(const std::vector<Json> elements, json.Array("addresses"));
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(PoolEntry entry, PoolEntryOf(element));
    message.entries.push_back(std::move(entry));
  }
  return message;
}

}  // namespace applets::rpc
