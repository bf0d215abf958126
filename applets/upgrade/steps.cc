#include "applets/upgrade/steps.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "applets/upgrade/conflist.h"
#include "applets/upgrade/files.h"
#include "applets/upgrade/inspect.h"
#include "applets/upgrade/self_test.h"
#include "applets/upgrade/trial.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

using Presence = Artifact::Presence;

constexpr char kRehearsalPod[] = "cnivpc-upgrade-rehearsal";
constexpr char kSmokePod[] = "cnivpc-upgrade-smoke-test";
// Runtimes learn of a changed configuration from the kernel, or by looking
// every 5 seconds (cri-dockerd).
constexpr absl::Duration kNotice = absl::Seconds(6);

bool WasInstalled(const Run& run) {
  return run.before.presence != Presence::kMissing;
}

// Whether what lies at `path` is the artifact.
bool IsAt(const std::string& path, const Artifact& artifact) {
  if (!Exists(path)) return artifact.presence == Presence::kMissing;
  return Sha256Of(path).value_or("") == artifact.sha256;
}

// --- trials

absl::StatusOr<std::string> ReadNetwork(const Run& run) {
  return base::ReadFile(run.network, kMaxConflistBytes);
}

absl::StatusOr<Conflist> CurrentNetwork(const Run& run) {
  ASSIGN_OR_RETURN(const std::string text, ReadNetwork(run));
  return Conflist::Parse(text);
}

// The network as it will be, and is from kConfigure on.
absl::StatusOr<Conflist> WantedNetwork(const Run& run) {
  if (run.change) return Conflist::Parse(run.change->after);
  return CurrentNetwork(run);
}

Trial TrialOf(const Places& places, Conflist network, std::string plugin,
              const char* pod) {
  return {.network = std::move(network),
          .bin_dir = places.bin_dir,
          .plugin = std::move(plugin),
          .container_id = pod};
}

// The new plugin failed with `failure`. Is it the plugin's fault, or can the
// installed one not do it either?
absl::Status Excuse(const Places& places, const absl::Status& failure,
                    Run& run) {
  std::string installed = "nothing is installed";
  if (WasInstalled(run)) {
    ASSIGN_OR_RETURN(Conflist network, CurrentNetwork(run));
    const Trial trial =
        TrialOf(places, std::move(network), places.plugin(), kRehearsalPod);
    Discard(trial).IgnoreError();  // what the other has left
    const auto tried = TryPod(trial);
    if (tried.ok()) return failure;
    installed = absl::StrCat("the installed one can't either: ",
                             tried.status().message());
  }
  if (!run.lenient) {
    return base::Annotate(
        failure, absl::StrCat(installed, "; repair the node, or say --force"));
  }
  run.notes.push_back(absl::StrCat("the wanted version can't set up a pod (",
                                   failure.message(), "), and ", installed));
  run.excused = true;
  return absl::OkStatus();
}

absl::Status Rehearse(const Places& places, Run& run) {
  ASSIGN_OR_RETURN(Conflist network, WantedNetwork(run));
  const auto tried = TryPod(
      TrialOf(places, std::move(network), places.staged(), kRehearsalPod));
  return tried.ok() ? absl::OkStatus() : Excuse(places, tried.status(), run);
}

absl::Status SmokeTest(const Places& places, Run& run) {
  ASSIGN_OR_RETURN(Conflist network, CurrentNetwork(run));
  const auto tried =
      TryPod(TrialOf(places, std::move(network), places.plugin(), kSmokePod));
  if (tried.ok() || !run.excused) return tried.status();
  run.notes.push_back(absl::StrCat("the smoke test failed like the rehearsal: ",
                                   tried.status().message()));
  return absl::OkStatus();
}

