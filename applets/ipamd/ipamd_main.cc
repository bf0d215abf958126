#include "applets/ipamd/ipamd_main.h"

#include <malloc.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/daemon.h"
#include "applets/ipamd/flags.h"
#include "applets/ipamd/options.h"
#include "applets/rpc/client.h"
#include "base/build_info.h"
#include "base/fd.h"
#include "base/loop.h"
#include "base/status.h"
#include "gflags/gflags.h"
#include "glog/logging.h"

DEFINE_string(check, "",
              "Don't serve, but ask the ipamd at --socket: alive, does it "
              "answer? ready, could a pod get an address? Exit status 0 if so, "
              "else 1.");

DECLARE_string(socket);

// What gflags calls to exit when a flag is unknown or malformed; exported, but
// in no header of its own.
namespace gflags {
extern void (*gflags_exitfunc)(int);
}

namespace applets::ipamd {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr absl::Duration kCheckTimeout = absl::Seconds(4);

// sd_notify(3): tells systemd, if it started us, that we are ready.
void NotifyReady() {
  const char* path = getenv("NOTIFY_SOCKET");
  if (path == nullptr || path[0] == '\0') return;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const size_t size = strlen(path);
  if (size >= sizeof(address.sun_path)) return;
  memcpy(address.sun_path, path, size);
  if (path[0] == '@') address.sun_path[0] = '\0';
  const base::Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  constexpr char kReady[] = "READY=1";
  sendto(fd.get(), kReady, sizeof(kReady) - 1, MSG_NOSIGNAL,
         reinterpret_cast<const sockaddr*>(&address),
         static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

absl::Status Serve(const Options& options) {
  ASSIGN_OR_RETURN(const auto loop, base::Loop::Create());
  ASSIGN_OR_RETURN(const auto daemon,
                   Daemon::Start(*loop, options, [&] { loop->Stop(); }));
  const auto term =
      base::Watch::Signal(*loop, SIGTERM, [&] { daemon->Stop(); });
  const auto interrupt =
      base::Watch::Signal(*loop, SIGINT, [&] { daemon->Stop(); });
  NotifyReady();
  loop->Run();
  LOG(INFO) << "stopped";
  return absl::OkStatus();
}

// For a container's probes, which have no shell.
int Check(const std::string& what) {
  if (what != "alive" && what != "ready") {
    LOG(ERROR) << "--check=" << what << ": must be alive or ready";
    return kExitUsage;
  }
  auto ipamd = rpc::Client::Connect(FLAGS_socket, kCheckTimeout);
  absl::Status status = ipamd.status();
  if (ipamd.ok()) {
    status = ipamd->Call("GET", what == "alive" ? "/healthz" : "/readyz", "")
                 .status();
  }
  if (!status.ok()) LOG(ERROR) << status.message();
  return status.ok() ? 0 : kExitFailed;
}

constexpr char kUsage[] =
    "the address daemon of a node: keeps a pool of VPC addresses and leases "
    "them to pods.\nUsage: ipamd [--vpc=ucloud] [flags]\n"
    "       ipamd --vpc=embedded --subnet=CIDR [flags]\n"
    "Runs in the foreground; SIGTERM and SIGINT stop it gracefully.\n"
    "Exit status: 0 stopped, 1 failed, 2 wrong flags.";

// Threads that mostly wait don't need a heap each, of which none gives back
// what another could use: mallopt(3).
constexpr int kHeaps = 2;

}  // namespace

int IpamdMain(int argc, char** argv) {
  gflags::SetUsageMessage(kUsage);
  gflags::SetVersionString(std::string(base::GetBuildInfo().version));
  FLAGS_logtostderr = true;
  gflags::gflags_exitfunc = [](int status) {
    exit(status == 0 ? 0 : kExitUsage);
  };
  gflags::ParseCommandLineNonHelpFlags(&argc, &argv, true);
  // gflags' own --help lists the flags of every library.
  std::string help;
  if (gflags::GetCommandLineOption("help", &help) && help == "true") {
    gflags::ShowUsageWithFlagsRestrict("ipamd", "applets/ipamd/");
    return 0;
  }
  gflags::HandleCommandLineHelpFlags();
  google::InitGoogleLogging("ipamd");
  if (argc > 1) {
    LOG(ERROR) << "unexpected argument: " << argv[1];
    return kExitUsage;
  }
  if (!FLAGS_check.empty()) return Check(FLAGS_check);
  mallopt(M_ARENA_MAX, kHeaps);
  const auto options = OptionsFromFlags();
  if (!options.ok()) {
    LOG(ERROR) << options.status().message();
    return kExitUsage;
  }
  const absl::Status status = Serve(*options);
  if (status.ok()) return 0;
  LOG(ERROR) << status.message();
  return absl::IsInvalidArgument(status) ? kExitUsage : kExitFailed;
}

}  // namespace applets::ipamd
