#include "applets/upgrade/plan.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "applets/upgrade/conflist.h"

namespace applets::upgrade {
namespace {

using Presence = Artifact::Presence;

bool IsInstalled(const Look& look) {
  return look.installed.artifact.presence != Presence::kMissing;
}

// A node may always have what it had, unless that is broken and nothing would
// show it.
Verdict JudgeRollback(const Request& request, const Look& look) {
  if (look.wanted.problem.empty() || look.network || request.force) return {};
  return {
      .refusals = {{Reason::kWantedUnknown,
                    absl::StrCat("the previous version ", look.wanted.problem,
                                 ", and there is no network to try it "
                                 "through; if you mean it: --force")}}};
}

Verdict JudgeOf(const Request& request, const Look& look) {
  if (request.kind == Kind::kRollback) return JudgeRollback(request, look);
  return Judge({.installed = IsInstalled(look),
                .current = look.installed.report,
                .current_problem = look.installed.problem,
                .wanted = look.wanted.report.value_or(VersionReport()),
                .uncatalogued = request.uncatalogued,
                .out_of_maintenance = request.out_of_maintenance,
                .force = request.force});
}

bool IsThereAlready(const Request& request, const Look& look) {
  return request.kind != Kind::kDryRun && !request.force &&
         look.installed.artifact.presence == Presence::kFile &&
         look.installed.artifact.sha256 == look.wanted.artifact.sha256;
}

std::optional<ConfigChange> ChangeOf(const Look& look, Verdict& verdict) {
  if (!look.network || !look.wanted.report) return std::nullopt;
  const std::vector<std::string>& protocols = look.wanted.report->protocols;
  const std::string version = VersionFor(look.network->version, protocols);
  if (version == look.network->version) return std::nullopt;
  auto changed = WithVersion(look.network->text, version);
  if (version.empty() || !changed.ok()) {
    verdict.refusals.push_back(
        {Reason::kProtocol,
         absl::StrCat(look.network->path, " says cniVersion ",
                      look.network->version,
                      ", and the wanted version speaks no such and no older: "
                      "take another version")});
    return std::nullopt;
  }
  return ConfigChange{look.network->text, *std::move(changed)};
}

// Who wants the old version back by force gets it, whatever a test would say:
// the last resort of a node whose tests themselves are what fails.
bool IsUntried(const Request& request) {
  return request.kind == Kind::kRollback && request.force;
}

std::vector<Step> StepsOf(const Request& request, const Look& look,
                          const Run& run) {
  std::vector<Step> steps;
  const auto& report = look.wanted.report;
  const bool untried = IsUntried(request);
  if (report && report->product == Product::kOurs && !untried) {
    steps.push_back(Step::kSelfTest);
  }
  if (look.network && !untried) steps.push_back(Step::kRehearse);
  if (request.kind == Kind::kDryRun) return steps;
  if (IsInstalled(look)) steps.push_back(Step::kKeep);
  if (run.change) steps.push_back(Step::kConfigure);
  steps.push_back(Step::kInstall);
  if (look.network && !untried) steps.push_back(Step::kSmokeTest);
  steps.push_back(Step::kFinish);
  return steps;
}

std::vector<std::string> NotesOf(const Request& request, const Look& look,
                                 const Verdict& verdict) {
  std::vector<std::string> notes = look.notes;
  if (IsUntried(request)) notes.emplace_back("forced: nothing was tried");
  for (const Objection& objection : verdict.overruled) {
    notes.emplace_back(absl::StrCat("forced: ", objection.text));
  }
  if (!look.installed.problem.empty()) {
    notes.push_back(
        absl::StrCat("what was installed ", look.installed.problem));
  }
  if (!look.network) {
    notes.push_back(
        "no network configuration has the plugin: nothing could be "
        "tried through one");
  }
  return notes;
}

}  // namespace

Plan MakePlan(const Request& request, const Look& look) {
  Plan plan{JudgeOf(request, look)};
  if (plan.verdict.allowed() && IsThereAlready(request, look)) return plan;
  Run run{.id = request.id,
          .kind = request.kind,
          .bin_dir = request.bin_dir,
          .before = look.installed.artifact,
          .wanted = look.wanted.artifact};
  run.change = ChangeOf(look, plan.verdict);
  if (!plan.verdict.allowed()) return plan;
  if (look.network) run.network = look.network->path;
  run.lenient = request.force || request.kind == Kind::kRollback;
  run.steps = StepsOf(request, look, run);
  run.notes = NotesOf(request, look, plan.verdict);
  run.started = run.changed = request.now;
  plan.run = std::move(run);
  return plan;
}

}  // namespace applets::upgrade
