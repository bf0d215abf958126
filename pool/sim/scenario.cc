#include "pool/sim/scenario.h"

#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace pool::sim {
namespace {

using Words = std::vector<absl::string_view>;

// Of one line, its first word and the others.
bool Take(const Words& words, uint64_t& value) {
  return words.size() == 2 && absl::SimpleAtoi(words[1], &value);
}
bool Take(const Words& words, int& value) {
  return words.size() == 2 && absl::SimpleAtoi(words[1], &value);
}
bool Take(const Words& words, double& value) {
  return words.size() == 2 && absl::SimpleAtod(words[1], &value);
}
bool Take(const Words& words, absl::Duration& value) {
  return words.size() == 2 && absl::ParseDuration(words[1], &value);
}

bool TakeNodes(const Words& words, std::optional<std::set<int>>& nodes) {
  if (!nodes) nodes.emplace();
  for (size_t i = 1; i < words.size(); ++i) {
    int node = 0;
    if (!absl::SimpleAtoi(words[i], &node)) return false;
    nodes->insert(node);
  }
  return true;
}

bool TakeStrike(const Words& words, std::optional<std::set<Strike>>& strikes) {
  Strike strike;
  if (words.size() != 4 || !absl::SimpleAtoi(words[1], &strike.node) ||
      !absl::SimpleAtoi(words[3], &strike.n)) {
    return false;
  }
  const auto fault = FaultNamed(words[2]);
  if (!fault) return false;
  strike.fault = *fault;
  if (!strikes) strikes.emplace();
  strikes->insert(strike);
  return true;
}

bool TakeLine(const Words& words, Scenario& scenario) {
  const absl::string_view key = words[0];
  if (key == "seed") return Take(words, scenario.seed);
  if (key == "nodes") return Take(words, scenario.nodes);
  if (key == "length") return Take(words, scenario.length);
  if (key == "storm") return Take(words, scenario.storm);
  if (key == "calm") return Take(words, scenario.calm);
  if (key == "faults") return Take(words, scenario.faults);
  if (key == "pod-life") return Take(words, scenario.pod_life);
  if (key == "room") return Take(words, scenario.room);
  if (key == "only-nodes") return TakeNodes(words, scenario.only_nodes);
  if (key == "fault") return TakeStrike(words, scenario.only_faults);
  if (key != "only-faults" || words.size() != 1) return false;
  if (!scenario.only_faults) scenario.only_faults.emplace();
  return true;
}

template <typename Value>
bool IsWithin(Value value, Value least, Value most) {
  return value >= least && value <= most;  // not so when it isn't a number
}

// As short as reads the same, for a replay must go the same way.
std::string Exactly(double value) {
  for (int digits = 6;; ++digits) {
    std::string text = absl::StrFormat("%.*g", digits, value);
    double read = 0;
    if (digits >= std::numeric_limits<double>::max_digits10 ||
        (absl::SimpleAtod(text, &read) && read == value)) {
      return text;
    }
  }
}

}  // namespace

absl::Status Validate(const Scenario& s) {
  if (!IsWithin(s.nodes, 1, Scenario::kMaxNodes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("nodes: must be 1 to ", Scenario::kMaxNodes));
  }
  if (!IsWithin(s.faults, 0.0, 1.0)) {
    return absl::InvalidArgumentError("faults: must be 0 to 1");
  }
  if (!IsWithin(s.room, 0.1, 10.0)) {
    return absl::InvalidArgumentError("room: must be 0.1 to 10");
  }
  const absl::Duration year = absl::Hours(24 * 365);
  if (!IsWithin(s.calm, Scenario::kMinCalm, year)) {
    return absl::InvalidArgumentError(
        absl::StrCat("calm: must be ", absl::FormatDuration(Scenario::kMinCalm),
                     " at least"));
  }
  for (const absl::Duration time : {s.length, s.storm, s.pod_life}) {
    if (!IsWithin(time, absl::Seconds(1), year)) {
      return absl::InvalidArgumentError(
          "length, storm, pod-life: must be from a second to a year");
    }
  }
  return absl::OkStatus();
}

std::string Format(const Scenario& s) {
  std::string text = absl::StrCat(
      "seed ", s.seed, "\nnodes ", s.nodes, "\nlength ",
      absl::FormatDuration(s.length), "\nstorm ", absl::FormatDuration(s.storm),
      "\ncalm ", absl::FormatDuration(s.calm), "\nfaults ", Exactly(s.faults),
      "\npod-life ", absl::FormatDuration(s.pod_life), "\nroom ",
      Exactly(s.room), "\n");
  if (s.only_nodes) {
    absl::StrAppend(&text, "only-nodes");
    for (const int node : *s.only_nodes) absl::StrAppend(&text, " ", node);
    absl::StrAppend(&text, "\n");
  }
  if (!s.only_faults) return text;
  absl::StrAppend(&text, "only-faults\n");
  for (const Strike& strike : *s.only_faults) {
    absl::StrAppend(&text, "fault ", strike.node, " ", NameOf(strike.fault),
                    " ", strike.n, "\n");
  }
  return text;
}

absl::StatusOr<Scenario> ParseScenario(absl::string_view text) {
  Scenario scenario;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const Words words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty() || words[0].front() == '#') continue;
    if (!TakeLine(words, scenario)) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", number, ": makes no sense: ", line));
    }
  }
  if (const absl::Status status = Validate(scenario); !status.ok()) {
    return status;
  }
  return scenario;
}

}  // namespace pool::sim
