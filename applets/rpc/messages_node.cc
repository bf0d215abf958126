#include "applets/rpc/messages_node.h"

#include "applets/rpc/messages_json.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

using base::Json;
using base::JsonWriter;
using base::WriteKey;
using base::WriteMember;

void Write(JsonWriter& w, const VpcCalls& calls) {
  w.StartObject();
  WriteMember(w, "action", calls.action);
  WriteMember(w, "outcome", calls.outcome);
  WriteCount(w, "count", calls.count);
  WriteSeconds(w, "seconds", calls.took);
  w.EndObject();
}

void Write(JsonWriter& w, const VpcHealth& vpc) {
  w.StartObject();
  WriteMember(w, "kind", vpc.kind);
  WriteIfSet(w, "obstacle", vpc.obstacle);
  WriteTime(w, "until", vpc.until);
  WriteTime(w, "verified", vpc.verified);
  WriteIfSet(w, "circuit", vpc.circuit);
  WriteKey(w, "ratePerSecond");
  w.Double(vpc.rate_per_second);
  WriteIfSet(w, "lastError", vpc.last_error);
  WriteKey(w, "calls");
  w.StartArray();
  for (const VpcCalls& calls : vpc.calls) Write(w, calls);
  w.EndArray();
  w.EndObject();
}

using States = std::vector<std::pair<std::string, uint64_t>>;

void WriteStates(JsonWriter& w, const States& states) {
  WriteKey(w, "states");
  w.StartObject();
  for (const auto& [state, count] : states) WriteCount(w, state, count);
  w.EndObject();
}

void Write(JsonWriter& w, const FurtherPool& pool) {
  w.StartObject();
  WriteMember(w, "subnet", pool.subnet);
  WriteMember(w, "name", pool.name);
  WriteIfSet(w, "interface", pool.interface);
  WriteKey(w, "securityGroups");
  w.StartArray();
  for (const std::string& group : pool.security_groups) {
    base::WriteString(w, group);
  }
  w.EndArray();
  WriteIfSet(w, "reason", pool.reason);
  WriteIfSet(w, "problem", pool.problem);
  WriteIfSet(w, "level", pool.level);
  WriteStates(w, pool.states);
  w.EndObject();
}

absl::StatusOr<VpcCalls> VpcCallsOf(const Json& json) {
  VpcCalls calls;
  ASSIGN_OR_RETURN(calls.action, json.String("action"));
  ASSIGN_OR_RETURN(calls.outcome, json.String("outcome", ""));
  ASSIGN_OR_RETURN(calls.count, CountIn(json, "count"));
  ASSIGN_OR_RETURN(calls.took, SecondsIn(json, "seconds"));
  return calls;
}

absl::StatusOr<VpcHealth> VpcIn(const Json& json) {
  VpcHealth vpc;
  const auto member = json.Find("vpc");
  if (!member) return vpc;
  ASSIGN_OR_RETURN(vpc.kind, member->String("kind", ""));
  ASSIGN_OR_RETURN(vpc.obstacle, member->String("obstacle", ""));
  ASSIGN_OR_RETURN(vpc.until, TimeIn(*member, "until"));
  ASSIGN_OR_RETURN(vpc.verified, TimeIn(*member, "verified"));
  ASSIGN_OR_RETURN(vpc.circuit, member->String("circuit", ""));
  ASSIGN_OR_RETURN(const absl::Duration rate,
                   SecondsIn(*member, "ratePerSecond"));
  vpc.rate_per_second = absl::ToDoubleSeconds(rate);
  ASSIGN_OR_RETURN(vpc.last_error, member->String("lastError", ""));
  ASSIGN_OR_RETURN(const std::vector<Json> calls, member->Array("calls"));
  for (const Json& element : calls) {
    ASSIGN_OR_RETURN(VpcCalls one, VpcCallsOf(element));
    vpc.calls.push_back(std::move(one));
  }
  return vpc;
}

absl::StatusOr<States> StatesIn(const Json& json) {
  States states;
  const auto member = json.Find("states");
  if (!member) return states;
  RETURN_IF_ERROR(member->MustBeObject());
  for (const auto& state : member->raw().GetObject()) {
    const std::string name(state.name.GetString(),
                           state.name.GetStringLength());
    ASSIGN_OR_RETURN(const uint64_t count, CountIn(*member, name));
    states.emplace_back(name, count);
  }
  return states;
}

