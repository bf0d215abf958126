#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "applets/upgrade/codec.h"
#include "applets/upgrade/fleet.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

constexpr int64_t kSchema = 1;

constexpr Name<NodeState> kStates[] = {
    {"waiting", NodeState::kWaiting},     {"looking", NodeState::kLooking},
    {"upgrading", NodeState::kUpgrading}, {"upgraded", NodeState::kUpgraded},
    {"checking", NodeState::kChecking},   {"done", NodeState::kDone},
    {"unchanged", NodeState::kUnchanged}, {"skipped", NodeState::kSkipped},
    {"failed", NodeState::kFailed},       {"returning", NodeState::kReturning},
    {"returned", NodeState::kReturned},   {"lost", NodeState::kLost},
};
constexpr Name<FleetPhase> kPhases[] = {
    {"running", FleetPhase::kRunning},     {"stopping", FleetPhase::kStopping},
    {"returning", FleetPhase::kReturning}, {"done", FleetPhase::kDone},
    {"stopped", FleetPhase::kStopped},     {"returned", FleetPhase::kReturned},
};

absl::Status ReadDuration(const base::Json& object, absl::string_view key,
                          absl::Duration& value) {
  ASSIGN_OR_RETURN(const std::string text, object.String(key));
  const bool ok = absl::ParseDuration(text, &value) &&
                  value >= absl::ZeroDuration() &&
                  value < absl::InfiniteDuration();
  return ok ? absl::OkStatus() : object.Error(absl::StrCat(key, ": no time"));
}

absl::Status ReadCount(const base::Json& object, absl::string_view key,
                       int64_t least, int64_t& value) {
  ASSIGN_OR_RETURN(value, object.Int(key));
  return value >= least ? absl::OkStatus()
                        : object.Error(absl::StrCat(key, ": too small"));
}

absl::StatusOr<FleetRules> ReadRules(const base::Json& json) {
  FleetRules rules;
  RETURN_IF_ERROR(ReadCount(json, "canaries", 1, rules.canaries));
  RETURN_IF_ERROR(ReadCount(json, "batchSize", 1, rules.batch_size));
  RETURN_IF_ERROR(ReadCount(json, "maxUnavailable", 1, rules.max_unavailable));
  RETURN_IF_ERROR(ReadCount(json, "maxFailures", 0, rules.max_failures));
  RETURN_IF_ERROR(ReadDuration(json, "soak", rules.soak));
  RETURN_IF_ERROR(ReadDuration(json, "deadline", rules.deadline));
  ASSIGN_OR_RETURN(rules.roll_back, json.Bool("rollBack", true));
  ASSIGN_OR_RETURN(rules.max_failed_adds,
                   json.Int("maxFailedAdds", rules.max_failed_adds));
  return rules;
}

absl::StatusOr<FleetMeans> ReadMeans(const base::Json& json) {
  FleetMeans means;
  ASSIGN_OR_RETURN(means.through, json.String("through"));
  ASSIGN_OR_RETURN(means.program, json.String("program"));
  ASSIGN_OR_RETURN(means.image, json.String("image", ""));
  ASSIGN_OR_RETURN(means.bin_dir, json.String("binDir"));
  ASSIGN_OR_RETURN(means.conf_dir, json.String("confDir"));
  ASSIGN_OR_RETURN(means.force, json.Bool("force", false));
  ASSIGN_OR_RETURN(means.out_of_maintenance,
                   json.Bool("outOfMaintenance", false));
  return means;
}

absl::StatusOr<FleetNode> ReadNode(const base::Json& json) {
  FleetNode node;
  ASSIGN_OR_RETURN(node.name, json.String("name"));
  RETURN_IF_ERROR(Read<NodeState>(json, "state", kStates, node.state));
  RETURN_IF_ERROR(ReadCount(json, "batch", -1, node.batch));
  ASSIGN_OR_RETURN(node.before, json.String("before"));
  ASSIGN_OR_RETURN(node.version, json.String("version", ""));
  ASSIGN_OR_RETURN(node.address, json.String("address", ""));
  if (const auto adds = json.Find("adds")) {
    ASSIGN_OR_RETURN(node.adds, ReadAddCounts(*adds));
  }
  ASSIGN_OR_RETURN(node.text, json.String("text"));
  RETURN_IF_ERROR(Read(json, "changed", node.changed));
  node.not_before = absl::InfinitePast();
  return node;
}

absl::Status ReadNodes(const base::Json& json, Fleet& fleet) {
  ASSIGN_OR_RETURN(const std::vector<base::Json> nodes, json.Array("nodes"));
  if (nodes.size() > kMaxFleetNodes) {
    return json.Error(absl::StrCat("nodes: more than ", kMaxFleetNodes));
  }
  fleet.nodes.reserve(nodes.size());
  for (const base::Json& element : nodes) {
    ASSIGN_OR_RETURN(FleetNode node, ReadNode(element));
    fleet.nodes.push_back(std::move(node));
  }
  return absl::OkStatus();
}

