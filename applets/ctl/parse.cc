#include "applets/ctl/parse.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "applets/ctl/command_table.h"
#include "applets/ctl/nearest.h"
#include "applets/ctl/operands.h"
#include "applets/rpc/peer_access.h"
#include "base/status.h"

namespace applets::ctl {
namespace {

// A flag as it was given.
struct Given {
  const Flag* flag;
  absl::string_view spelled;  // "-o" or "--output"
  absl::string_view value;
};

// A command line, taken apart; borrows from the arguments.
struct Parts {
  std::vector<absl::string_view> words;
  std::vector<Given> flags;
};

// A command and what follows it.
struct Chosen {
  const Command* command;
  absl::Span<const absl::string_view> arguments;
};

absl::Status Unknown(absl::string_view kind, absl::string_view typed,
                     absl::Span<const absl::string_view> candidates) {
  std::string problem = absl::StrCat("unknown ", kind, " \"", typed, "\"");
  if (const auto nearest = Nearest(typed, candidates)) {
    absl::StrAppend(&problem, "; did you mean \"", *nearest, "\"?");
  } else {
    absl::StrAppend(&problem, "; there is ", absl::StrJoin(candidates, ", "));
  }
  return absl::InvalidArgumentError(problem);
}

// `--version` is a command here: the suggestion then is the command.
absl::Status UnknownFlag(absl::string_view spelled) {
  std::vector<std::string> names;
  for (const Flag& flag : Flags()) {
    names.push_back(absl::StrCat("--", flag.name));
  }
  std::vector<absl::string_view> candidates(names.begin(), names.end());
  if (!Nearest(spelled, candidates)) {
    const std::vector<absl::string_view> commands = NextWords("");
    if (Nearest(spelled, commands)) {
      return Unknown("flag", spelled, commands);
    }
  }
  return Unknown("flag", spelled, candidates);
}

// --- taking apart

// Reads one flag, and its value, which may be the next argument.
class FlagReader {
 public:
  explicit FlagReader(absl::Span<const std::string> arguments)
      : rest_(arguments) {}

  bool done() const { return rest_.empty(); }
  absl::string_view Next() {
    const absl::string_view next = rest_.front();
    rest_.remove_prefix(1);
    return next;
  }
  // `argument` is "--name" or "--name=value".
  absl::StatusOr<Given> ReadLong(absl::string_view argument);
  // `argument` is "-x", "-xvalue" or "-x=value".
  absl::StatusOr<Given> ReadShort(absl::string_view argument);

 private:
  absl::StatusOr<Given> Finish(const Flag& flag, absl::string_view spelled,
                               std::optional<absl::string_view> value);

