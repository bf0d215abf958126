#include "applets/upgrade/trial.h"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "applets/upgrade/first_packet.h"
#include "applets/upgrade/program.h"
#include "applets/upgrade/scratch.h"
#include "base/address.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/status.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/netns.h"

namespace applets::upgrade {
namespace {

constexpr char kIfname[] = "eth0";
constexpr char kDefaultPath[] = "/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int64_t kTryAgainLater = 11;  // CNI SPEC §2 "Error"
constexpr absl::Duration kPause = absl::Milliseconds(500);
// CNI SPEC: versions before 0.4.0 have no CHECK.
constexpr absl::string_view kWithoutCheck[] = {"", "0.1.0", "0.2.0", "0.3.0",
                                               "0.3.1"};

// The last line of what it said, for programs that don't answer in JSON.
std::string LastLine(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  return std::string(text.substr(text.rfind('\n') + 1).substr(0, 200));
}

// CNI SPEC §2 "Error".
absl::Status FailureOf(const std::string& what, const Ended& ended) {
  const auto json = base::Json::Parse(ended.out);
  const auto code = json.ok() ? json->Int("code") : json.status();
  if (!code.ok()) {
    return absl::InternalError(absl::StrCat(what, " failed: exit status ",
                                            ended.exit_status, ", ",
                                            LastLine(ended.err)));
  }
  const std::string msg = json->String("msg", "").value_or("");
  const std::string details = json->String("details", "").value_or("");
  const std::string text =
      absl::StrCat(what, " failed: code ", *code, ": ", msg,
                   details.empty() ? "" : ": ", details);
  return *code == kTryAgainLater ? absl::UnavailableError(text)
                                 : absl::InternalError(text);
}

// The calls that a runtime makes for one pod.
class Runtime {
 public:
  Runtime(const Trial& trial, std::string netns)
      : trial_(trial), netns_(std::move(netns)) {}

  // The last plugin's result.
  absl::StatusOr<base::Json> Add() {
    result_.clear();
    for (size_t i = 0; i < trial_.network.types().size(); ++i) {
      ASSIGN_OR_RETURN(result_, Call("ADD", i));
    }
    return base::Json::Parse(result_);
  }

  // By our plugin alone: others' are not what is tried.
  absl::Status Check() {
    if (absl::c_linear_search(kWithoutCheck, trial_.network.version())) {
      return absl::OkStatus();
    }
    for (size_t i = 0; i < trial_.network.types().size(); ++i) {
      if (trial_.network.types()[i] != kPluginType) continue;
      RETURN_IF_ERROR(Call("CHECK", i).status());
    }
    return absl::OkStatus();
  }

