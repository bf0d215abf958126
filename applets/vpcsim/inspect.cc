#include "applets/vpcsim/inspect.h"

#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "applets/vpcsim/inspect_metrics.h"
#include "applets/vpcsim/wire.h"
#include "base/json.h"
#include "base/status.h"
#include "netlink/netns.h"

namespace applets::vpcsim {
namespace {

using base::Json;
using Method = HttpRequest::Method;

constexpr absl::string_view kPrefix = "/sim/v1/";
constexpr int64_t kMaxMs = 86'400'000;  // a day

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kResourceExhausted:
      return 409;
    case absl::StatusCode::kInvalidArgument:
      return 400;
    default:
      return 500;
  }
}

HttpAnswer ErrorAnswer(const absl::Status& status) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  writer.StartObject();
  base::WriteMember(writer, "error", status.message());
  writer.EndObject();
  HttpAnswer answer;
  answer.status = HttpStatusOf(status);
  answer.body = buffer.GetString();
  return answer;
}

HttpAnswer TextAnswer(std::string text, std::string type) {
  HttpAnswer answer;
  answer.body = std::move(text);
  answer.content_type = std::move(type);
  return answer;
}

using Params = std::map<std::string, std::string>;

absl::Status ReadNumber(const Params& params, const std::string& name,
                        std::function<void(uint64_t)> set) {
  const auto found = params.find(name);
  if (found == params.end()) return absl::OkStatus();
  uint64_t number = 0;
  if (!absl::SimpleAtoi(found->second, &number)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": must be a whole number"));
  }
  set(number);
  return absl::OkStatus();
}

absl::Status ReadWhich(const Params& params, Filter& filter) {
  for (const auto& [name, value] : params) {
    if (name == "mac") {
      ASSIGN_OR_RETURN(filter.mac, base::Mac::Parse(value));
    } else if (name == "ip") {
      ASSIGN_OR_RETURN(filter.ip, base::Ipv4::Parse(value));
    } else if (name == "subnet") {
      filter.subnet = value;
    } else if (name == "host") {
      filter.host = value;
    } else if (name == "action") {
      filter.action = value;
    } else if (name != "since" && name != "offset" && name != "limit") {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no parameter \"", name, "\""));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Filter> FilterOf(const HttpRequest& request) {
  const Result<WireCall> read =
      ReadCall({WireRequest::Method::kGet, request.query, "", ""});
  if (const Refusal* refusal = std::get_if<Refusal>(&read)) {
    return absl::InvalidArgumentError(refusal->message);
  }
  const Params& params = std::get<WireCall>(read).call.params;
  Filter filter;
  RETURN_IF_ERROR(ReadWhich(params, filter));
  RETURN_IF_ERROR(
      ReadNumber(params, "since", [&](uint64_t n) { filter.since = n; }));
  RETURN_IF_ERROR(
      ReadNumber(params, "offset", [&](uint64_t n) { filter.offset = n; }));
  RETURN_IF_ERROR(
      ReadNumber(params, "limit", [&](uint64_t n) { filter.limit = n; }));
  return filter;
}

absl::StatusOr<absl::Duration> ReadMs(const HttpRequest& request,
                                      absl::string_view name) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(request.body));
  ASSIGN_OR_RETURN(const int64_t ms, json.Int(name));
  if (ms < 0 || ms > kMaxMs) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": must be from 0 to ", kMaxMs));
  }
  return absl::Milliseconds(ms);
}

// What is said about an address that is to change hands.
struct Handover {
  std::string vpc = {};
  base::Ipv4 address = {};
  const Interface* owner = nullptr;  // now
  const Interface* to = nullptr;
};

absl::StatusOr<Handover> ReadHandover(const World& world,
                                      const HttpRequest& request) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(request.body));
  Handover handover;
  ASSIGN_OR_RETURN(handover.vpc, json.String("vpc", ""));
  ASSIGN_OR_RETURN(const std::string ip, json.String("ip"));
  ASSIGN_OR_RETURN(handover.address, base::Ipv4::Parse(ip));
  handover.owner = world.OwnerOf(handover.vpc, handover.address);
  ASSIGN_OR_RETURN(const std::string text, json.String("mac", ""));
  if (text.empty()) return handover;
  ASSIGN_OR_RETURN(const base::Mac mac, base::Mac::Parse(text));
  handover.to = world.InterfaceByMac(mac);
  if (handover.to == nullptr) {
    return absl::NotFoundError(absl::StrCat("no interface has MAC ", text));
  }
  return handover;
}