  absl::Span<const std::string> rest_;
};

absl::StatusOr<Given> FlagReader::Finish(
    const Flag& flag, absl::string_view spelled,
    std::optional<absl::string_view> value) {
  if (!flag.TakesValue()) {
    if (!value) return Given{&flag, spelled, ""};
    return absl::InvalidArgumentError(absl::StrCat(spelled, " takes no value"));
  }
  if (!value && !done()) value = Next();
  if (!value) {
    return absl::InvalidArgumentError(
        absl::StrCat(spelled, " needs a value: ", flag.value));
  }
  return Given{&flag, spelled, *value};
}

absl::StatusOr<Given> FlagReader::ReadLong(absl::string_view argument) {
  const size_t equals = argument.find('=');
  const absl::string_view spelled = argument.substr(0, equals);
  const Flag* found = FindFlag(spelled.substr(2));
  if (found == nullptr) return UnknownFlag(spelled);
  if (equals == argument.npos) return Finish(*found, spelled, std::nullopt);
  return Finish(*found, spelled, argument.substr(equals + 1));
}

absl::StatusOr<Given> FlagReader::ReadShort(absl::string_view argument) {
  const Flag* found = FindFlag(argument[1]);
  if (found == nullptr) return UnknownFlag(argument);
  const absl::string_view spelled = argument.substr(0, 2);
  absl::string_view value = argument.substr(2);
  if (value.empty()) return Finish(*found, spelled, std::nullopt);
  absl::ConsumePrefix(&value, "=");
  return Finish(*found, spelled, value);
}

absl::StatusOr<Parts> TakeApart(absl::Span<const std::string> arguments) {
  Parts parts;
  FlagReader reader(arguments);
  bool flags_may_follow = true;
  while (!reader.done()) {
    const absl::string_view next = reader.Next();
    if (!flags_may_follow || next.size() < 2 || next[0] != '-') {
      parts.words.push_back(next);
    } else if (next == "--") {
      flags_may_follow = false;
    } else {
      ASSIGN_OR_RETURN(const Given given, next[1] == '-'
                                              ? reader.ReadLong(next)
                                              : reader.ReadShort(next));
      parts.flags.push_back(given);
    }
  }
  return parts;
}

// --- finding the command

// The error of words that begin no command.
absl::Status NoCommand(absl::Span<const absl::string_view> words) {
  const std::vector<absl::string_view> inside = NextWords(words[0]);
  if (words[0].empty() || inside.empty()) {
    return Unknown("command", words[0], NextWords(""));
  }
  if (words.size() > 1) {
    return Unknown(absl::StrCat("command after \"", words[0], "\":"), words[1],
                   inside);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(words[0], " what? There is ", absl::StrJoin(inside, ", ")));
}

absl::StatusOr<Chosen> Choose(absl::Span<const absl::string_view> words) {
  constexpr size_t kMaxWords = 2;
  for (size_t n = std::min(kMaxWords, words.size()); n > 0; --n) {
    const std::string name = absl::StrJoin(words.first(n), " ");
    const Command* command = FindCommand(name);
    if (command == nullptr) continue;
    return Chosen{command, words.subspan(n)};
  }
  return NoCommand(words);
}

// The words that help is asked for: of a command, of a group, or none.
absl::StatusOr<std::string> Topic(absl::Span<const absl::string_view> words) {
  if (!words.empty() && words[0] == "help") words.remove_prefix(1);
  if (words.empty()) return "";
  if (words.size() == 1 && !words[0].empty() && !NextWords(words[0]).empty()) {
    return std::string(words[0]);
  }
  ASSIGN_OR_RETURN(const Chosen chosen, Choose(words));
  return std::string(chosen.command->words);
}

// --- understanding the flags

absl::StatusOr<Format> FormatNamed(const Given& given, const Command& command) {
  if (absl::c_linear_search(command.formats, given.value)) {
    if (given.value == "wide") return Format::kWide;
    if (given.value == "json") return Format::kJson;
    if (given.value == "yaml") return Format::kYaml;
    return Format::kText;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(given.spelled, " \"", given.value, "\": must be one of ",
                   absl::StrJoin(command.formats, ", ")));
}

absl::StatusOr<absl::Duration> DurationOf(const Given& given,
                                          absl::Duration most) {
  absl::Duration duration;
  if (absl::ParseDuration(given.value, &duration) &&
      duration > absl::ZeroDuration() && duration <= most) {
    return duration;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      given.spelled, " \"", given.value, "\": must be a time such as 500ms, 5s",
      " or 1m30s, more than 0 and at most ", absl::FormatDuration(most)));
}

absl::Status PutPath(const Given& given, std::string& path) {
  path = std::string(given.value);
  if (!path.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(given.spelled, " \"\": must be a file"));
}

// The options with one flag more.
absl::StatusOr<Options> Take(const Given& given, const Command& command,
                             Options options) {
  switch (given.flag->id) {
    case FlagId::kOutput: {
      ASSIGN_OR_RETURN(options.format, FormatNamed(given, command));
      return options;
    }
    case FlagId::kTimeout: {
      ASSIGN_OR_RETURN(options.timeout, DurationOf(given, kMaxTimeout));
      return options;
    }
    case FlagId::kSince: {
      ASSIGN_OR_RETURN(options.since, DurationOf(given, kMaxSince));
      return options;
    }
    case FlagId::kNode:
      options.node = std::string(given.value);
      if (!options.node.empty()) return options;
      return absl::InvalidArgumentError(
          absl::StrCat(given.spelled, " \"\": must be a node"));
    case FlagId::kKubeconfig:
      RETURN_IF_ERROR(PutPath(given, options.kubeconfig));
      return options;
    case FlagId::kPeerTokenFile:
      RETURN_IF_ERROR(PutPath(given, options.access.token_file));
      return options;
    case FlagId::kPeerCert:
      RETURN_IF_ERROR(PutPath(given, options.access.certificate));
      return options;
    case FlagId::kPeerKey:
      RETURN_IF_ERROR(PutPath(given, options.access.key));
      return options;
    case FlagId::kPeerCa:
      RETURN_IF_ERROR(PutPath(given, options.access.ca));
      return options;
    case FlagId::kSocket:
      options.socket = std::string(given.value);
      if (!options.socket.empty()) return options;
      return absl::InvalidArgumentError("--socket \"\": must be a path");
    case FlagId::kNoHeaders:
      options.headers = false;
      return options;
    case FlagId::kYes:
      options.yes = true;
      return options;
    case FlagId::kDryRun:
      options.dry_run = true;
      return options;
    case FlagId::kFollow:
      options.follow = true;
      return options;
    case FlagId::kHelp:
      return options;
  }
  return options;
}

// Whether ipamd has to ask the VPC before it can answer.
bool AsksTheVpc(Action action) {
  return action == Action::kGetUnused || action == Action::kPush ||
         action == Action::kRelease || action == Action::kGc;
}

// What --kubeconfig needs, and what needs it.
absl::Status CheckCluster(const Command& command, const Options& options) {
  if (options.kubeconfig.empty()) {
    if (options.access.none()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "--peer-token-file, --peer-cert, --peer-key and --peer-ca go with "
        "--kubeconfig; without it this node's ipamd has its own");
  }
  if (options.node.empty()) {
    if (command.action == Action::kGetNode) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat(command.words, " --kubeconfig of which node? -n NODE"));
  }
  if (options.access.none()) {
    return absl::InvalidArgumentError(
        "an ipamd answers from afar only to who has --peer-token-file, or "
        "--peer-cert, --peer-key and --peer-ca");
  }
  return rpc::Validate(options.access);
}

