#include "applets/upgrade/apply.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "applets/upgrade/conflist.h"
#include "applets/upgrade/elf.h"
#include "applets/upgrade/files.h"
#include "applets/upgrade/inspect.h"
#include "applets/upgrade/interrupted.h"
#include "applets/upgrade/self_test.h"
#include "applets/upgrade/state_file.h"
#include "applets/upgrade/steps.h"
#include "applets/upgrade/trial.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

std::string NewId(absl::Time now) {
  return absl::StrCat(
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now, absl::UTCTimeZone()), "-",
      getpid());
}

absl::Status Stage(const Places& places, const Order& order) {
  if (order.kind != Kind::kRollback) {
    return CopyProgram(order.source, places.staged());
  }
  if (!Exists(places.previous())) {
    return absl::NotFoundError(
        absl::StrCat("there is nothing to go back to: ", places.previous(),
                     " doesn't exist"));
  }
  return AddName(places.previous(), places.staged());
}

bool IsBackAlready(const Places& places, const Order& order) {
  return order.kind == Kind::kRollback && !order.sha256.empty() &&
         Sha256Of(places.plugin()).value_or("") == order.sha256;
}

absl::Status CheckSum(const Order& order, const std::string& actual,
                      absl::string_view expected, absl::string_view who) {
  if (expected.empty() || actual == expected) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(order.source, " has SHA-256 ", actual,
                                          ", and ", who, " says ", expected,
                                          ": get it again"));
}

// Before anything of it is run.
absl::Status CheckOrderedSum(const Places& places, const Order& order) {
  if (order.sha256.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string actual, Sha256Of(places.staged()));
  return CheckSum(order, actual, order.sha256, "--sha256");
}

std::string CataloguedSum(const Order& order, const Facts& facts) {
  if (!order.catalogue || !facts.report || !facts.report->version) return "";
  const Release* release = order.catalogue->Find(*facts.report->version);
  if (release == nullptr) return "";
  const auto sum = release->sha256.find(OwnArchitecture());
  return sum == release->sha256.end() ? "" : sum->second;
}

absl::Status CheckWanted(const Order& order, const Facts& facts) {
  if (order.kind == Kind::kRollback) return absl::OkStatus();
  if (!facts.problem.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(order.source, " ", facts.problem));
  }
  return CheckSum(order, facts.artifact.sha256, CataloguedSum(order, facts),
                  "the catalogue");
}

bool IsUncatalogued(const Order& order, const Facts& wanted) {
  return order.catalogue && wanted.report && wanted.report->version &&
         order.catalogue->Find(*wanted.report->version) == nullptr;
}

absl::StatusOr<Look> LookAround(const Places& places, Facts wanted) {
  Look look;
  look.wanted = std::move(wanted);
  ASSIGN_OR_RETURN(look.installed, Inspect(places.plugin()));
  ASSIGN_OR_RETURN(look.network, FindNetwork(places.conf_dir, look.notes));
  if (look.wanted.report && look.wanted.report->product == Product::kOurs) {
    const auto apart = NamesApart(places.bin_dir, places.staged());
    if (!apart.empty()) {
      look.notes.push_back(
          absl::StrCat("no links to the plugin, so they stay as they are: ",
                       absl::StrJoin(apart, ", ")));
    }
  }
  return look;
}

absl::Status TryInstalled(const Places& places, const std::string& network) {
  ASSIGN_OR_RETURN(const std::string text,
                   base::ReadFile(network, kMaxConflistBytes));
  ASSIGN_OR_RETURN(Conflist conflist, Conflist::Parse(text));
  return TryPod({.network = std::move(conflist),
                 .bin_dir = places.bin_dir,
                 .plugin = places.plugin(),
                 .container_id = "cnivpc-upgrade-health"})
      .status();
}

// A plugin that was put back: is the node well again?
void NoteHealth(const Places& places, Run& run) {
  if (run.network.empty() ||
      run.before.presence == Artifact::Presence::kMissing) {
    return;
  }
  const absl::Status tried = TryInstalled(places, run.network);
  run.notes.push_back(
      tried.ok() ? "the old version is back and sets up pods"
                 : absl::StrCat("the old version is back and can't set up "
                                "pods either: ",
                                tried.message()));
}

absl::Status TakeOne(const Places& places, Run& run) {
  const bool may_turn = !run.Reached(Step::kInstall);
  if (may_turn && IsInterrupted()) return absl::AbortedError("interrupted");
  return Take(places, run);
}

