#include "applets/registry.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "applets/cni/plugin_main.h"
#include "applets/cni/spec_version.h"
#include "applets/cni/version_command.h"
#include "applets/ctl/ctl_main.h"
#include "applets/install.h"
#include "applets/ipamd/ipamd_main.h"
#include "applets/rpc/peer_certificates.h"
#include "applets/rpc/peer_list.h"
#include "applets/upgrade/upgrade_main.h"
#include "applets/vpcsim/vpcsim_main.h"
#include "base/build_info.h"
#include "base/status.h"

namespace applets {
namespace {

int HelpMain(int argc, char** argv);
int ListMain(int argc, char** argv);
int InstallMain(int argc, char** argv);
int CertificatesMain(int argc, char** argv);

constexpr Applet kApplets[] = {
    {.name = "cnivpc",
     .aliases = {},
     .kind = Applet::Kind::kProgram,
     .usage = "",
     .help = "the CNI plugin: runtimes call it with CNI_COMMAND set",
     .main = cni::PluginMain},
    {.name = "ipamd",
     .aliases = {"cnivpc-ipamd", "cni-vpc-ipamd"},
     .kind = Applet::Kind::kProgram,
     .usage = "[FLAG...]",
     .help = "the daemon that keeps a pool of addresses on each node",
     .main = ipamd::IpamdMain},
    {.name = "cnivpctl",
     .aliases = {},
     .kind = Applet::Kind::kProgram,
     .usage = "COMMAND...",
     .help = "shows the node's addresses and pods",
     .main = ctl::CtlMain},
    {.name = "vpcsim",
     .aliases = {},
     .kind = Applet::Kind::kProgram,
     .usage = "[FLAG...]",
     .help = "a simulated VPC, to try it all against",
     .main = vpcsim::VpcsimMain},
    {.name = "version",
     .aliases = {"--version"},
     .kind = Applet::Kind::kCommand,
     .usage = "[-o text|json]",
     .help = "prints what this build is",
     .main = cni::VersionMain},
    {.name = "upgrade",
     .aliases = {},
     .kind = Applet::Kind::kCommand,
     .usage = "--from=FILE...",
     .help = "replaces the plugin on this node, or takes that back",
     .main = upgrade::UpgradeMain},
    {.name = "--list",
     .aliases = {},
     .kind = Applet::Kind::kCommand,
     .usage = "",
     .help = "prints the names this executable can be called by",
     .main = ListMain},
    {.name = "--install",
     .aliases = {},
     .kind = Applet::Kind::kCommand,
     .usage = "[--copy] DIR",
     .help = "links in DIR for those names; --copy: to a copy there",
     .main = InstallMain},
    {.name = "--certificates",
     .aliases = {},
     .kind = Applet::Kind::kCommand,
     .usage = "DIR NODE=ADDRESS...",
     .help = "makes the nodes' certificates in DIR",
     .main = CertificatesMain},
    {.name = "--help",
     .aliases = {"-h", "help"},
     .kind = Applet::Kind::kCommand,
     .usage = "",
     .help = "prints this text",
     .main = HelpMain},
};
constexpr const Applet* kPlugin = &kApplets[0];

absl::string_view LastPart(absl::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

const Applet* Find(absl::string_view name, Applet::Kind kind) {
  if (name.empty()) return nullptr;
  const auto* found = absl::c_find_if(kApplets, [&](const Applet& applet) {
    return applet.kind == kind &&
           (applet.name == name || absl::c_linear_search(applet.aliases, name));
  });
  return found == std::end(kApplets) ? nullptr : found;
}

std::vector<absl::string_view> Aliases(const Applet& applet) {
  std::vector<absl::string_view> aliases(applet.aliases.begin(),
                                         applet.aliases.end());
  std::erase(aliases, "");
  return aliases;
}

// Two columns; other names on a line of their own.
std::string HelpOf(const Applet& applet) {
  constexpr size_t kColumn = 24;
  std::string call = absl::StrCat("  ", applet.name, " ", applet.usage);
  call.resize(std::max(call.size(), kColumn), ' ');
  std::string lines = absl::StrCat(call, " ", applet.help, "\n");
  if (std::vector<absl::string_view> aliases = Aliases(applet);
      !aliases.empty()) {
    absl::StrAppend(&lines, std::string(kColumn, ' '), " (also ",
                    absl::StrJoin(aliases, ", "), ")\n");
  }
  return lines;
}

void Print(FILE* file, absl::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
}

int HelpMain(int, char**) {
  Print(stdout, HelpText());
  return 0;
}

int ListMain(int, char**) {
  Print(stdout, absl::StrCat(absl::StrJoin(ProgramNames(), "\n"), "\n"));
  return 0;
}

absl::StatusOr<std::vector<std::string>> Install(const std::string& folder,
                                                 bool copy) {
  std::string program = "/proc/self/exe";
  if (copy) {
    RETURN_IF_ERROR(InstallCopy(folder, program));
    program = absl::StrCat(folder, "/cnivpc");
  }
  return InstallLinks(folder, program, ProgramNames());
}

int InstallMain(int argc, char** argv) {
  const bool copy = argc == 3 && absl::string_view(argv[1]) == "--copy";
  if (argc != 2 && !copy) {
    Print(stderr, "Usage: cnivpc --install [--copy] DIR\n");
    return 2;
  }
  const absl::StatusOr<std::vector<std::string>> links =
      Install(argv[argc - 1], copy);
  if (!links.ok()) {
    Print(stderr,
          absl::StrCat("cnivpc --install: ", links.status().message(), "\n"));
    return 1;
  }
  for (const std::string& link : *links) Print(stdout, link + "\n");
  return 0;
}

int CertificatesMain(int argc, char** argv) {
  if (argc < 3) {
    Print(stderr, "Usage: cnivpc --certificates DIR NODE=ADDRESS...\n");
    return 2;
  }
  const auto fail = [](const absl::Status& status, int exit_status) {
    Print(stderr,
          absl::StrCat("cnivpc --certificates: ", status.message(), "\n"));
    return exit_status;
  };
  const auto nodes = rpc::ParsePeers(absl::StrJoin(argv + 2, argv + argc, ","));
  if (!nodes.ok()) return fail(nodes.status(), 2);
  std::vector<rpc::Subject> subjects;
  for (const rpc::Peer& node : *nodes) {
    subjects.push_back({node.node, node.address});
  }
  const absl::Status written =
      rpc::WriteCertificates(argv[1], subjects, absl::Now());
  return written.ok() ? 0 : fail(written, 1);
}

}  // namespace

absl::Span<const Applet> Applets() { return kApplets; }

Invocation Identify(absl::Span<const absl::string_view> argv, bool cni_call) {
  const absl::string_view name = argv.empty() ? "" : LastPart(argv[0]);
  const Applet* program = Find(name, Applet::Kind::kProgram);
  if (program != nullptr && program != kPlugin) {
    return {Invocation::Kind::kRun, program, 0};
  }
  if (cni_call) return {Invocation::Kind::kRun, kPlugin, 0};
  if (argv.size() < 2) return {Invocation::Kind::kNoName, nullptr, 0};

  if (Find(argv[1], Applet::Kind::kProgram) != nullptr) {
    Invocation inner = Identify(argv.subspan(1), cni_call);
    ++inner.skip;
    return inner;
  }
  if (const Applet* command = Find(argv[1], Applet::Kind::kCommand)) {
    return {Invocation::Kind::kRun, command, 1};
  }
  return {Invocation::Kind::kUnknownName, nullptr, 1};
}

std::vector<absl::string_view> ProgramNames() {
  std::vector<absl::string_view> names;
  for (const Applet& applet : kApplets) {
    if (applet.kind != Applet::Kind::kProgram) continue;
    names.push_back(applet.name);
    absl::c_copy(Aliases(applet), std::back_inserter(names));
  }
  return names;
}

std::string HelpText() {
  std::string text = absl::StrCat(
      "CNI vpc plugin ", base::GetBuildInfo().version,
      "\nCNI protocol versions supported: ", cni::SupportedVersions(),
      "\n\nUsage: cnivpc NAME [ARGUMENT...], or a link of that NAME to it\n\n");
  for (const Applet& applet : kApplets) absl::StrAppend(&text, HelpOf(applet));
  return text;
}

int Run(int argc, char** argv) {
  const std::vector<absl::string_view> arguments(argv, argv + argc);
  const Invocation invocation =
      Identify(arguments, std::getenv("CNI_COMMAND") != nullptr);
  const int skip = static_cast<int>(invocation.skip);
  if (invocation.kind == Invocation::Kind::kRun) {
    return invocation.applet->main(argc - skip, argv + skip);
  }
  if (invocation.kind == Invocation::Kind::kNoName) {
    Print(stderr, HelpText());
    return 1;
  }
  Print(stderr, absl::StrCat("cnivpc: there is no \"", argv[skip],
                             "\" here\n\n", HelpText()));
  return 127;
}

}  // namespace applets