absl::StatusOr<Options> Understand(const Parts& parts) {
  ASSIGN_OR_RETURN(const Chosen chosen, Choose(parts.words));
  const Command& command = *chosen.command;
  Options options;
  options.action = command.action;
  if (AsksTheVpc(command.action)) options.timeout = kVpcTimeout;
  for (const Given& given : parts.flags) {
    if (!Takes(command, given.flag->id)) {
      return absl::InvalidArgumentError(
          absl::StrCat(command.words, " takes no ", given.spelled));
    }
    ASSIGN_OR_RETURN(options, Take(given, command, std::move(options)));
  }
  RETURN_IF_ERROR(CheckCluster(command, options));
  return TakeOperands(command, chosen.arguments, std::move(options));
}

bool AsksForHelp(const Parts& parts) {
  return parts.words.empty() ? parts.flags.empty() : parts.words[0] == "help";
}

bool HasHelpFlag(const Parts& parts) {
  return absl::c_any_of(parts.flags, [](const Given& given) {
    return given.flag->id == FlagId::kHelp;
  });
}

}  // namespace

absl::StatusOr<Options> Parse(absl::Span<const std::string> arguments) {
  ASSIGN_OR_RETURN(const Parts parts, TakeApart(arguments));
  if (AsksForHelp(parts) || HasHelpFlag(parts)) {
    Options options;
    ASSIGN_OR_RETURN(options.subject, Topic(parts.words));
    return options;
  }
  if (parts.words.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "which command? There is ", absl::StrJoin(NextWords(""), ", ")));
  }
  return Understand(parts);
}

}  // namespace applets::ctl