absl::Status Record(const Places& places, const Run& run) {
  return base::Annotate(SaveRun(places.record(run.kind), run),
                        "the record of this upgrade can't be written");
}

// A dry run leaves nothing behind.
absl::Status Close(const Places& places, const Run& run) {
  if (run.unfinished() || run.kind != Kind::kDryRun) return Record(places, run);
  return Remove(places.record(run.kind));
}

// A step forward isn't taken unless it is on record; back, it is taken anyway.
absl::Status MakeStep(const Places& places, Run& run) {
  const absl::Status recorded = Record(places, run);
  if (run.phase == Phase::kBack) return Undo(places, run);
  RETURN_IF_ERROR(recorded);
  return TakeOne(places, run);
}

// None when there is none. One that can't be read is set aside.
absl::StatusOr<std::optional<Run>> LoadUnfinished(const std::string& path) {
  auto loaded = LoadRun(path);
  if (absl::IsInvalidArgument(loaded.status())) {
    std::fprintf(stderr, "cnivpc upgrade: %s; set aside as %s.damaged\n",
                 std::string(loaded.status().message()).c_str(), path.c_str());
    RETURN_IF_ERROR(Move(path, absl::StrCat(path, ".damaged")));
    return std::nullopt;
  }
  RETURN_IF_ERROR(loaded.status());
  if (!*loaded || !(*loaded)->unfinished()) return std::nullopt;
  return loaded;
}

}  // namespace

absl::StatusOr<std::optional<Run>> Settle(const Places& places,
                                          const Tell& tell) {
  std::optional<Run> settled;
  for (const Kind kind : {Kind::kDryRun, Kind::kUpgrade}) {
    ASSIGN_OR_RETURN(auto left, LoadUnfinished(places.record(kind)));
    if (!left) continue;
    if (left->bin_dir != places.bin_dir) {
      return absl::FailedPreconditionError(absl::StrCat(
          "an upgrade of ", left->bin_dir,
          " isn't finished: say --resume --bin-dir=", left->bin_dir));
    }
    settled = Carry(places, Recover(*std::move(left), absl::Now()), tell);
    if (settled->unfinished()) return settled;
  }
  // Of an upgrader that died before there was a record, or over a self-test.
  Remove(places.staged()).IgnoreError();
  RemoveScratch(places.scratch_dir);
  return settled;
}

absl::StatusOr<Plan> Prepare(const Places& places, const Order& order) {
  if (IsBackAlready(places, order)) return Plan();
  RETURN_IF_ERROR(Stage(places, order));
  absl::Cleanup unstage = [&] { Remove(places.staged()).IgnoreError(); };
  RETURN_IF_ERROR(CheckOrderedSum(places, order));
  ASSIGN_OR_RETURN(Facts wanted, Inspect(places.staged()));
  RETURN_IF_ERROR(CheckWanted(order, wanted));
  Request request{.kind = order.kind,
                  .id = NewId(absl::Now()),
                  .bin_dir = places.bin_dir,
                  .force = order.force,
                  .out_of_maintenance = order.out_of_maintenance,
                  .uncatalogued = IsUncatalogued(order, wanted),
                  .now = absl::Now()};
  ASSIGN_OR_RETURN(const Look look, LookAround(places, std::move(wanted)));
  Plan plan = MakePlan(request, look);
  if (plan.run) std::move(unstage).Cancel();
  return plan;
}

absl::Status Check(const Places& places) {
  std::vector<std::string> notes;
  ASSIGN_OR_RETURN(const auto network, FindNetwork(places.conf_dir, notes));
  if (network) return TryInstalled(places, network->path);
  notes.insert(notes.begin(), "no network configuration has the plugin");
  return absl::NotFoundError(absl::StrJoin(notes, "; "));
}

Run Carry(const Places& places, Run run, const Tell& tell) {
  while (run.phase == Phase::kForward || run.phase == Phase::kBack) {
    const absl::Time start = absl::Now();
    const absl::Status outcome = MakeStep(places, run);
    const absl::Time end = absl::Now();
    tell(run, end - start, outcome);
    run = Advance(std::move(run), outcome, end);
  }
  if (run.phase == Phase::kUndone && run.Reached(Step::kInstall)) {
    NoteHealth(places, run);
  }
  if (!run.unfinished()) Remove(places.staged()).IgnoreError();
  const absl::Status closed = Close(places, run);
  if (!closed.ok()) run.notes.emplace_back(closed.message());
  return run;
}

}  // namespace applets::upgrade
