#include "applets/upgrade/inspect.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "applets/upgrade/conflist.h"
#include "applets/upgrade/elf.h"
#include "applets/upgrade/files.h"
#include "applets/upgrade/program.h"
#include "applets/upgrade/version_output.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

using Presence = Artifact::Presence;

constexpr absl::Duration kVersionLimit = absl::Seconds(10);
constexpr size_t kMaxConfigurationFiles = 1000;

absl::StatusOr<VersionReport> AskVersion(const std::string& path) {
  ASSIGN_OR_RETURN(const Ended ended, RunProgram({.file = path,
                                                  .arguments = {"version"},
                                                  .limit = kVersionLimit}));
  auto report = ParseVersionOutput(absl::StrCat(ended.out, "\n", ended.err));
  if (report.ok() || ended.exit_status == 0) return report;
  return absl::InternalError(
      absl::StrCat("fails when it is run: exit status ", ended.exit_status));
}

// What is at `path`, behind links.
absl::Status Understand(const std::string& path, Facts& facts) {
  ASSIGN_OR_RETURN(const Head head, ReadHead(path, kElfHeadBytes));
  ASSIGN_OR_RETURN(facts.artifact.sha256, Sha256Of(path));
  RETURN_IF_ERROR(CheckElf(head.bytes, head.file_bytes));
  ASSIGN_OR_RETURN(VersionReport report, AskVersion(path));
  facts.artifact.version = report.text;
  facts.report = std::move(report);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> SortedNames(
    const std::string& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(folder.c_str()),
                                                      &closedir);
  if (directory == nullptr) return base::ErrnoStatus(folder);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory.get())) {
    if (names.size() == kMaxConfigurationFiles) break;
    if (IsConfigurationFile(entry->d_name)) names.emplace_back(entry->d_name);
  }
  absl::c_sort(names);
  return names;
}

bool SameFile(const std::string& a, const std::string& b) {
  struct stat x = {}, y = {};
  return stat(a.c_str(), &x) == 0 && stat(b.c_str(), &y) == 0 &&
         x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool IsLink(const std::string& path) {
  struct stat info = {};
  return lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
}

}  // namespace

absl::StatusOr<Facts> Inspect(const std::string& path) {
  Facts facts;
  struct stat info = {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return facts;
    return base::ErrnoStatus(path);
  }
  if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is neither a file nor a link: move it out of the way"));
  }
  facts.artifact.presence =
      S_ISLNK(info.st_mode) ? Presence::kSymlink : Presence::kFile;
  const absl::Status understood = Understand(path, facts);
  if (!understood.ok()) facts.problem = std::string(understood.message());
  return facts;
}

absl::StatusOr<std::optional<Network>> FindNetwork(
    const std::string& folder, std::vector<std::string>& notes) {
  auto names = SortedNames(folder);
  if (absl::IsNotFound(names.status())) return std::nullopt;
  RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(folder, "/", name);
    auto text = base::ReadFile(path, kMaxConflistBytes);
    const auto list = text.ok() ? Conflist::Parse(*text) : text.status();
    if (!list.ok()) {
      notes.push_back(absl::StrCat(path, ": ", list.status().message()));
      continue;
    }
    if (!list->HasPlugin(kPluginType)) continue;
    return Network{path, *std::move(text), list->version()};
  }
  return std::nullopt;
}

std::vector<std::string> NamesApart(const std::string& folder,
                                    const std::string& program) {
  const auto listed = RunProgram(
      {.file = program, .arguments = {"--list"}, .limit = kVersionLimit});
  if (!listed.ok() || listed->exit_status != 0) return {};
  const std::string plugin = absl::StrCat(folder, "/", kPluginFile);
  std::vector<std::string> apart;
  for (const absl::string_view name :
       absl::StrSplit(listed->out, '\n', absl::SkipEmpty())) {
    const std::string path = absl::StrCat(folder, "/", name);
    if (name == kPluginFile || absl::StrContains(name, '/')) continue;
    if (!Exists(path) || (IsLink(path) && SameFile(path, plugin))) continue;
    apart.emplace_back(name);
  }
  return apart;
}

}  // namespace applets::upgrade
