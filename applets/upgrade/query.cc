#include "applets/upgrade/query.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "applets/upgrade/remote.h"
#include "applets/upgrade/version_output.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(15);
constexpr size_t kMaxTextBytes = 300;

std::string Short(absl::string_view text) {
  return std::string(text.substr(0, kMaxTextBytes));
}

Finding Silent(absl::string_view why) {
  Finding finding;
  finding.problem = Short(why);
  return finding;
}

// The last line is what people should know.
std::string WhyNot(const Ended& ended) {
  const absl::string_view text = absl::StripAsciiWhitespace(ended.err);
  const absl::string_view line = text.substr(text.rfind('\n') + 1);
  return absl::StrCat("exit status ", ended.exit_status,
                      line.empty() ? "" : ": ", line);
}

absl::Status ReadFacts(const base::Json& json, Artifact& artifact,
                       std::string& problem) {
  ASSIGN_OR_RETURN(const std::string presence, json.String("presence"));
  artifact.presence = presence == "missing" ? Artifact::Presence::kMissing
                      : presence == "file"  ? Artifact::Presence::kFile
                                            : Artifact::Presence::kSymlink;
  ASSIGN_OR_RETURN(const std::string sum, json.String("sha256"));
  artifact.sha256 = Short(sum);
  ASSIGN_OR_RETURN(const std::string version, json.String("version"));
  artifact.version = Short(version);
  ASSIGN_OR_RETURN(const std::string text, json.String("problem", ""));
  problem = Short(text);
  return absl::OkStatus();
}

// Of a record by a later release that can't be read nothing is told.
void ReadLast(const base::Json& json, Finding& finding) {
  const auto last = json.Find("last");
  if (!last) return;
  const auto run = ParseRun(last->Dump());
  if (!run.ok()) return;
  finding.last = run->phase;
  finding.last_wanted = run->wanted.sha256;
  finding.last_reason = Short(run->reason);
  finding.last_changed = run->changed;
}

absl::StatusOr<Finding> ReadStatus(const base::Json& json) {
  Finding finding{.reached = true, .upgradable = true};
  ASSIGN_OR_RETURN(const base::Json installed, json.Get("installed"));
  RETURN_IF_ERROR(ReadFacts(installed, finding.installed, finding.problem));
  if (const auto previous = json.Find("previous")) {
    std::string ignored;
    RETURN_IF_ERROR(ReadFacts(*previous, finding.previous, ignored));
  }
  ASSIGN_OR_RETURN(finding.at_work, json.Bool("atWork", false));
  ReadLast(json, finding);
  if (const auto ipamd = json.Find("ipamd")) {
    ASSIGN_OR_RETURN(const std::string version, ipamd->String("version", ""));
    ASSIGN_OR_RETURN(const std::string address, ipamd->String("address", ""));
    finding.ipamd = Short(version);
    finding.address = Short(address);
  }
  return finding;
}

}  // namespace

Finding FindingOf(const Ended& ended) {
  const auto json = base::Json::Parse(ended.out);
  if (!json.ok()) return Silent(WhyNot(ended));
  auto finding = ReadStatus(*json);
  if (!finding.ok()) return Silent(finding.status().message());
  return *std::move(finding);
}

Finding FindingOfVersion(const Ended& ended) {
  const auto report =
      ParseVersionOutput(absl::StrCat(ended.out, "\n", ended.err));
  if (!report.ok()) return Silent(WhyNot(ended));
  Finding finding{.reached = true};
  finding.installed.presence = Artifact::Presence::kFile;
  finding.installed.version = Short(report->text);
  finding.problem = report->product == Product::kUk8s
                        ? "UK8S's plugin, which has no `upgrade`"
                        : "has no `upgrade`";
  return finding;
}

Finding QueryNode(const FleetMeans& means, const std::string& node) {
  Fleet one{.means = means};
  one.nodes.push_back({.name = node});
  const auto status =
      RunWords(RemoteCommand(one, {FleetTask::Kind::kLook, 0}), kLimit);
  if (!status.ok()) return Silent(status.status().message());
  Finding finding = FindingOf(*status);
  if (finding.reached) return finding;
  std::vector<std::string> words = PluginThere(means, node);
  words.emplace_back("version");
  const auto version = RunWords(std::move(words), kLimit);
  if (!version.ok() || version->exit_status != 0) return finding;
  Finding other = FindingOfVersion(*version);
  return other.reached ? other : finding;
}

}  // namespace applets::upgrade
