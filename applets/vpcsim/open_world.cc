#include "applets/vpcsim/open_world.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "applets/vpcsim/state_file.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

absl::StatusOr<State> ReadStateFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   base::ReadFile(path, kMaxStateBytes));
  return ReadState(text);
}

absl::StatusOr<State> MakeState(const Options& options) {
  if (!options.state.empty()) {
    absl::StatusOr<State> state = ReadStateFile(options.state);
    if (state.ok()) return state;
    return base::Annotate(state.status(),
                          absl::StrCat("--state=", options.state));
  }
  WorldSpec spec;
  spec.subnet = *options.subnet;
  spec.hosts = options.hosts;
  if (options.fabric) spec.port_prefix = "node-";
  absl::StatusOr<std::unique_ptr<World>> world = MakeWorld(spec);
  if (!world.ok()) return base::Annotate(world.status(), "--subnet, --hosts");
  return State{*std::move(world), {}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<OpenWorld>> OpenWorld::Open(
    const Options& options) {
  std::unique_ptr<OpenWorld> open(new OpenWorld);
  ASSIGN_OR_RETURN(State state, MakeState(options));
  open->keys_ = options.keys;
  open->keys_.insert(open->keys_.end(), state.keys.begin(), state.keys.end());
  open->world_ = std::move(state.world);
  if (options.persist.empty()) return open;
  ASSIGN_OR_RETURN(open->journal_, Journal::Open(options.persist));
  ASSIGN_OR_RETURN(std::unique_ptr<World> kept, open->journal_->Restore());
  if (kept != nullptr) open->world_ = std::move(kept);
  RETURN_IF_ERROR(open->journal_->Follow(*open->world_));
  return open;
}

absl::Status OpenWorld::Commit() {
  return journal_ == nullptr ? absl::OkStatus() : journal_->Commit();
}

}  // namespace applets::vpcsim
