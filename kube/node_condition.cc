#include "kube/node_condition.h"

#include <vector>

#include "base/status.h"
#include "kube/section.h"

namespace kube {
namespace {

using base::WriteKey;
using base::WriteMember;

absl::StatusOr<NodeCondition> Decode(const base::Json& json) {
  NodeCondition condition;
  ASSIGN_OR_RETURN(condition.type, json.String("type", ""));
  ASSIGN_OR_RETURN(const std::string status, json.String("status", ""));
  condition.is_true = status == "True";
  ASSIGN_OR_RETURN(condition.reason, json.String("reason", ""));
  ASSIGN_OR_RETURN(condition.message, json.String("message", ""));
  ASSIGN_OR_RETURN(condition.since, json.String("lastTransitionTime", ""));
  return condition;
}

}  // namespace

absl::StatusOr<std::optional<NodeCondition>> DecodeNodeCondition(
    const base::Json& node, absl::string_view type) {
  ASSIGN_OR_RETURN(const Section status, Section::Of(node, "status"));
  ASSIGN_OR_RETURN(const std::vector<base::Json> conditions,
                   status.Array("conditions"));
  for (const base::Json& json : conditions) {
    ASSIGN_OR_RETURN(NodeCondition condition, Decode(json));
    if (condition.type == type) return condition;
  }
  return std::nullopt;
}

std::string NodeConditionPatch(const NodeCondition& condition, absl::Time now) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  WriteKey(w, "status");
  w.StartObject();
  WriteKey(w, "conditions");
  w.StartArray();
  w.StartObject();
  WriteMember(w, "type", condition.type);
  WriteMember(w, "status", condition.is_true ? "True" : "False");
  WriteMember(w, "reason", condition.reason);
  WriteMember(w, "message", condition.message);
  WriteMember(w, "lastHeartbeatTime", TimeText(now));
  WriteMember(w, "lastTransitionTime",
              condition.since.empty() ? TimeText(now) : condition.since);
  w.EndObject();
  w.EndArray();
  w.EndObject();
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace kube
