#include "applets/upgrade/options.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "applets/upgrade/options_check.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

using Action = Options::Action;

constexpr size_t kSha256Digits = 64;
constexpr int64_t kMostNodes = 1000000;
constexpr absl::Duration kLongest = absl::Hours(24 * 30);
constexpr char kOwnFile[] = "/proc/self/exe";

// What the flags have said so far.
struct Parsed {
  Options options;
  std::vector<std::string> actions;  // flags that say what to do
};
using Set = absl::Status (*)(Parsed&, absl::string_view value);

absl::Status SetFrom(Parsed& parsed, absl::string_view value) {
  if (value.empty()) return absl::InvalidArgumentError("needs a file");
  parsed.options.source = std::string(value);
  parsed.actions.emplace_back("--from");
  return absl::OkStatus();
}

absl::Status SetSelf(Parsed& parsed, absl::string_view) {
  parsed.options.source = kOwnFile;
  parsed.actions.emplace_back("--self");
  return absl::OkStatus();
}

absl::Status SetRollback(Parsed& parsed, absl::string_view) {
  parsed.options.action = Action::kRollback;
  parsed.actions.emplace_back("--rollback");
  return absl::OkStatus();
}

absl::Status SetResume(Parsed& parsed, absl::string_view) {
  parsed.options.action = Action::kResume;
  parsed.actions.emplace_back("--resume");
  return absl::OkStatus();
}

absl::Status SetStatus(Parsed& parsed, absl::string_view) {
  parsed.options.action = Action::kStatus;
  parsed.actions.emplace_back("--status");
  return absl::OkStatus();
}

absl::Status SetCheck(Parsed& parsed, absl::string_view) {
  parsed.options.action = Action::kCheck;
  parsed.actions.emplace_back("--check");
  return absl::OkStatus();
}

absl::Status SetHelp(Parsed& parsed, absl::string_view) {
  parsed.options.action = Action::kHelp;
  return absl::OkStatus();
}

template <bool Options::*member>
absl::Status Switch(Parsed& parsed, absl::string_view) {
  parsed.options.*member = true;
  return absl::OkStatus();
}

template <std::string Places::*member>
absl::Status SetFolder(Parsed& parsed, absl::string_view value) {
  if (!absl::StartsWith(value, "/") || value.size() < 2) {
    return absl::InvalidArgumentError("must be an absolute path");
  }
  absl::ConsumeSuffix(&value, "/");
  parsed.options.places.*member = std::string(value);
  return absl::OkStatus();
}

absl::Status SetRoot(Parsed& parsed, absl::string_view value) {
  if (!absl::StartsWith(value, "/")) {
    return absl::InvalidArgumentError("must be an absolute path");
  }
  parsed.options.root = std::string(value);
  return absl::OkStatus();
}

absl::Status SetAnswerFile(Parsed& parsed, absl::string_view value) {
  parsed.options.answer_file = std::string(value);
  return absl::OkStatus();
}