absl::StatusOr<FurtherPool> FurtherPoolOf(const Json& json) {
  FurtherPool pool;
  ASSIGN_OR_RETURN(pool.subnet, json.String("subnet"));
  ASSIGN_OR_RETURN(pool.name, json.String("name", pool.subnet));
  ASSIGN_OR_RETURN(pool.interface, json.String("interface", ""));
  ASSIGN_OR_RETURN(const auto groups, json.Array("securityGroups"));
  for (const Json& element : groups) {
    ASSIGN_OR_RETURN(std::string group, element.AsString());
    pool.security_groups.push_back(std::move(group));
  }
  ASSIGN_OR_RETURN(pool.reason, json.String("reason", ""));
  ASSIGN_OR_RETURN(pool.problem, json.String("problem", ""));
  ASSIGN_OR_RETURN(pool.level, json.String("level", ""));
  ASSIGN_OR_RETURN(pool.states, StatesIn(json));
  return pool;
}

absl::StatusOr<std::vector<FurtherPool>> FurtherIn(const Json& json) {
  std::vector<FurtherPool> further;
  ASSIGN_OR_RETURN(const auto elements, json.Array("further"));
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(FurtherPool pool, FurtherPoolOf(element));
    further.push_back(std::move(pool));
  }
  return further;
}

void WriteFurther(JsonWriter& w, const std::vector<FurtherPool>& further) {
  if (further.empty()) return;
  WriteKey(w, "further");
  w.StartArray();
  for (const FurtherPool& pool : further) Write(w, pool);
  w.EndArray();
}

void WritePool(JsonWriter& w, const NodeReply& message) {
  WriteFlag(w, "ready", message.ready);
  WriteIfSet(w, "reason", message.reason);
  WriteIfSet(w, "problem", message.problem);
  WriteIfSet(w, "level", message.level);
  WriteStates(w, message.states);
  WriteCount(w, "waiting", message.waiting);
  WriteCount(w, "underWay", message.under_way);
  WriteCount(w, "low", message.low);
  WriteCount(w, "high", message.high);
  WriteSeconds(w, "cooldownSeconds", message.cooldown);
  WriteIfSet(w, "storeProblem", message.store_problem);
}

absl::Status ReadPool(const Json& json, NodeReply* message) {
  ASSIGN_OR_RETURN(message->ready, json.Bool("ready", false));
  ASSIGN_OR_RETURN(message->reason, json.String("reason", ""));
  ASSIGN_OR_RETURN(message->problem, json.String("problem", ""));
  ASSIGN_OR_RETURN(message->level, json.String("level", ""));
  ASSIGN_OR_RETURN(message->states, StatesIn(json));
  ASSIGN_OR_RETURN(message->waiting, CountIn(json, "waiting"));
  ASSIGN_OR_RETURN(message->under_way, CountIn(json, "underWay"));
  ASSIGN_OR_RETURN(message->low, CountIn(json, "low"));
  ASSIGN_OR_RETURN(message->high, CountIn(json, "high"));
  ASSIGN_OR_RETURN(message->cooldown, SecondsIn(json, "cooldownSeconds"));
  ASSIGN_OR_RETURN(message->store_problem, json.String("storeProblem", ""));
  return absl::OkStatus();
}

}  // namespace

std::string ToJson(const NodeReply& message) {
  Writing out;
  JsonWriter& w = out.writer();
  w.StartObject();
  WriteMember(w, "node", message.node);
  WriteMember(w, "version", message.version);
  WriteMember(w, "commit", message.commit);
  WriteTime(w, "started", message.started);
  WriteMember(w, "interface", message.interface);
  WriteMember(w, "address", message.address.ToString());
  WriteMember(w, "subnet", message.subnet);
  WritePool(w, message);
  WriteKey(w, "vpc");
  Write(w, message.vpc);
  WriteFurther(w, message.further);
  WriteIfSet(w, "kubernetes", message.kubernetes);
  w.EndObject();
  return out.Text();
}

absl::StatusOr<NodeReply> ParseNodeReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  NodeReply message;
  ASSIGN_OR_RETURN(message.node, json.String("node"));
  ASSIGN_OR_RETURN(message.version, json.String("version", ""));
  ASSIGN_OR_RETURN(message.commit, json.String("commit", ""));
  ASSIGN_OR_RETURN(message.started, TimeIn(json, "started"));
  ASSIGN_OR_RETURN(message.interface, json.String("interface", ""));
  ASSIGN_OR_RETURN(message.address, AddressIn(json, "address"));
  ASSIGN_OR_RETURN(message.subnet, json.String("subnet", ""));
  RETURN_IF_ERROR(ReadPool(json, &message));
  ASSIGN_OR_RETURN(message.vpc, VpcIn(json));
  ASSIGN_OR_RETURN(message.further, FurtherIn(json));
  ASSIGN_OR_RETURN(message.kubernetes, json.String("kubernetes", ""));
  return message;
}

uint64_t CountOf(const NodeReply& node, absl::string_view state) {
  for (const auto& [name, count] : node.states) {
    if (name == state) return count;
  }
  return 0;
}

}  // namespace applets::rpc
