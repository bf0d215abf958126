#include "applets/vpcsim/fault_rule.h"

#include <cmath>
#include <initializer_list>
#include <limits>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

using base::Json;
using Names = std::initializer_list<absl::string_view>;

constexpr double kMaxMs = 86'400'000;  // a day
constexpr int64_t kMaxCount = 1000;
constexpr absl::string_view kGroups[] = {"*", "read", "write", "metadata",
                                         "sts"};

absl::Status Only(const Json& json, Names known) {
  RETURN_IF_ERROR(json.MustBeObject());
  for (const auto& member : json.raw().GetObject()) {
    const absl::string_view name(member.name.GetString(),
                                 member.name.GetStringLength());
    if (!absl::c_linear_search(known, name)) {
      return json.Error(absl::StrCat("there is no \"", name, "\" here"));
    }
  }
  return absl::OkStatus();
}

struct Range {
  double least = 0;
  double most = kMaxMs;
};

absl::StatusOr<double> Number(const Json& json, absl::string_view name,
                              Range range) {
  ASSIGN_OR_RETURN(const Json value, json.Get(name));
  if (!value.raw().IsNumber()) return value.Error("must be a number");
  const double number = value.raw().GetDouble();
  if (!(number >= range.least && number <= range.most)) {
    return value.Error(
        absl::StrCat("must be from ", range.least, " to ", range.most));
  }
  return number;
}

absl::StatusOr<double> Number(const Json& json, absl::string_view name,
                              Range range, double missing) {
  if (!json.Find(name)) return missing;
  return Number(json, name, range);
}

absl::StatusOr<int64_t> Whole(const Json& json, absl::string_view name,
                              int64_t missing) {
  ASSIGN_OR_RETURN(const int64_t number, json.Int(name, missing));
  if (number < 1) return json.Error(absl::StrCat(name, " must be at least 1"));
  return number;
}

absl::StatusOr<absl::Duration> Ms(const Json& json, absl::string_view name,
                                  absl::Duration missing) {
  if (!json.Find(name)) return missing;
  ASSIGN_OR_RETURN(const double ms, Number(json, name, Range{}));
  return absl::Milliseconds(ms);
}

// The place of the member's value in `names`; 0 when it is missing.
absl::StatusOr<size_t> Choice(const Json& json, absl::string_view name,
                              Names names) {
  ASSIGN_OR_RETURN(const std::string value, json.String(name, *names.begin()));
  const auto* found = absl::c_find(names, value);
  if (found == names.end()) {
    return json.Error(absl::StrCat(name, " can't be \"", value, "\""));
  }
  return static_cast<size_t>(found - names.begin());
}

// --- latency

struct ShapeFields {
  Latency::Shape shape;
  absl::string_view name;
  absl::string_view first;
  absl::string_view second;  // "" when it has but one
  double least_second;
};
constexpr ShapeFields kShapes[] = {
    {Latency::Shape::kConstant, "constant", "ms", "", 0},
    {Latency::Shape::kUniform, "uniform", "min_ms", "max_ms", 0},
    {Latency::Shape::kNormal, "normal", "mean_ms", "stddev_ms", 0},
    {Latency::Shape::kExponential, "exponential", "mean_ms", "", 0},
    {Latency::Shape::kLognormal, "lognormal", "median_ms", "sigma", 0},
    {Latency::Shape::kPareto, "pareto", "min_ms", "alpha", 0.01},
};