absl::Status SetSum(Parsed& parsed, absl::string_view value) {
  parsed.options.sha256 = absl::AsciiStrToLower(value);
  if (value.size() == kSha256Digits &&
      absl::c_all_of(value, absl::ascii_isxdigit)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("must be 64 hexadecimal digits");
}

absl::Status SetCatalogue(Parsed& parsed, absl::string_view value) {
  parsed.options.catalogue = std::string(value);
  return absl::OkStatus();
}

absl::Status SetAbort(Parsed& parsed, absl::string_view) {
  parsed.options.action = Action::kAbort;
  parsed.actions.emplace_back("--abort");
  return absl::OkStatus();
}

absl::Status SetPause(Parsed& parsed, absl::string_view) {
  parsed.options.action = Action::kPause;
  parsed.actions.emplace_back("--pause");
  return absl::OkStatus();
}

absl::Status SetAll(Parsed& parsed, absl::string_view) {
  parsed.options.fleet.meant = true;
  parsed.options.fleet.all = true;
  return absl::OkStatus();
}

absl::Status SetFailedAdds(Parsed& parsed, absl::string_view value) {
  int64_t& percent = parsed.options.fleet.max_failed_adds;
  if (absl::ConsumeSuffix(&value, "%") && absl::SimpleAtoi(value, &percent) &&
      percent >= 0 && percent <= 100) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("must be one of 0% to 100%");
}

absl::Status SetQuery(Parsed& parsed, absl::string_view) {
  parsed.options.action = Action::kQuery;
  parsed.options.fleet.meant = true;
  parsed.actions.emplace_back("--query");
  return absl::OkStatus();
}

template <std::string Options::Serve::*member>
absl::Status SetServe(Parsed& parsed, absl::string_view value) {
  parsed.options.fleet.meant = true;
  parsed.options.serve.*member = std::string(value);
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("must not be empty");
}

absl::Status SetServeNames(Parsed& parsed, absl::string_view value) {
  parsed.options.fleet.meant = true;
  parsed.options.serve.names =
      absl::StrSplit(value, ',', absl::SkipWhitespace());
  return absl::OkStatus();
}

absl::Status SetFleet(Parsed& parsed, absl::string_view) {
  parsed.options.fleet.meant = true;
  return absl::OkStatus();
}

absl::Status SetNodes(Parsed& parsed, absl::string_view value) {
  parsed.options.fleet.meant = true;
  parsed.options.fleet.nodes =
      absl::StrSplit(value, ',', absl::SkipWhitespace());
  if (!parsed.options.fleet.nodes.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("names no node");
}

template <std::string Options::Fleet::*member>
absl::Status SetText(Parsed& parsed, absl::string_view value) {
  parsed.options.fleet.meant = true;
  parsed.options.fleet.*member = std::string(value);
  return absl::OkStatus();
}

template <Amount Options::Fleet::*member>
absl::Status SetAmount(Parsed& parsed, absl::string_view value) {
  Amount& amount = parsed.options.fleet.*member;
  amount.percent = absl::ConsumeSuffix(&value, "%");
  if (absl::SimpleAtoi(value, &amount.number) && amount.number >= 0 &&
      amount.number <= (amount.percent ? 100 : kMostNodes)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("must be a number, or one of 0% to 100%");
}

template <absl::Duration Options::Fleet::*member>
absl::Status SetTime(Parsed& parsed, absl::string_view value) {
  absl::Duration& time = parsed.options.fleet.*member;
  if (absl::ParseDuration(value, &time) && time >= absl::ZeroDuration() &&
      time <= kLongest) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("must be a time such as 90s or 1h30m");
}

absl::Status SetOnFailure(Parsed& parsed, absl::string_view value) {
  parsed.options.fleet.stop_only = value == "stop";
  if (value == "stop" || value == "rollback") return absl::OkStatus();
  return absl::InvalidArgumentError("must be rollback or stop");
}

absl::Status SetFormat(Parsed& parsed, absl::string_view value) {
  if (value == "json") parsed.options.format = Options::Format::kJson;
  if (value == "json" || value == "text") return absl::OkStatus();
  return absl::InvalidArgumentError("must be text or json");
}

struct Flag {
  absl::string_view name;
  absl::string_view value;  // "" for a switch
  absl::string_view help;
  Set set;
};

constexpr Flag kFlags[] = {
    {"from", "FILE", "Install this executable; - is stdin.", SetFrom},
    {"self", "", "Install the executable that this command is.", SetSelf},
    {"rollback", "", "Go back to the version before.", SetRollback},
    {"resume", "", "Bring an upgrade to its end whose upgrader died.",
     SetResume},
    {"status", "", "Say what is installed, and how the last upgrade went.",
     SetStatus},
    {"check", "", "Does what is installed set up a pod on this node?",
     SetCheck},
    {"dry-run", "",
     "Try the executable, install nothing, leave nothing behind.",
     Switch<&Options::dry_run>},
    {"force", "",
     "Also install an older or an unknown version, or over another product;\n"
     "and where the installed plugin can't set up a pod either.",
     Switch<&Options::force>},
    {"sha256", "SUM", "What is installed must have this sum.", SetSum},
    {"catalogue", "FILE", "The releases there are; others need --force.",
     SetCatalogue},
    {"out-of-maintenance", "",
     "This cluster's Kubernetes version isn't maintained any more: it gets\n"
     "-lts versions only.",
     Switch<&Options::out_of_maintenance>},
    {"output", "text|json", "How to answer; also -o. Default: text.",
     SetFormat},
    {"bin-dir", "DIR", "The plugins. Default: /opt/cni/bin.",
     SetFolder<&Places::bin_dir>},
    {"conf-dir", "DIR", "The networks. Default: /etc/cni/net.d.",
     SetFolder<&Places::conf_dir>},
    {"state-dir", "DIR", "The record of upgrades. Default: /var/lib/cnivpc.",
     SetFolder<&Places::state_dir>},
    {"root", "DIR", "The node's files are there; for a pod on it.", SetRoot},
    {"answer-file", "FILE",
     "The answer goes there, too, in brief; a pod's termination message.",
     SetAnswerFile},
    {"help", "", "Prints this text.", SetHelp},
    {"nodes", "NODE,NODE...", "Many nodes: upgrade these. Needs --through.",
     SetNodes},
    {"nodes-file", "FILE", "... that are in this file, one a line.",
     SetText<&Options::Fleet::nodes_file>},
    {"through", "COMMAND",
     "What runs a command on a node, {} being the node:\n"
     "\"ssh -o BatchMode=yes root@{}\"",
     SetText<&Options::Fleet::through>},
    {"canary", "N", "How many nodes are first. Default: 1.",
     SetAmount<&Options::Fleet::canaries>},
    {"batch-size", "N|N%", "How many come next, and next. Default: 1.",
     SetAmount<&Options::Fleet::batch_size>},
    {"max-unavailable", "N|N%",
     "How many are worked on at a time. Default: a batch.",
     SetAmount<&Options::Fleet::max_unavailable>},
    {"max-failures", "N|N%",
     "How many nodes but canaries may fail before it stops. Default: 0.",
     SetAmount<&Options::Fleet::max_failures>},
    {"soak", "TIME", "Between a batch and the look at it. Default: 0s.",
     SetTime<&Options::Fleet::soak>},
    {"deadline", "TIME", "Nothing is begun after it. Default: 1h.",
     SetTime<&Options::Fleet::deadline>},
    {"on-failure", "rollback|stop",
     "What happens to the nodes that have it. Default: rollback.",
     SetOnFailure},
    {"max-failed-adds", "N%",
     "How many ADDs of a node may fail before it counts as failed, unless as\n"
     "many did before. Default: 10%.",
     SetFailedAdds},
    {"all", "", "Many nodes: all of a Kubernetes cluster. Needs --image.",
     SetAll},
    {"image", "IMAGE",
     "In a cluster: the container image whose plugin is installed.",
     SetText<&Options::Fleet::image>},
    {"kubeconfig", "FILE",
     "How the cluster's API server is reached. Default: as the pod this is.",
     SetText<&Options::Fleet::kubeconfig>},
    {"run", "NAME",
     "In a cluster: goes on with the run of that name, if there is one.",
     SetText<&Options::Fleet::run>},
    {"fleet", "",
     "--status, --resume, --abort and --rollback are about the run over many\n"
     "nodes.",
     SetFleet},
    {"query", "", "What is installed on --nodes, or on --all?", SetQuery},
    {"serve", "ADDRESS:PORT",
     "The page to upgrade --nodes or --all from, with a browser. What it\n"
     "installs is --self, or --from; in a cluster --image, which must hold "
     "the\n"
     "same executable.",
     SetServe<&Options::Serve::address>},
    {"token-file", "FILE",
     "What --serve asks of who changes something. Default: a new one, printed.",
     SetServe<&Options::Serve::token_file>},
    {"tls-cert", "FILE", "--serve with TLS: the certificate, PEM.",
     SetServe<&Options::Serve::tls_cert>},
    {"tls-key", "FILE", "... and its key.", SetServe<&Options::Serve::tls_key>},
    {"serve-name", "NAME,NAME...",
     "What else browsers may call the page: a proxy's name.", SetServeNames},
    {"pause", "", "In a cluster: begin nothing new until --resume.", SetPause},
    {"abort", "", "With --fleet: leave what is upgraded, begin nothing more.",
     SetAbort},
};

const Flag* FindFlag(absl::string_view name) {
  const auto* flag = absl::c_find_if(
      kFlags, [&](const Flag& candidate) { return candidate.name == name; });
  return flag == std::end(kFlags) ? nullptr : flag;
}

struct Argument {
  std::string name;
  std::optional<std::string> value;
};

absl::StatusOr<Argument> SplitArgument(absl::string_view text) {
  absl::string_view name = text;
  if (!absl::ConsumePrefix(&name, "--") && !absl::ConsumePrefix(&name, "-")) {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument: ", text));
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(name, absl::MaxSplits('=', 1));
  Argument argument{absl::StrReplaceAll(parts.first, {{"_", "-"}}), {}};
  if (argument.name == "o") argument.name = "output";
  if (argument.name == "h") argument.name = "help";
  if (parts.first.size() != name.size()) {
    argument.value = std::string(parts.second);
  }
  return argument;
}

// --serve alone offers the program that runs.
void MeanServe(Parsed& parsed) {
  if (parsed.options.serve.address.empty()) return;
  if (parsed.actions.empty()) {
    if (!parsed.options.fleet.in_cluster()) parsed.options.source = kOwnFile;
    parsed.actions.emplace_back("--serve");
  }
  if (parsed.options.action == Action::kUpgrade) {
    parsed.options.action = Action::kServe;
  }
}

}  // namespace

int64_t Amount::Of(size_t all) const {
  if (!percent || number == 0) return number;
  return std::max<int64_t>(1, static_cast<int64_t>(all) * number / 100);
}

absl::StatusOr<Options> ParseOptions(
    const std::vector<std::string>& arguments) {
  Parsed parsed;
  for (size_t i = 0; i < arguments.size(); ++i) {
    ASSIGN_OR_RETURN(Argument argument, SplitArgument(arguments[i]));
    const Flag* flag = FindFlag(argument.name);
    if (flag == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no flag --", argument.name));
    }
    if (flag->value.empty() && argument.value) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", argument.name, " takes no value"));
    }
    if (!flag->value.empty() && !argument.value && i + 1 < arguments.size()) {
      argument.value = arguments[++i];
    }
    if (!flag->value.empty() && !argument.value) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", argument.name, " needs ", flag->value));
    }
    RETURN_IF_ERROR(
        base::Annotate(flag->set(parsed, argument.value.value_or("")),
                       absl::StrCat("--", argument.name)));
  }
  MeanServe(parsed);
  RETURN_IF_ERROR(CheckTogether(parsed.options, parsed.actions));
  return parsed.options;
}

std::string UsageText() {
  std::string text =
      "cnivpc upgrade: replaces the plugin on this node; pods and calls under "
      "way don't\nnotice. Usage: cnivpc upgrade --from=FILE | --self | "
      "--rollback | --resume |\n--check | --status [FLAG...]\nExit status: 0 "
      "done; 1 "
      "failed, the node is as it was; 2 wrong flags; 3 refused,\nthe answer "
      "says why; 4 another upgrade is at work; 5 failed and couldn't be\n"
      "undone.\n\n";
  for (const Flag& flag : kFlags) {
    absl::StrAppend(&text, "  --", flag.name, flag.value.empty() ? "" : "=",
                    flag.value, "\n      ",
                    absl::StrReplaceAll(flag.help, {{"\n", "\n      "}}), "\n");
  }
  return text;
}

}  // namespace applets::upgrade