void WriteRules(base::JsonWriter& writer, const FleetRules& rules) {
  base::WriteKey(writer, "rules");
  writer.StartObject();
  base::WriteMember(writer, "canaries", rules.canaries);
  base::WriteMember(writer, "batchSize", rules.batch_size);
  base::WriteMember(writer, "maxUnavailable", rules.max_unavailable);
  base::WriteMember(writer, "maxFailures", rules.max_failures);
  base::WriteMember(writer, "soak", absl::FormatDuration(rules.soak));
  base::WriteMember(writer, "deadline", absl::FormatDuration(rules.deadline));
  Write(writer, "rollBack", rules.roll_back);
  base::WriteMember(writer, "maxFailedAdds", rules.max_failed_adds);
  writer.EndObject();
}

void WriteMeans(base::JsonWriter& writer, const FleetMeans& means) {
  base::WriteKey(writer, "means");
  writer.StartObject();
  base::WriteMember(writer, "through", means.through);
  base::WriteMember(writer, "program", means.program);
  base::WriteMember(writer, "image", means.image);
  base::WriteMember(writer, "binDir", means.bin_dir);
  base::WriteMember(writer, "confDir", means.conf_dir);
  Write(writer, "force", means.force);
  Write(writer, "outOfMaintenance", means.out_of_maintenance);
  writer.EndObject();
}

void WriteNode(base::JsonWriter& writer, const FleetNode& node) {
  writer.StartObject();
  base::WriteMember(writer, "name", node.name);
  base::WriteMember(writer, "state", ToString(node.state));
  base::WriteMember(writer, "batch", node.batch);
  base::WriteMember(writer, "before", node.before);
  base::WriteMember(writer, "version", node.version);
  base::WriteMember(writer, "address", node.address);
  if (node.adds) Write(writer, "adds", *node.adds);
  base::WriteMember(writer, "text", node.text);
  Write(writer, "changed", node.changed);
  writer.EndObject();
}

}  // namespace

absl::string_view ToString(NodeState state) {
  return NameOf<NodeState>(kStates, state);
}
absl::string_view ToString(FleetPhase phase) {
  return NameOf<FleetPhase>(kPhases, phase);
}

std::string ToJson(const Fleet& fleet) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteMember(writer, "schema", kSchema);
  base::WriteMember(writer, "id", fleet.id);
  base::WriteMember(writer, "wanted", fleet.wanted);
  base::WriteMember(writer, "phase", ToString(fleet.phase));
  Write(writer, "paused", fleet.paused);
  Write(writer, "returns", fleet.returns);
  base::WriteMember(writer, "reason", fleet.reason);
  Write(writer, "started", fleet.started);
  Write(writer, "settled", fleet.settled);
  WriteRules(writer, fleet.rules);
  WriteMeans(writer, fleet.means);
  base::WriteKey(writer, "nodes");
  writer.StartArray();
  for (const FleetNode& node : fleet.nodes) WriteNode(writer, node);
  writer.EndArray();
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

absl::StatusOr<Fleet> ParseFleet(absl::string_view text) {
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(text));
  ASSIGN_OR_RETURN(const int64_t schema, json.Int("schema"));
  if (schema > kSchema) {
    return absl::FailedPreconditionError(
        "written by a later version of this program: use that one");
  }
  Fleet fleet;
  ASSIGN_OR_RETURN(fleet.id, json.String("id"));
  ASSIGN_OR_RETURN(fleet.wanted, json.String("wanted"));
  RETURN_IF_ERROR(Read<FleetPhase>(json, "phase", kPhases, fleet.phase));
  ASSIGN_OR_RETURN(fleet.paused, json.Bool("paused", false));
  ASSIGN_OR_RETURN(fleet.returns, json.Bool("returns", false));
  ASSIGN_OR_RETURN(fleet.reason, json.String("reason"));
  RETURN_IF_ERROR(Read(json, "started", fleet.started));
  RETURN_IF_ERROR(Read(json, "settled", fleet.settled));
  ASSIGN_OR_RETURN(const base::Json rules, json.Get("rules"));
  ASSIGN_OR_RETURN(fleet.rules, ReadRules(rules));
  ASSIGN_OR_RETURN(const base::Json means, json.Get("means"));
  ASSIGN_OR_RETURN(fleet.means, ReadMeans(means));
  RETURN_IF_ERROR(ReadNodes(json, fleet));
  return fleet;
}

}  // namespace applets::upgrade