absl::StatusOr<Latency> LatencyFromJson(const Json& json) {
  ASSIGN_OR_RETURN(const std::string name, json.String("distribution"));
  const auto* fields = absl::c_find_if(
      kShapes, [&](const ShapeFields& f) { return f.name == name; });
  if (fields == std::end(kShapes)) {
    return json.Error(absl::StrCat("there is no distribution \"", name, "\""));
  }
  Latency latency;
  latency.shape = fields->shape;
  RETURN_IF_ERROR(fields->second.empty()
                      ? Only(json, {"distribution", "most_ms", fields->first})
                      : Only(json, {"distribution", "most_ms", fields->first,
                                    fields->second}));
  ASSIGN_OR_RETURN(latency.first, Number(json, fields->first, Range{}));
  if (!fields->second.empty()) {
    ASSIGN_OR_RETURN(latency.second,
                     Number(json, fields->second, Range{fields->least_second}));
  }
  if (latency.shape == Latency::Shape::kUniform &&
      latency.second < latency.first) {
    return json.Error("max_ms is less than min_ms");
  }
  ASSIGN_OR_RETURN(latency.most, Ms(json, "most_ms", latency.most));
  return latency;
}

// --- the parts of a rule

absl::StatusOr<std::optional<base::Mac>> MacFromJson(const Json& json) {
  ASSIGN_OR_RETURN(const std::string text, json.String("mac", ""));
  if (text.empty()) return std::optional<base::Mac>();
  const absl::StatusOr<base::Mac> mac = base::Mac::Parse(text);
  if (!mac.ok()) return base::Annotate(mac.status(), json.path() + ".mac");
  return *mac;
}

absl::StatusOr<FaultRule::Match> MatchFromJson(const Json& json) {
  RETURN_IF_ERROR(Only(json, {"action", "mac", "subnet", "host"}));
  FaultRule::Match match;
  ASSIGN_OR_RETURN(match.action, json.String("action", "*"));
  if (!absl::c_linear_search(kGroups, match.action) &&
      !IsAction(match.action)) {
    return json.Error(
        absl::StrCat("there is no action \"", match.action, "\""));
  }
  ASSIGN_OR_RETURN(match.mac, MacFromJson(json));
  ASSIGN_OR_RETURN(match.subnet, json.String("subnet", ""));
  ASSIGN_OR_RETURN(match.host, json.String("host", ""));
  return match;
}

absl::StatusOr<FaultRule::When> WhenFromJson(const Json& json) {
  RETURN_IF_ERROR(Only(json, {"probability", "next", "every", "from_ms",
                              "until_ms", "interval_ms"}));
  FaultRule::When when;
  ASSIGN_OR_RETURN(when.probability, Number(json, "probability", {0, 1}, 1));
  ASSIGN_OR_RETURN(when.next, Whole(json, "next", when.next));
  ASSIGN_OR_RETURN(when.every, Whole(json, "every", when.every));
  ASSIGN_OR_RETURN(when.from, Ms(json, "from_ms", when.from));
  ASSIGN_OR_RETURN(when.until, Ms(json, "until_ms", when.until));
  if (json.Find("interval_ms")) {
    ASSIGN_OR_RETURN(const double ms, Number(json, "interval_ms", {1, kMaxMs}));
    when.interval = absl::Milliseconds(ms);
  }
  return when;
}

absl::StatusOr<std::optional<Refusal>> RefusalFromJson(const Json& json) {
  ASSIGN_OR_RETURN(const double code,
                   Number(json, "ret_code", {1, 9'999'999}, 0));
  ASSIGN_OR_RETURN(const std::string message,
                   json.String("message", "a fault was set here"));
  if (code == 0) return std::optional<Refusal>();
  return Refusal{static_cast<int>(code), message};
}

absl::StatusOr<std::optional<OutOfBand>> OutOfBandFromJson(const Json& json) {
  ASSIGN_OR_RETURN(
      const size_t kind,
      Choice(json, "out_of_band", {"", "vanish", "move", "allocate"}));
  ASSIGN_OR_RETURN(const int64_t count, Whole(json, "count", 1));
  if (count > kMaxCount) return json.Error("count is too large");
  if (kind == 0) return std::optional<OutOfBand>();
  return OutOfBand{static_cast<OutOfBand::Kind>(kind - 1),
                   static_cast<int>(count)};
}