absl::StatusOr<std::string> Give(World& world, const Handover& handover) {
  if (handover.to == nullptr) {
    return absl::InvalidArgumentError("mac: missing");
  }
  if (!world.Force(handover.address, handover.to->mac)) {
    return absl::FailedPreconditionError(
        "the address is a primary one, reserved, or of another subnet");
  }
  return "{}";
}

}  // namespace

Inspector::Inspector(Simulator& simulator, Hooks hooks)
    : simulator_(simulator),
      hooks_(std::move(hooks)),
      start_(Take(simulator.world)) {}

void Inspector::OnRequest(const HttpRequest& request, const HttpReply& reply) {
  absl::StatusOr<HttpAnswer> answer = Route(request);
  reply(answer.ok() ? *std::move(answer) : ErrorAnswer(answer.status()));
}

absl::StatusOr<HttpAnswer> Inspector::Route(const HttpRequest& request) {
  if (request.path == "/healthz") return TextAnswer("ok\n", "text/plain");
  if (request.path == "/metrics") {
    return TextAnswer(MetricsText(simulator_, fabric_),
                      "text/plain; version=0.0.4");
  }
  absl::string_view what = request.path;
  if (!absl::ConsumePrefix(&what, kPrefix)) {
    return absl::NotFoundError("there is nothing here");
  }
  ASSIGN_OR_RETURN(std::string body, request.method == Method::kGet
                                         ? Get(what, request)
                                         : Change(request));
  RETURN_IF_ERROR(simulator_.commit());
  return TextAnswer(std::move(body), "application/json");
}

absl::StatusOr<std::string> Inspector::Get(absl::string_view what,
                                           const HttpRequest& request) const {
  const World& world = simulator_.world;
  ASSIGN_OR_RETURN(const Filter filter, FilterOf(request));
  if (what == "state") return StateJson(simulator_, hooks_.clock());
  if (what == "hosts") return HostsJson(world, filter);
  if (what == "interfaces") return InterfacesJson(world, filter);
  if (what == "addresses") return AddressesJson(world, filter);
  if (what == "calls") return CallsJson(simulator_.calls, filter);
  if (what == "faults") return FaultsJson(simulator_.faults);
  if (what == "keys") return KeysJson(simulator_.keys, hooks_.clock());
  if (what == "fabric" && fabric_ != nullptr) return FabricJson(*fabric_);
  return absl::NotFoundError(absl::StrCat("there is no ", request.path));
}

absl::StatusOr<std::string> Inspector::Change(const HttpRequest& request) {
  struct Entry {
    Method method;
    absl::string_view what;
    Handler handler;
  };
  static constexpr Entry kEntries[] = {
      {Method::kPut, "faults", &Inspector::PutFaults},
      {Method::kPost, "faults", &Inspector::PostFaults},
      {Method::kDelete, "faults", &Inspector::DeleteFaults},
      {Method::kPost, "addresses/take", &Inspector::TakeAddress},
      {Method::kPost, "addresses/give", &Inspector::GiveAddress},
      {Method::kPost, "addresses/move", &Inspector::MoveAddress},
      {Method::kPut, "lag", &Inspector::PutLag},
      {Method::kPost, "keys", &Inspector::PostKeys},
      {Method::kPut, "keys", &Inspector::PutKeys},
      {Method::kDelete, "keys", &Inspector::DeleteKeys},
      {Method::kPost, "reset", &Inspector::Reset},
  };
  const absl::string_view what =
      absl::string_view(request.path).substr(kPrefix.size());
  for (const Entry& entry : kEntries) {
    if (entry.method == request.method && entry.what == what) {
      return (this->*entry.handler)(request);
    }
  }
  absl::string_view id = what;
  if (request.method == Method::kDelete &&
      absl::ConsumePrefix(&id, "faults/")) {
    return DeleteFault(std::string(id));
  }
  absl::string_view host = what;
  if (absl::ConsumePrefix(&host, "hosts/") &&
      absl::ConsumeSuffix(&host, "/netns")) {
    return ChangeNetns(host, request);
  }
  return absl::NotFoundError(
      absl::StrCat("that can't be done to ", request.path));
}

// --- faults

absl::StatusOr<std::string> Inspector::SetFaults(std::vector<FaultRule> rules) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  writer.StartObject();
  base::WriteKey(writer, "ids");
  writer.StartArray();
  for (FaultRule& rule : rules) {
    ASSIGN_OR_RETURN(const std::string id,
                     simulator_.faults.Set(std::move(rule), hooks_.clock()));
    base::WriteString(writer, id);
  }
  writer.EndArray();
  writer.EndObject();
  hooks_.on_faults();
  return std::string(buffer.GetString());
}

