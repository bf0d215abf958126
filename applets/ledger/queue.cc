#include "applets/ledger/queue.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::ledger {
namespace {

constexpr char kSuffix[] = ".json";
constexpr size_t kMaxBytes = 64 << 10;

std::string Folder(const std::string& state_dir) {
  return state_dir + "/queue";
}

struct CloseDir {
  void operator()(DIR* dir) const { closedir(dir); }
};

// Names sort by time.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  const std::unique_ptr<DIR, CloseDir> dir(opendir(folder.c_str()));
  std::vector<std::string> names;
  if (dir == nullptr) {
    if (errno == ENOENT) return names;
    return base::ErrnoStatus("opendir " + folder);
  }
  while (const dirent* entry = readdir(dir.get())) {
    if (absl::EndsWith(entry->d_name, kSuffix))
      names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

absl::Status Enqueue(const std::string& state_dir,
                     const rpc::ReleaseRequest& request) {
  const std::string folder = Folder(state_dir);
  RETURN_IF_ERROR(base::MakeDirectories(folder, 0700));
  const std::string path = absl::StrFormat(
      "%s/%020d-%d%s", folder, absl::GetCurrentTimeNanos(), getpid(), kSuffix);
  return base::WriteFileAtomically(path, rpc::ToJson(request), 0600);
}

absl::StatusOr<Queue> ReadQueue(const std::string& state_dir) {
  const std::string folder = Folder(state_dir);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder));
  Queue queue;
  for (const std::string& name : names) {
    const std::string path = absl::StrCat(folder, "/", name);
    const auto text = base::ReadFile(path, kMaxBytes);
    const auto request =
        text.ok() ? rpc::ParseReleaseRequest(*text)
                  : absl::StatusOr<rpc::ReleaseRequest>(text.status());
    if (request.ok()) {
      queue.entries.push_back({path, *request});
      continue;
    }
    rename(path.c_str(), (path + ".bad").c_str());
    queue.bad.push_back(absl::StrCat(path, ": ", request.status().message()));
  }
  return queue;
}

absl::Status Forget(const Queued& entry) {
  if (unlink(entry.path.c_str()) != 0 && errno != ENOENT) {
    return base::ErrnoStatus("unlink " + entry.path);
  }
  return absl::OkStatus();
}

}  // namespace applets::ledger
