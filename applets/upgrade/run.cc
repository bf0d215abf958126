#include "applets/upgrade/run.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"

namespace applets::upgrade {
namespace {

void Turn(Run& run, const absl::Status& why) {
  run.phase = Phase::kBack;
  run.turned_at = run.at;
  run.reason = absl::StrCat(ToString(run.steps[run.at]), ": ", why.message());
}

}  // namespace

bool Run::Has(Step step) const { return absl::c_linear_search(steps, step); }

bool Run::Reached(Step step) const {
  if (phase == Phase::kDone) return Has(step);
  const size_t furthest = phase == Phase::kForward ? at : turned_at;
  for (size_t i = 0; i < steps.size() && i <= furthest; ++i) {
    if (steps[i] == step) return true;
  }
  return false;
}

Run Advance(Run run, const absl::Status& outcome, absl::Time now) {
  run.changed = now;
  if (run.phase == Phase::kForward) {
    if (!outcome.ok()) {
      Turn(run, outcome);
    } else if (++run.at == run.steps.size()) {
      run.phase = Phase::kDone;
    }
  } else if (run.phase == Phase::kBack) {
    if (!outcome.ok()) {
      run.phase = Phase::kStuck;
      run.notes.push_back(
          absl::StrCat(ToString(run.steps[run.at]),
                       " can't be undone: ", outcome.message()));
    } else if (run.at == 0) {
      run.phase = Phase::kUndone;
    } else {
      --run.at;
    }
  }
  return run;
}

Run Recover(Run run, absl::Time now) {
  if (!run.unfinished()) return run;
  run.changed = now;
  run.resumed = true;
  if (run.phase == Phase::kStuck) run.phase = Phase::kBack;
  if (run.phase == Phase::kForward && !run.Reached(Step::kInstall)) {
    Turn(run, absl::AbortedError("the upgrader died"));
  }
  return run;
}

}  // namespace applets::upgrade
