#include "applets/upgrade/remote.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "applets/upgrade/plan.h"
#include "base/json.h"

namespace applets::upgrade {
namespace {

using Task = FleetTask::Kind;
using Answered = FleetAnswer::Kind;

constexpr char kFinder[] = "/usr/bin/env";  // finds programs by PATH
constexpr size_t kMaxTextBytes = 300;

std::vector<std::string> Order(const Fleet& fleet, const FleetTask& task) {
  switch (task.kind) {
    case Task::kLook:
      return {"--status"};
    case Task::kCheck:
      return {"--check"};
    case Task::kReturn:
      return {"--rollback",
              absl::StrCat("--sha256=", fleet.nodes[task.node].before)};
    case Task::kUpgrade:
      break;
  }
  std::vector<std::string> words = {
      fleet.means.image.empty() ? "--from=-" : "--self",
      absl::StrCat("--sha256=", fleet.wanted)};
  if (fleet.means.force) words.emplace_back("--force");
  if (fleet.means.out_of_maintenance) {
    words.emplace_back("--out-of-maintenance");
  }
  return words;
}

// The last line, for what people should know.
std::string LastLine(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  return std::string(
      text.substr(text.rfind('\n') + 1).substr(0, kMaxTextBytes));
}

FleetAnswer Nothing(std::string text) {
  return {.kind = Answered::kNothing, .text = std::move(text)};
}

// Why it wasn't done.
std::string TextOf(const base::Json& json) {
  if (const auto run = json.Find("run")) {
    std::string reason = run->String("reason", "").value_or("");
    if (!reason.empty()) return reason;
  }
  if (const auto refusals = json.Array("refusals");
      refusals.ok() && !refusals->empty()) {
    return absl::StrCat("refused: ",
                        refusals->front().String("text", "").value_or(""));
  }
  return json.String("error", "").value_or("");
}

std::string Text(const base::Json& object, absl::string_view key) {
  return object.String(key, "").value_or("").substr(0, kMaxTextBytes);
}

// None, too, of a version that doesn't tell.
std::optional<IpamdHealth> HealthOf(const base::Json& json) {
  const auto found = json.Find("health");
  if (!found) return std::nullopt;
  const auto health = ReadIpamdHealth(*found);
  return health.ok() ? std::optional(*health) : std::nullopt;
}

// Only who brings a program along tells which it is.
std::string BroughtTo(const Fleet& fleet, const base::Json& json) {
  const auto own = json.Find("own");
  return fleet.means.image.empty() || !own ? "" : Text(*own, "sha256");
}

FleetAnswer StatusOf(const Fleet& fleet, const base::Json& json) {
  const auto installed = json.Get("installed");
  const auto sum =
      installed.ok() ? installed->String("sha256") : installed.status();
  if (!sum.ok()) return Nothing(std::string(sum.status().message()));
  FleetAnswer answer{.sha256 = *sum,
                     .wanted = BroughtTo(fleet, json),
                     .version = Text(*installed, "version"),
                     .health = HealthOf(json)};
  if (fleet.means.image.empty() || !answer.wanted.empty()) return answer;
  return Nothing("it doesn't tell which program it is");
}

}  // namespace

absl::Duration LimitOf(Task task) {
  switch (task) {
    case Task::kLook:
      return absl::Seconds(30);
    case Task::kCheck:
      return absl::Minutes(3);
    case Task::kUpgrade:
    case Task::kReturn:
      return absl::Minutes(10);
  }
  return absl::ZeroDuration();
}

std::vector<std::string> PluginThere(const FleetMeans& means,
                                     absl::string_view node) {
  std::vector<std::string> words;
  for (const absl::string_view word : absl::StrSplit(
           means.through, absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
    words.push_back(absl::StrReplaceAll(word, {{"{}", node}}));
  }
  words.push_back(absl::StrCat(means.bin_dir, "/", kPluginFile));
  return words;
}

std::vector<std::string> NodeCommand(const Fleet& fleet,
                                     const FleetTask& task) {
  std::vector<std::string> words = {"upgrade"};
  for (std::string& word : Order(fleet, task)) words.push_back(std::move(word));
  words.push_back(absl::StrCat("--bin-dir=", fleet.means.bin_dir));
  words.push_back(absl::StrCat("--conf-dir=", fleet.means.conf_dir));
  words.emplace_back("--output=json");
  return words;
}

std::vector<std::string> RemoteCommand(const Fleet& fleet,
                                       const FleetTask& task) {
  std::vector<std::string> words =
      PluginThere(fleet.means, fleet.nodes[task.node].name);
  for (std::string& word : NodeCommand(fleet, task)) {
    words.push_back(std::move(word));
  }
  return words;
}

FleetAnswer AnswerOf(const Fleet& fleet, FleetTask::Kind kind,
                     const Ended& ended) {
  const auto json = base::Json::Parse(ended.out);
  if (!json.ok()) {
    return Nothing(absl::StrCat("exit status ", ended.exit_status, ": ",
                                LastLine(ended.err)));
  }
  if (kind == Task::kLook) return StatusOf(fleet, *json);
  const std::string outcome = json->String("outcome", "").value_or("");
  FleetAnswer answer{.kind = Answered::kNothing,
                     .version = Text(*json, "version"),
                     .health = HealthOf(*json)};
  if (outcome == "done" || outcome == "unchanged") {
    answer.kind = Answered::kOk;
    return answer;
  }
  answer.text = TextOf(*json);
  answer.text.resize(std::min(answer.text.size(), kMaxTextBytes));
  if (outcome == "failed" || outcome == "refused") {
    answer.kind = Answered::kFailed;
  }
  if (outcome == "stuck") answer.kind = Answered::kStuck;
  return answer;
}

absl::StatusOr<Ended> RunWords(std::vector<std::string> words,
                               absl::Duration limit,
                               const std::string& input_file) {
  Program program{.file = kFinder,
                  .arguments = std::move(words),
                  .input_file = input_file,
                  .limit = limit};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    program.environment.emplace_back(*variable);
  }
  return RunProgram(program);
}

FleetAnswer RunRemote(const Fleet& fleet, const FleetTask& task) {
  const auto ended =
      RunWords(RemoteCommand(fleet, task), LimitOf(task.kind),
               task.kind == Task::kUpgrade ? fleet.means.program : "");
  if (!ended.ok()) return Nothing(std::string(ended.status().message()));
  return AnswerOf(fleet, task.kind, *ended);
}

}  // namespace applets::upgrade
