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
     "how long to wait for ipamd (default 5s)"},
    {FlagId::kNode, 'n', "node", "NODE",
     "ask another node's ipamd (not in this release)"},
    {FlagId::kHelp, 'h', "help", "", "say what a command does"},
};

constexpr FlagId kAsking[] = {FlagId::kOutput, FlagId::kNoHeaders,
                              FlagId::kSocket, FlagId::kTimeout,
                              FlagId::kNode,   FlagId::kHelp};
constexpr FlagId kPrinting[] = {FlagId::kOutput, FlagId::kHelp};
constexpr FlagId kPlain[] = {FlagId::kHelp};

constexpr absl::string_view kTables[] = {"wide", "json", "yaml"};
constexpr absl::string_view kTextOrJson[] = {"text", "json"};
constexpr absl::string_view kShells[] = {"bash", "zsh"};

constexpr Command kCommands[] = {
    {.words = "get pool",
     .alias = "get pools",
     .action = Action::kGetPool,
     .arguments = "",
     .help = "the addresses that no pod holds",
     .flags = kAsking,
     .formats = kTables},
    {.words = "get pod",
     .alias = "get pods",
     .action = Action::kGetPod,
     .arguments = "",
     .help = "the pods and their addresses",
     .flags = kAsking,
     .formats = kTables},
    {.words = "pool list",
     .alias = "",
     .action = Action::kPoolList,
     .arguments = "",
     .help = "every address and its state",
     .flags = kAsking,
     .formats = kTables},
    {.words = "version",
     .alias = "",
     .action = Action::kVersion,
     .arguments = "",
     .help = "what this build is",
     .flags = kPrinting,
     .formats = kTextOrJson},
    {.words = "completion",
     .alias = "",
     .action = Action::kCompletion,
     .arguments = "bash|zsh",
     .help = "a script that lets the shell complete all this",
     .flags = kPlain,
     .formats = {}},
    {.words = "help",
     .alias = "",
     .action = Action::kHelp,
     .arguments = "[COMMAND]",
     .help = "this text, or a command's",
     .flags = kPlain,
     .formats = {}},
};

// UK8S's cnivpctl has these, and so will this one. A suggestion of what looks
// like it (`get pod` for `get node`) would mislead those who know them.
constexpr absl::string_view kLater[] = {"get node", "get unuse", "pop",
                                        "push",     "release",   "gc"};
constexpr Command kNotYet = {.words = "",
                             .alias = "",
                             .action = Action::kLater,
                             .arguments = "",
                             .help = "",
                             .flags = kAsking,
                             .formats = kTables};

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
  if (found != std::end(kCommands)) return found;
  return absl::c_linear_search(kLater, words) ? &kNotYet : nullptr;
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
