#include "applets/ctl/command_table.h"

#include <iterator>

#include "absl/algorithm/container.h"
#include "absl/strings/strip.h"

namespace applets::ctl {
namespace {

constexpr Flag kFlags[] = {
    {FlagId::kOutput, 'o', "output", "FORMAT", "how to print it"},
    {FlagId::kNoHeaders, '\0', "no-headers", "", "leave the headers out"},
    {FlagId::kSocket, '\0', "socket", "PATH",
     "where ipamd listens (default /run/cni-vpc-ipamd.sock)"},
    {FlagId::kTimeout, '\0', "timeout", "DURATION",
     "how long to wait for ipamd (default 5s; 30s for what asks the VPC)"},
    {FlagId::kNode, 'n', "node", "NODE",
     "ask another node's ipamd, by way of this node's"},
    {FlagId::kKubeconfig, '\0', "kubeconfig", "FILE",
     "find nodes by this cluster's API server, not by way of this node"},
    {FlagId::kPeerTokenFile, '\0', "peer-token-file", "FILE",
     "with --kubeconfig: the secret that the nodes have"},
    {FlagId::kPeerCert, '\0', "peer-cert", "FILE",
     "with --kubeconfig, if they have certificates: one for you"},
    {FlagId::kPeerKey, '\0', "peer-key", "FILE", "its key"},
    {FlagId::kPeerCa, '\0', "peer-ca", "FILE", "who signs theirs"},
    {FlagId::kYes, 'y', "yes", "", "don't ask, do it"},
    {FlagId::kDryRun, '\0', "dry-run", "", "only say what would be done"},
    {FlagId::kFollow, 'f', "follow", "", "go on with what happens from now on"},
    {FlagId::kSince, '\0', "since", "DURATION", "not older than this"},
    {FlagId::kHelp, 'h', "help", "", "say what a command does"},
};

constexpr FlagId kReading[] = {
    FlagId::kOutput,        FlagId::kNoHeaders, FlagId::kSocket,
    FlagId::kTimeout,       FlagId::kNode,      FlagId::kKubeconfig,
    FlagId::kPeerCert,      FlagId::kPeerKey,   FlagId::kPeerCa,
    FlagId::kPeerTokenFile, FlagId::kHelp};
constexpr FlagId kAsking[] = {FlagId::kOutput, FlagId::kNoHeaders,
                              FlagId::kSocket, FlagId::kTimeout, FlagId::kHelp};
constexpr FlagId kTelling[] = {
    FlagId::kOutput,  FlagId::kNoHeaders,  FlagId::kFollow,
    FlagId::kSince,   FlagId::kSocket,     FlagId::kTimeout,
    FlagId::kNode,    FlagId::kKubeconfig, FlagId::kPeerCert,
    FlagId::kPeerKey, FlagId::kPeerCa,     FlagId::kPeerTokenFile,
    FlagId::kHelp};
constexpr FlagId kExplaining[] = {FlagId::kOutput,        FlagId::kSocket,
                                  FlagId::kTimeout,       FlagId::kNode,
                                  FlagId::kKubeconfig,    FlagId::kPeerCert,
                                  FlagId::kPeerKey,       FlagId::kPeerCa,
                                  FlagId::kPeerTokenFile, FlagId::kHelp};
constexpr FlagId kAnswering[] = {FlagId::kOutput, FlagId::kSocket,
                                 FlagId::kTimeout, FlagId::kHelp};
constexpr FlagId kGivingBack[] = {FlagId::kOutput, FlagId::kYes,
                                  FlagId::kSocket, FlagId::kTimeout,
                                  FlagId::kHelp};
constexpr FlagId kCollecting[] = {FlagId::kOutput,  FlagId::kNoHeaders,
                                  FlagId::kDryRun,  FlagId::kSocket,
                                  FlagId::kTimeout, FlagId::kHelp};
constexpr FlagId kPacking[] = {FlagId::kSocket, FlagId::kTimeout,
                               FlagId::kHelp};
constexpr FlagId kPrinting[] = {FlagId::kOutput, FlagId::kHelp};
constexpr FlagId kPlain[] = {FlagId::kHelp};

constexpr absl::string_view kTables[] = {"wide", "json", "yaml"};
constexpr absl::string_view kDocuments[] = {"text", "json", "yaml"};
constexpr absl::string_view kTextOrJson[] = {"text", "json"};
constexpr absl::string_view kShells[] = {"bash", "zsh"};

constexpr Command kCommands[] = {
    {.words = "get node",
     .alias = "get nodes",
     .action = Action::kGetNode,
     .operands = Operands::kNone,
     .arguments = "",
     .help = "the node, or with --kubeconfig all, and the size of its pool",
     .flags = kReading,
     .formats = kTables},
    {.words = "get pool",
     .alias = "get pools",
     .action = Action::kGetPool,
     .operands = Operands::kFilter,
     .arguments = "[IP]",
     .help = "the addresses that no pod holds",
     .flags = kReading,
     .formats = kTables},
    {.words = "get pod",
     .alias = "get pods",
     .action = Action::kGetPod,
     .operands = Operands::kFilter,
     .arguments = "[POD|IP]",
     .help = "the pods and their addresses",
     .flags = kReading,
     .formats = kTables},
    {.words = "get unuse",
     .alias = "get unused",
     .action = Action::kGetUnused,
     .operands = Operands::kNone,
     .arguments = "",
     .help = "what the VPC counts as the node's, and nobody uses",
     .flags = kAsking,
     .formats = kTables},
    {.words = "pool list",
     .alias = "",
     .action = Action::kPoolList,
     .operands = Operands::kFilter,
     .arguments = "[POD|IP]",
     .help = "every address and its state",
     .flags = kReading,
     .formats = kTables},
    {.words = "status",
     .alias = "",
     .action = Action::kStatus,
     .operands = Operands::kNone,
     .arguments = "",
     .help = "how the node's addresses are doing",
     .flags = kExplaining,
     .formats = kDocuments},
    {.words = "why",
     .alias = "",
     .action = Action::kWhy,
     .operands = Operands::kSubject,
     .arguments = "POD|IP",
     .help = "why a pod has no address, or an address is as it is",
     .flags = kExplaining,
     .formats = kDocuments},
    {.words = "events",
     .alias = "",
     .action = Action::kEvents,
     .operands = Operands::kFilter,
     .arguments = "[POD|IP]",
     .help = "what happened, the oldest first",
     .flags = kTelling,
     .formats = kTables},
    {.words = "pop",
     .alias = "",
     .action = Action::kPop,
     .operands = Operands::kNodeAndAddress,
     .arguments = "NODE [IP]",
     .help = "take an address out of the pool",
     .flags = kAnswering,
     .formats = kDocuments},
    {.words = "push",
     .alias = "",
     .action = Action::kPush,
     .operands = Operands::kNodeAndAddress,
     .arguments = "NODE [IP]",
     .help = "put an address into the pool",
     .flags = kAnswering,
     .formats = kDocuments},
    {.words = "release",
     .alias = "",
     .action = Action::kRelease,
     .operands = Operands::kNodeAndAddress,
     .arguments = "NODE [IP]",
     .help = "give unused addresses back to the VPC",
     .flags = kGivingBack,
     .formats = kDocuments},
    {.words = "gc",
     .alias = "",
     .action = Action::kGc,
     .operands = Operands::kNone,
     .arguments = "",
     .help = "put right what crashes have left behind",
     .flags = kCollecting,
     .formats = kTables},
    {.words = "bundle",
     .alias = "",
     .action = Action::kBundle,
     .operands = Operands::kFile,
     .arguments = "[FILE]",
     .help = "a tar file for support, without secrets",
     .flags = kPacking,
     .formats = {}},
    {.words = "version",
     .alias = "",
     .action = Action::kVersion,
     .operands = Operands::kNone,
     .arguments = "",
     .help = "what this build is",
     .flags = kPrinting,
     .formats = kTextOrJson},
    {.words = "completion",
     .alias = "",
     .action = Action::kCompletion,
     .operands = Operands::kShell,
     .arguments = "bash|zsh",
     .help = "a script that lets the shell complete all this",
     .flags = kPlain,
     .formats = {}},
    {.words = "help",
     .alias = "",
     .action = Action::kHelp,
     .operands = Operands::kTopic,
     .arguments = "[COMMAND]",
     .help = "this text, or a command's",
     .flags = kPlain,
     .formats = {}},
};

}  // namespace

absl::Span<const Flag> Flags() { return kFlags; }

const Flag& FlagOf(FlagId id) {
  return *absl::c_find_if(kFlags, [&](const Flag& f) { return f.id == id; });
}

const Flag* FindFlag(absl::string_view name) {
  const auto* found =
      absl::c_find_if(kFlags, [&](const Flag& f) { return f.name == name; });
  return found == std::end(kFlags) ? nullptr : found;
}

const Flag* FindFlag(char letter) {
  const auto* found = absl::c_find_if(
      kFlags, [&](const Flag& f) { return f.letter == letter; });
  return found == std::end(kFlags) ? nullptr : found;
}

bool Takes(const Command& command, FlagId id) {
  return absl::c_linear_search(command.flags, id);
}

std::vector<const Command*> Commands() {
  std::vector<const Command*> commands;
  for (const Command& command : kCommands) commands.push_back(&command);
  return commands;
}

const Command* FindCommand(absl::string_view words) {
  if (words.empty()) return nullptr;
  const auto* found = absl::c_find_if(kCommands, [&](const Command& command) {
    return command.words == words || command.alias == words;
  });
  return found == std::end(kCommands) ? nullptr : found;
}

absl::Span<const absl::string_view> Shells() { return kShells; }

std::vector<absl::string_view> NextWords(absl::string_view typed) {
  std::vector<absl::string_view> next;
  for (const Command& command : kCommands) {
    absl::string_view rest = command.words;
    if (!typed.empty() && !(absl::ConsumePrefix(&rest, typed) &&
                            absl::ConsumePrefix(&rest, " "))) {
      continue;
    }
    const absl::string_view word = rest.substr(0, rest.find(' '));
    if (!absl::c_linear_search(next, word)) next.push_back(word);
  }
  return next;
}

}  // namespace applets::ctl