// A pod of a trial that was cut off. Whoever can takes it down; what nobody can
// take down now the daemon's sweep does.
void DiscardPod(const Places& places, const char* pod, Run& run) {
  absl::Status status;
  for (const std::string& plugin : {places.staged(), places.plugin()}) {
    auto network = CurrentNetwork(run);
    if (!Exists(plugin) || !network.ok()) continue;
    status = Discard(TrialOf(places, *std::move(network), plugin, pod));
    if (status.ok()) return;
  }
  if (status.ok()) return;
  run.notes.push_back(absl::StrCat(
      "the test's pod ", pod, " couldn't be taken down: ", status.message()));
}

absl::Status TestAlone(const Places& places) {
  ASSIGN_OR_RETURN(const Facts facts, Inspect(places.staged()));
  if (!facts.report) return absl::InternalError(facts.problem);
  return SelfTest(places.staged(), facts.report->protocols, places.scratch_dir)
      .status();
}

// --- files

absl::Status Install(const Places& places, const Run& run) {
  if (!Exists(places.staged()) && IsAt(places.plugin(), run.wanted)) {
    return absl::OkStatus();  // and then the upgrader died
  }
  if (!IsAt(places.staged(), run.wanted)) {
    return absl::DataLossError(
        absl::StrCat(places.staged(), " isn't what was tried"));
  }
  return Move(places.staged(), places.plugin());
}

absl::Status Uninstall(const Places& places, const Run& run) {
  if (!WasInstalled(run)) return Remove(places.plugin());
  if (Exists(places.kept())) return Move(places.kept(), places.plugin());
  if (IsAt(places.plugin(), run.before)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the old plugin is neither at ",
                                          places.plugin(), " nor at ",
                                          places.kept()));
}

absl::Status Configure(const Run& run) {
  ASSIGN_OR_RETURN(const std::string text, ReadNetwork(run));
  if (text == run.change->after) return absl::OkStatus();
  if (text != run.change->before) {
    return absl::AbortedError(
        absl::StrCat(run.network, " was changed by somebody else meanwhile"));
  }
  RETURN_IF_ERROR(base::WriteFileAtomically(run.network, run.change->after));
  absl::SleepFor(kNotice);
  return absl::OkStatus();
}

absl::Status Unconfigure(Run& run) {
  ASSIGN_OR_RETURN(const std::string text, ReadNetwork(run));
  if (text == run.change->before) return absl::OkStatus();
  if (text == run.change->after) {
    return base::WriteFileAtomically(run.network, run.change->before);
  }
  run.notes.push_back(absl::StrCat(
      run.network, " was changed by somebody else and is left as it is"));
  return absl::OkStatus();
}

absl::Status Finish(const Places& places, const Run& run) {
  if (!WasInstalled(run) || !Exists(places.kept())) return absl::OkStatus();
  return Move(places.kept(), places.previous());
}

}  // namespace

absl::Status Take(const Places& places, Run& run) {
  switch (run.steps[run.at]) {
    case Step::kSelfTest:
      return TestAlone(places);
    case Step::kRehearse:
      return Rehearse(places, run);
    case Step::kKeep:
      return AddName(places.plugin(), places.kept());
    case Step::kInstall:
      return Install(places, run);
    case Step::kConfigure:
      return Configure(run);
    case Step::kSmokeTest:
      if (run.resumed) DiscardPod(places, kSmokePod, run);
      return SmokeTest(places, run);
    case Step::kFinish:
      return Finish(places, run);
  }
  return absl::InternalError("no such step");
}

absl::Status Undo(const Places& places, Run& run) {
  switch (run.steps[run.at]) {
    case Step::kRehearse:
      if (!run.was_completed()) DiscardPod(places, kRehearsalPod, run);
      return absl::OkStatus();
    case Step::kSmokeTest:
      if (!run.was_completed()) DiscardPod(places, kSmokePod, run);
      return absl::OkStatus();
    case Step::kKeep:
      return Remove(places.kept());
    case Step::kInstall:
      return Uninstall(places, run);
    case Step::kConfigure:
      return Unconfigure(run);
    case Step::kSelfTest:
    case Step::kFinish:
      return absl::OkStatus();
  }
  return absl::InternalError("no such step");
}

}  // namespace applets::upgrade
