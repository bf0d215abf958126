#include "applets/rpc/messages_admin.h"

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

void Write(JsonWriter& w, const Refused& refused) {
  w.StartObject();
  WriteMember(w, "address", refused.address.ToString());
  WriteMember(w, "problem", refused.problem);
  w.EndObject();
}

void Write(JsonWriter& w, const UnusedEntry& entry) {
  w.StartObject();
  WriteMember(w, "address", entry.address.ToString());
  WriteMember(w, "subnet", entry.subnet);
  WriteMember(w, "why", entry.why);
  WriteTime(w, "since", entry.since);
  w.EndObject();
}

void Write(JsonWriter& w, const SweepEntry& entry) {
  w.StartObject();
  WriteMember(w, "kind", entry.kind);
  WriteMember(w, "subject", entry.subject);
  WriteMember(w, "text", entry.text);
  w.EndObject();
}

template <typename Element>
void WriteAll(JsonWriter& w, absl::string_view key,
              const std::vector<Element>& elements) {
  WriteKey(w, key);
  w.StartArray();
  for (const Element& element : elements) Write(w, element);
  w.EndArray();
}

absl::StatusOr<Refused> RefusedOf(const Json& json) {
  Refused refused;
  ASSIGN_OR_RETURN(refused.address, AddressIn(json, "address"));
  ASSIGN_OR_RETURN(refused.problem, json.String("problem", ""));
  return refused;
}

absl::StatusOr<UnusedEntry> UnusedEntryOf(const Json& json) {
  UnusedEntry entry;
  ASSIGN_OR_RETURN(entry.address, AddressIn(json, "address"));
  ASSIGN_OR_RETURN(entry.subnet, json.String("subnet", ""));
  ASSIGN_OR_RETURN(entry.why, json.String("why", ""));
  ASSIGN_OR_RETURN(entry.since, TimeIn(json, "since"));
  return entry;
}

absl::StatusOr<SweepEntry> SweepEntryOf(const Json& json) {
  SweepEntry entry;
  ASSIGN_OR_RETURN(entry.kind, json.String("kind"));
  ASSIGN_OR_RETURN(entry.subject, json.String("subject"));
  ASSIGN_OR_RETURN(entry.text, json.String("text", ""));
  return entry;
}

template <typename Element>
absl::StatusOr<std::vector<Element>> AllIn(
    const Json& json, absl::string_view key,
    absl::StatusOr<Element> (*read)(const Json& json)) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, json.Array(key));
  std::vector<Element> all;
  all.reserve(elements.size());
  for (const Json& json_element : elements) {
    ASSIGN_OR_RETURN(Element element, read(json_element));
    all.push_back(std::move(element));
  }
  return all;
}

}  // namespace

std::string ToJson(const AddressRequest& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteIfSet(w, "node", message.node);
  if (message.address) WriteMember(w, "address", message.address->ToString());
  w.EndObject();
  return out.Text();
}

absl::StatusOr<AddressRequest> ParseAddressRequest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  RETURN_IF_ERROR(json.MustBeObject());
  AddressRequest message;
  ASSIGN_OR_RETURN(message.node, json.String("node", ""));
  if (json.Find("address")) {
    ASSIGN_OR_RETURN(message.address, AddressIn(json, "address"));
  }
  return message;
}

std::string ToJson(const AddressReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "address", message.address.ToString());
  WriteMember(w, "state", message.state);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<AddressReply> ParseAddressReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  AddressReply message;
  ASSIGN_OR_RETURN(message.address, AddressIn(json, "address"));
  ASSIGN_OR_RETURN(message.state, json.String("state", ""));
  return message;
}

std::string ToJson(const GiveBackRequest& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteIfSet(w, "node", message.node);
  WriteAddresses(w, "addresses", message.addresses);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<GiveBackRequest> ParseGiveBackRequest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  GiveBackRequest message;
  ASSIGN_OR_RETURN(message.node, json.String("node", ""));
  // To give back "all" by leaving the list out would be a trap.
  RETURN_IF_ERROR(json.Get("addresses").status());
  ASSIGN_OR_RETURN(message.addresses, AddressesIn(json, "addresses"));
  return message;
}

std::string ToJson(const GiveBackReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteAddresses(w, "released", message.released);
  WriteAll(w, "refused", message.refused);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<GiveBackReply> ParseGiveBackReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  GiveBackReply message;
  ASSIGN_OR_RETURN(message.released, AddressesIn(json, "released"));
  ASSIGN_OR_RETURN(message.refused, AllIn(json, "refused", RefusedOf));
  return message;
}

std::string ToJson(const UnusedReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "node", message.node);
  WriteAll(w, "addresses", message.entries);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<UnusedReply> ParseUnusedReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  UnusedReply message;
  ASSIGN_OR_RETURN(message.node, json.String("node", ""));
  ASSIGN_OR_RETURN(message.entries, AllIn(json, "addresses", UnusedEntryOf));
  return message;
}

std::string ToJson(const SweepRequest& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteFlag(w, "dryRun", message.dry_run);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<SweepRequest> ParseSweepRequest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  RETURN_IF_ERROR(json.MustBeObject());
  SweepRequest message;
  ASSIGN_OR_RETURN(message.dry_run, json.Bool("dryRun", false));
  return message;
}

std::string ToJson(const SweepReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteFlag(w, "dryRun", message.dry_run);
  WriteAll(w, "findings", message.entries);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<SweepReply> ParseSweepReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  SweepReply message;
  ASSIGN_OR_RETURN(message.dry_run, json.Bool("dryRun", false));
  ASSIGN_OR_RETURN(message.entries, AllIn(json, "findings", SweepEntryOf));
  return message;
}

}  // namespace applets::rpc
