#include "applets/cni/port_mappings.h"

#include "applets/cni/delegate.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::cni {
namespace {

constexpr char kPlugin[] = "portmap";
constexpr char kPrevResult[] = "prevResult";

void WriteRaw(base::JsonWriter& writer, absl::string_view json) {
  writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
}

// Our configuration with another prevResult.
std::string ConfigWith(const base::Json& document, absl::string_view result) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  writer.StartObject();
  for (const auto& member : document.raw().GetObject()) {
    const absl::string_view name(member.name.GetString(),
                                 member.name.GetStringLength());
    if (name == kPrevResult) continue;
    base::WriteKey(writer, name);
    member.value.Accept(writer);
  }
  base::WriteKey(writer, kPrevResult);
  WriteRaw(writer, result);
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

absl::Status Delegate(const Request& request, Verb verb,
                      absl::string_view config) {
  ASSIGN_OR_RETURN(const std::string file,
                   FindPlugin(request.environment.path, kPlugin));
  return RunPlugin(file, verb, config);
}

}  // namespace

bool HasPortMappings(const Request& request) {
  return request.document && request.config.has_port_mappings;
}

absl::Status MapPorts(const Request& request, absl::string_view result) {
  if (!HasPortMappings(request)) return absl::OkStatus();
  return Delegate(request, Verb::kAdd, ConfigWith(*request.document, result));
}

absl::Status CheckPorts(const Request& request) {
  if (!HasPortMappings(request)) return absl::OkStatus();
  return Delegate(request, Verb::kCheck, request.document->Dump());
}

absl::Status UnmapPorts(const Request& request) {
  if (!HasPortMappings(request)) return absl::OkStatus();
  const absl::Status status =
      Delegate(request, Verb::kDel, request.document->Dump());
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace applets::cni