  absl::Status Del() {
    for (size_t i = trial_.network.types().size(); i-- > 0;) {
      RETURN_IF_ERROR(Call("DEL", i).status());
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::string> Call(const std::string& verb, size_t i) {
    const std::string& type = trial_.network.types()[i];
    const char* path = std::getenv("PATH");
    const Program program = {
        .file = type == kPluginType ? trial_.plugin
                                    : absl::StrCat(trial_.bin_dir, "/", type),
        .environment = {absl::StrCat("CNI_COMMAND=", verb),
                        absl::StrCat("CNI_CONTAINERID=", trial_.container_id),
                        absl::StrCat("CNI_NETNS=", netns_),
                        absl::StrCat("CNI_IFNAME=", kIfname),
                        absl::StrCat("CNI_PATH=", trial_.bin_dir),
                        "CNI_ARGS=IgnoreUnknown=1",
                        absl::StrCat("PATH=", path ? path : kDefaultPath)},
        .input = trial_.network.RequestFor(i, result_),
        .netns_fd = trial_.node_netns_fd,
        .limit = trial_.limit};
    const std::string what = absl::StrCat(verb, " by ", type);
    auto ended = RunProgram(program);
    if (!ended.ok()) return base::Annotate(ended.status(), what);
    if (ended->exit_status != 0) return FailureOf(what, *ended);
    return ended->out;
  }

  const Trial& trial_;
  std::string netns_;
  std::string result_;  // of the ADD so far
};

// An ADD that is told to try again later does so, after a DEL, as runtimes do.
absl::StatusOr<base::Json> AddPatiently(Runtime& runtime,
                                        absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (true) {
    auto result = runtime.Add();
    if (!absl::IsUnavailable(result.status()) || absl::Now() >= deadline) {
      return result;
    }
    RETURN_IF_ERROR(runtime.Del());
    absl::SleepFor(kPause);
  }
}

// CNI SPEC §5 "Success"; before 0.3.0 the address stood in ip4.
absl::StatusOr<base::Ipv4> AddressIn(const base::Json& result) {
  std::string text;
  if (const auto ip4 = result.Find("ip4")) {
    ASSIGN_OR_RETURN(text, ip4->String("ip"));
  } else {
    ASSIGN_OR_RETURN(const std::vector<base::Json> ips, result.Array("ips"));
    if (ips.empty()) return absl::InternalError("ADD gave no address");
    ASSIGN_OR_RETURN(text, ips[0].String("address"));
  }
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  return base::Ipv4::Parse(parts[0]);
}

absl::Status CheckPodHas(int pod_netns_fd, base::Ipv4 address) {
  ASSIGN_OR_RETURN(netlink::Socket socket, netlink::SocketIn(pod_netns_fd));
  ASSIGN_OR_RETURN(const uint32_t ifindex,
                   netlink::GetIfindex(socket, kIfname));
  ASSIGN_OR_RETURN(const auto addresses,
                   netlink::ListAddresses(socket, ifindex));
  const bool found =
      absl::c_any_of(addresses, [&](const netlink::InterfaceAddress& entry) {
        return entry.address == address;
      });
  if (found) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("ADD says ", address.ToString(),
                                          ", but the pod hasn't got it"));
}

absl::Status CheckInterfaceIsGone(int pod_netns_fd) {
  ASSIGN_OR_RETURN(netlink::Socket socket, netlink::SocketIn(pod_netns_fd));
  if (!netlink::GetIfindex(socket, kIfname).ok()) return absl::OkStatus();
  return absl::InternalError(
      "DEL succeeded, but the pod still has its "
      "interface");
}

// Between ADD and DEL.
absl::Status CheckPod(const Trial& trial, int pod_netns_fd, base::Ipv4 address,
                      Runtime& runtime) {
  RETURN_IF_ERROR(base::Annotate(CheckPodHas(pod_netns_fd, address), "ADD"));
  RETURN_IF_ERROR(base::Annotate(
      ExchangePacket(trial.node_netns_fd, pod_netns_fd, address),
      absl::StrCat("the pod at ", address.ToString(), " can't be reached")));
  return runtime.Check();
}

}  // namespace

absl::StatusOr<Tried> TryPod(const Trial& trial) {
  ASSIGN_OR_RETURN(const base::Fd pod, MakePodNetns());
  Runtime runtime(trial, absl::StrCat("/proc/", getpid(), "/fd/", pod.get()));
  absl::Cleanup undo = [&] { runtime.Del().IgnoreError(); };
  Tried tried;
  const absl::Time start = absl::Now();
  ASSIGN_OR_RETURN(const base::Json result,
                   AddPatiently(runtime, trial.patience));
  tried.add = absl::Now() - start;
  ASSIGN_OR_RETURN(const base::Ipv4 address, AddressIn(result));
  tried.address = address.ToString();
  RETURN_IF_ERROR(CheckPod(trial, pod.get(), address, runtime));
  const absl::Time leaving = absl::Now();
  RETURN_IF_ERROR(runtime.Del());
  std::move(undo).Cancel();
  tried.del = absl::Now() - leaving;
  RETURN_IF_ERROR(CheckInterfaceIsGone(pod.get()));
  return tried;
}

absl::Status Discard(const Trial& trial) {
  // CNI SPEC §2 DEL: the namespace may be unknown.
  Runtime runtime(trial, "");
  return runtime.Del();
}

}  // namespace applets::upgrade
