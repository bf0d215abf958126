#include "bench/pod.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"

namespace bench {
namespace {

constexpr size_t kMaxConfigBytes = 32 << 10;

std::string NetnsOf(const Pod& pod) {
  return absl::StrCat("/run/netns/", pod.name);
}

// The configuration with "prevResult" in it.
std::string WithResult(absl::string_view config, absl::string_view result) {
  if (result.empty()) return std::string(config);
  return absl::StrCat(absl::StripSuffix(config, "}"),
                      ",\"prevResult\":", absl::StripAsciiWhitespace(result),
                      "}");
}

}  // namespace

absl::StatusOr<Contender> ParseContender(absl::string_view text) {
  const size_t equals = text.find('=');
  const size_t colon = text.rfind(':');
  if (equals == text.npos || colon == text.npos || colon < equals) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" isn't NAME=PLUGIN:FILE"));
  }
  Contender contender;
  contender.name = std::string(text.substr(0, equals));
  contender.plugin = std::string(text.substr(equals + 1, colon - equals - 1));
  ASSIGN_OR_RETURN(
      const std::string config,
      base::ReadFile(std::string(text.substr(colon + 1)), kMaxConfigBytes));
  contender.config = std::string(absl::StripAsciiWhitespace(config));
  if (!absl::EndsWith(contender.config, "}")) {
    return absl::InvalidArgumentError(
        absl::StrCat(text.substr(colon + 1), ": not a JSON object"));
  }
  return contender;
}

absl::Status MakeNetns(const Pod& pod) {
  const std::string path = NetnsOf(pod);
  RETURN_IF_ERROR(base::Open(path, O_RDONLY | O_CREAT | O_EXCL).status());
  const pid_t pid = fork();
  if (pid < 0) return base::ErrnoStatus("fork");
  if (pid == 0) {
    const bool made =
        unshare(CLONE_NEWNET) == 0 &&
        mount("/proc/self/ns/net", path.c_str(), "none", MS_BIND, nullptr) == 0;
    _exit(made ? 0 : errno);
  }
  int status = 0;
  if (waitpid(pid, &status, 0) < 0) return base::ErrnoStatus("waitpid");
  if (status == 0) return absl::OkStatus();
  return base::ErrnoStatus(absl::StrCat("make ", path), WEXITSTATUS(status));
}

absl::Status RemoveNetns(const Pod& pod) {
  const std::string path = NetnsOf(pod);
  if (umount2(path.c_str(), MNT_DETACH) != 0 || unlink(path.c_str()) != 0) {
    return base::ErrnoStatus(absl::StrCat("remove ", path));
  }
  return absl::OkStatus();
}

Program CallOf(const Contender& contender, absl::string_view verb,
               const Pod& pod) {
  const std::string folder =
      contender.plugin.substr(0, contender.plugin.rfind('/'));
  return {
      {contender.plugin},
      {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", absl::StrCat("CNI_COMMAND=", verb),
       absl::StrCat("CNI_CONTAINERID=", pod.name),
       absl::StrCat("CNI_NETNS=", NetnsOf(pod)), "CNI_IFNAME=eth0",
       absl::StrCat("CNI_PATH=", folder),
       absl::StrCat("CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=bench;"
                    "K8S_POD_NAME=",
                    pod.name, ";K8S_POD_INFRA_CONTAINER_ID=", pod.name,
                    ";K8S_POD_UID=uid-", pod.name)},
      WithResult(contender.config, pod.result)};
}

}  // namespace bench
