#include "applets/upgrade/page/engine.h"

#include <sys/stat.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "applets/upgrade/fleet_begin.h"
#include "applets/upgrade/fleet_carry.h"
#include "applets/upgrade/remote.h"
#include "applets/upgrade/state_file.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade::page {
namespace {

constexpr int kPrivate = 0700;

// A record is replaced, never written over.
std::string StampOf(const std::string& path) {
  struct stat found = {};
  if (stat(path.c_str(), &found) != 0) return "";
  return absl::StrCat(found.st_ino, ":", found.st_size, ":",
                      found.st_mtim.tv_sec, ".", found.st_mtim.tv_nsec);
}

absl::StatusOr<std::shared_ptr<void>> Lock(const std::string& folder) {
  RETURN_IF_ERROR(base::MakeDirectories(folder, kPrivate));
  ASSIGN_OR_RETURN(base::Fd lock, LockFolder(folder));
  return std::make_shared<base::Fd>(std::move(lock));
}

}  // namespace

Options OptionsOf(Options options, const Begin& begin) {
  options.force = begin.force;
  options.fleet.canaries = begin.canaries;
  options.fleet.batch_size = begin.batch_size;
  options.fleet.max_failures = begin.max_failures;
  options.fleet.soak = begin.soak;
  options.fleet.deadline = begin.deadline;
  options.fleet.stop_only = begin.stop_only;
  return options;
}

Engine EngineThrough(const Options& options) {
  const std::string record = options.places.fleet_record();
  Engine engine;
  engine.means = MeansOf(options);
  engine.look = [means = engine.means](const std::string& node) {
    return QueryNode(means, node);
  };
  engine.stamp = [record] { return StampOf(record); };
  engine.load = [record] { return LoadFleet(record); };
  engine.taken = [folder = options.places.state_dir] {
    return absl::IsUnavailable(Lock(folder).status());
  };
  engine.lock = [folder = options.places.state_dir] { return Lock(folder); };
  engine.begin = [options](const Begin& begin) {
    return BeginFleet(OptionsOf(options, begin), begin.nodes);
  };
  engine.check = CheckProgram;
  engine.carry = [record](Fleet fleet, Engine::Interrupted interrupted,
                          Engine::Tell tell) {
    return CarryFleet(std::move(fleet), {.record = record,
                                         .do_task = RunRemote,
                                         .interrupted = std::move(interrupted),
                                         .tell = std::move(tell)});
  };
  return engine;
}

}  // namespace applets::upgrade::page