absl::StatusOr<std::string> Inspector::PutFaults(const HttpRequest& request) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(request.body));
  ASSIGN_OR_RETURN(std::vector<FaultRule> rules, FaultRulesFromJson(json));
  if (rules.size() > Faults::kMaxRules) {
    return absl::ResourceExhaustedError("too many rules");
  }
  simulator_.faults.Clear();
  return SetFaults(std::move(rules));
}

absl::StatusOr<std::string> Inspector::PostFaults(const HttpRequest& request) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(request.body));
  if (json.IsArray()) {
    ASSIGN_OR_RETURN(std::vector<FaultRule> rules, FaultRulesFromJson(json));
    return SetFaults(std::move(rules));
  }
  ASSIGN_OR_RETURN(FaultRule rule, FaultRuleFromJson(json));
  return SetFaults({std::move(rule)});
}

absl::StatusOr<std::string> Inspector::DeleteFaults(const HttpRequest&) {
  simulator_.faults.Clear();
  hooks_.on_faults();
  return "{}";
}

absl::StatusOr<std::string> Inspector::DeleteFault(const std::string& id) {
  if (!simulator_.faults.Erase(id)) {
    return absl::NotFoundError(absl::StrCat("there is no rule \"", id, "\""));
  }
  hooks_.on_faults();
  return "{}";
}

// --- addresses

absl::StatusOr<std::string> Inspector::TakeAddress(const HttpRequest& request) {
  simulator_.world.SetTime(hooks_.clock());
  ASSIGN_OR_RETURN(const Handover handover,
                   ReadHandover(simulator_.world, request));
  if (!simulator_.world.Vanish(handover.vpc, handover.address)) {
    return absl::FailedPreconditionError("nobody has that secondary address");
  }
  return "{}";
}

absl::StatusOr<std::string> Inspector::GiveAddress(const HttpRequest& request) {
  simulator_.world.SetTime(hooks_.clock());
  ASSIGN_OR_RETURN(const Handover handover,
                   ReadHandover(simulator_.world, request));
  if (handover.owner != nullptr) {
    return absl::FailedPreconditionError("somebody has that address");
  }
  return Give(simulator_.world, handover);
}

absl::StatusOr<std::string> Inspector::MoveAddress(const HttpRequest& request) {
  simulator_.world.SetTime(hooks_.clock());
  ASSIGN_OR_RETURN(const Handover handover,
                   ReadHandover(simulator_.world, request));
  if (handover.owner == nullptr) {
    return absl::FailedPreconditionError("nobody has that address");
  }
  return Give(simulator_.world, handover);
}

// --- hosts

absl::StatusOr<std::string> Inspector::ChangeNetns(absl::string_view host,
                                                   const HttpRequest& request) {
  std::string path;
  if (request.method == Method::kPut) {
    ASSIGN_OR_RETURN(const Json json, Json::Parse(request.body));
    ASSIGN_OR_RETURN(path, json.String("path"));
    RETURN_IF_ERROR(netlink::OpenNetns(path).status());
  } else if (request.method != Method::kDelete) {
    return absl::InvalidArgumentError("netns: takes PUT and DELETE");
  }
  RETURN_IF_ERROR(simulator_.world.Boot(host, std::move(path)));
  return "{}";
}

// --- the rest

absl::StatusOr<std::string> Inspector::PutLag(const HttpRequest& request) {
  ASSIGN_OR_RETURN(simulator_.lag, ReadMs(request, "lag_ms"));
  return "{}";
}

absl::StatusOr<std::string> Inspector::PostKeys(const HttpRequest& request) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(request.body));
  KeyPair pair;
  ASSIGN_OR_RETURN(pair.public_key, json.String("public_key"));
  ASSIGN_OR_RETURN(pair.private_key, json.String("private_key"));
  if (pair.public_key.empty() || pair.private_key.empty()) {
    return absl::InvalidArgumentError("a key must not be empty");
  }
  simulator_.keys.Add(std::move(pair));
  return "{}";
}

absl::StatusOr<std::string> Inspector::PutKeys(const HttpRequest& request) {
  ASSIGN_OR_RETURN(simulator_.sts_life, ReadMs(request, "sts_life_ms"));
  return "{}";
}

absl::StatusOr<std::string> Inspector::DeleteKeys(const HttpRequest&) {
  return absl::StrCat("{\"expired\":", simulator_.keys.ExpireAll(), "}");
}

absl::StatusOr<std::string> Inspector::Reset(const HttpRequest&) {
  simulator_.world.SetTime(hooks_.clock());
  RETURN_IF_ERROR(Restore(simulator_.world, start_));
  simulator_.faults.Clear();
  simulator_.keys.ExpireAll();
  simulator_.calls.Clear();
  simulator_.lag = absl::ZeroDuration();
  hooks_.on_faults();
  return "{}";
}

}  // namespace applets::vpcsim