absl::StatusOr<Bend> BendFromJson(const Json& json) {
  Bend bend;
  ASSIGN_OR_RETURN(bend.lag, Ms(json, "lag_ms", absl::ZeroDuration()));
  ASSIGN_OR_RETURN(bend.failing, Number(json, "failing", {0, 1}, 0));
  ASSIGN_OR_RETURN(bend.wrong_mac, json.Bool("wrong_mac", false));
  return bend;
}

absl::Status ReadOutcome(const Json& json, FaultRule::Effects& effects) {
  ASSIGN_OR_RETURN(effects.refusal, RefusalFromJson(json));
  ASSIGN_OR_RETURN(const double status,
                   Number(json, "http_status", {400, 599}, 0));
  effects.http_status = static_cast<int>(status);
  ASSIGN_OR_RETURN(const size_t reset,
                   Choice(json, "reset", {"", "before", "after"}));
  effects.reset = static_cast<Moment>(reset);
  ASSIGN_OR_RETURN(effects.hang, Ms(json, "hang_ms", effects.hang));
  ASSIGN_OR_RETURN(const size_t effect,
                   Choice(json, "effect", {"none", "done"}));
  effects.takes_effect = effect == 1 || effects.reset == Moment::kAfter;
  const int outcomes = (effects.refusal ? 1 : 0) + (status != 0 ? 1 : 0) +
                       (reset != 0 ? 1 : 0) +
                       (effects.hang > absl::ZeroDuration() ? 1 : 0);
  if (outcomes > 1) {
    return json.Error(
        "only one of ret_code, http_status, reset and hang_ms can be");
  }
  return absl::OkStatus();
}

absl::StatusOr<FaultRule::Effects> EffectsFromJson(const Json& json) {
  RETURN_IF_ERROR(
      Only(json, {"latency", "latency_at", "ret_code", "message", "effect",
                  "http_status", "reset", "hang_ms", "failing", "lag_ms",
                  "expire_token", "wrong_mac", "out_of_band", "count"}));
  if (json.raw().MemberCount() == 0) return json.Error("says nothing");
  FaultRule::Effects effects;
  if (const std::optional<Json> latency = json.Find("latency")) {
    ASSIGN_OR_RETURN(effects.latency, LatencyFromJson(*latency));
  }
  ASSIGN_OR_RETURN(const size_t at,
                   Choice(json, "latency_at", {"after", "before"}));
  effects.latency_at = at == 0 ? Moment::kAfter : Moment::kBefore;
  RETURN_IF_ERROR(ReadOutcome(json, effects));
  ASSIGN_OR_RETURN(effects.bend, BendFromJson(json));
  ASSIGN_OR_RETURN(effects.expire_token, json.Bool("expire_token", false));
  ASSIGN_OR_RETURN(effects.out_of_band, OutOfBandFromJson(json));
  return effects;
}

}  // namespace

absl::StatusOr<FaultRule> FaultRuleFromJson(const Json& json) {
  RETURN_IF_ERROR(Only(json, {"id", "match", "when", "do"}));
  FaultRule rule;
  rule.text = json.Dump();
  ASSIGN_OR_RETURN(rule.id, json.String("id", ""));
  if (const std::optional<Json> match = json.Find("match")) {
    ASSIGN_OR_RETURN(rule.match, MatchFromJson(*match));
  }
  if (const std::optional<Json> when = json.Find("when")) {
    ASSIGN_OR_RETURN(rule.when, WhenFromJson(*when));
  }
  ASSIGN_OR_RETURN(const Json effects, json.Get("do"));
  ASSIGN_OR_RETURN(rule.effects, EffectsFromJson(effects));
  if (rule.when.interval > absl::ZeroDuration() && !rule.effects.out_of_band) {
    return json.Error("interval_ms is for out_of_band");
  }
  return rule;
}

absl::StatusOr<std::vector<FaultRule>> FaultRulesFromJson(const Json& json) {
  ASSIGN_OR_RETURN(const std::vector<Json> elements, json.AsArray());
  std::vector<FaultRule> rules;
  for (const Json& element : elements) {
    ASSIGN_OR_RETURN(FaultRule rule, FaultRuleFromJson(element));
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace applets::vpcsim
