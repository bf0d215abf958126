#include "applets/vpcsim/options.h"

#include <iterator>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

constexpr int kMaxHosts = 100'000;

using Set = absl::Status (*)(Options&, absl::string_view value);

absl::StatusOr<std::vector<Endpoint>> ParseEndpoints(absl::string_view text) {
  std::vector<Endpoint> endpoints;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    ASSIGN_OR_RETURN(const Endpoint endpoint, Endpoint::Parse(part));
    endpoints.push_back(endpoint);
  }
  return endpoints;
}

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) ||
      duration < absl::ZeroDuration()) {
    return absl::InvalidArgumentError("must be a time such as 30s or 500ms");
  }
  return duration;
}

absl::Status SetListen(Options& options, absl::string_view value) {
  ASSIGN_OR_RETURN(options.listen, ParseEndpoints(value));
  return absl::OkStatus();
}

absl::Status SetMetadataListen(Options& options, absl::string_view value) {
  for (const absl::string_view part : absl::StrSplit(value, ',')) {
    const std::pair<absl::string_view, absl::string_view> place =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    ASSIGN_OR_RETURN(const Endpoint endpoint, Endpoint::Parse(place.first));
    options.metadata_listen.push_back({endpoint, std::string(place.second)});
  }
  return absl::OkStatus();
}

absl::Status SetInspectListen(Options& options, absl::string_view value) {
  ASSIGN_OR_RETURN(options.inspect_listen, ParseEndpoints(value));
  return absl::OkStatus();
}

template <std::string Options::*member>
absl::Status SetText(Options& options, absl::string_view value) {
  options.*member = std::string(value);
  return absl::OkStatus();
}

absl::Status SetSubnet(Options& options, absl::string_view value) {
  ASSIGN_OR_RETURN(options.subnet, base::Ipv4Prefix::Parse(value));
  return absl::OkStatus();
}

absl::Status SetHosts(Options& options, absl::string_view value) {
  if (!absl::SimpleAtoi(value, &options.hosts) || options.hosts < 0 ||
      options.hosts > kMaxHosts) {
    return absl::InvalidArgumentError(
        absl::StrCat("must be from 0 to ", kMaxHosts));
  }
  return absl::OkStatus();
}

absl::Status SetSeed(Options& options, absl::string_view value) {
  if (absl::SimpleAtoi(value, &options.seed)) return absl::OkStatus();
  return absl::InvalidArgumentError("must be a whole number");
}

absl::Status AddKeys(Options& options, absl::string_view value) {
  for (const absl::string_view part : absl::StrSplit(value, ',')) {
    ASSIGN_OR_RETURN(KeyPair pair, ParseKeyPair(part));
    options.keys.push_back(std::move(pair));
  }
  return absl::OkStatus();
}

absl::Status SetStsLife(Options& options, absl::string_view value) {
  ASSIGN_OR_RETURN(options.sts_life, ParseDuration(value));
  return absl::OkStatus();
}

absl::Status SetFabric(Options& options, absl::string_view value) {
  if (absl::SimpleAtob(value, &options.fabric)) return absl::OkStatus();
  return absl::InvalidArgumentError("must be true or false");
}

absl::Status SetFabricLag(Options& options, absl::string_view value) {
  ASSIGN_OR_RETURN(options.fabric_lag, ParseDuration(value));
  return absl::OkStatus();
}

absl::Status SetHelp(Options& options, absl::string_view) {
  options.help = true;
  return absl::OkStatus();
}

struct Flag {
  absl::string_view name;
  absl::string_view value;  // "" for a switch
  absl::string_view help;
  Set set;
};

constexpr Flag kFlags[] = {
    {"listen", "ADDR:PORT,...",
     "Where everything is served. Default: 127.0.0.1:18080. Port 0 takes a\n"
     "free one.",
     SetListen},
    {"metadata-listen", "ADDR:PORT[=HOST],...",
     "Where only the metadata is served besides; for HOST, unless the\n"
     "asker's address is another host's.",
     SetMetadataListen},
    {"inspect-listen", "ADDR:PORT,...",
     "Where the inspection API is served, and no longer at --listen.",
     SetInspectListen},
    {"host", "HOST",
     "Whose metadata askers get who aren't hosts, by their address.",
     SetText<&Options::host>},
    {"state", "FILE", "The cloud to simulate, as JSON (docs/vpcsim.md).",
     SetText<&Options::state>},
    {"subnet", "CIDR", "Without --state: a cloud with this one subnet ...",
     SetSubnet},
    {"hosts", "N", "... and that many hosts. Default: 3.", SetHosts},
    {"persist", "FILE",
     "Where the cloud is written down at every change, and read from at the\n"
     "start if it is there.",
     SetText<&Options::persist>},
    {"seed", "N", "Of all that is drawn. Default: 1.", SetSeed},
    {"faults", "FILE", "Fault rules to begin with, a JSON array.",
     SetText<&Options::faults>},
    {"keys", "PUBLIC:PRIVATE,...",
     "Who may call the API. Default: a key pair that is made and printed.",
     AddKeys},
    {"sts-life", "TIME",
     "How long temporary keys live (30s). Default: as in the cloud.",
     SetStsLife},
    {"fabric", "",
     "Be the VPC's switch, too, for the links in this network namespace.",
     SetFabric},
    {"fabric-lag", "TIME",
     "The switch sees a change of an address only so much later.",
     SetFabricLag},
    {"help", "", "Prints this text.", SetHelp},
};

struct Argument {
  std::string name;
  std::optional<std::string> value;
};

absl::StatusOr<Argument> SplitArgument(absl::string_view text) {
  absl::string_view name = text;
  if (name.substr(0, 1) != "-" || name == "-" || name == "--") {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument: ", text));
  }
  name.remove_prefix(name.substr(0, 2) == "--" ? 2 : 1);
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(name, absl::MaxSplits('=', 1));
  Argument argument{absl::StrReplaceAll(parts.first, {{"_", "-"}}), {}};
  if (parts.first.size() != name.size()) {
    argument.value = std::string(parts.second);
  }
  return argument;
}

absl::Status CheckTogether(const Options& options) {
  if (options.help) return absl::OkStatus();
  if (options.state.empty() && !options.subnet) {
    return absl::InvalidArgumentError(
        "--state=FILE or --subnet=CIDR is needed, for example "
        "--subnet=10.126.0.0/16");
  }
  if (!options.state.empty() && options.subnet) {
    return absl::InvalidArgumentError(
        "--subnet: not together with --state, which says it");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> ParseOptions(
    const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    ASSIGN_OR_RETURN(Argument argument, SplitArgument(arguments[i]));
    const auto* flag = absl::c_find_if(
        kFlags, [&](const Flag& f) { return f.name == argument.name; });
    if (flag == std::end(kFlags)) {
      return absl::InvalidArgumentError(
          absl::StrCat("there is no flag --", argument.name));
    }
    if (!argument.value && flag->value.empty()) argument.value = "true";
    if (!argument.value && i + 1 < arguments.size()) {
      argument.value = arguments[++i];
    }
    if (!argument.value) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", argument.name, " needs ", flag->value));
    }
    RETURN_IF_ERROR(base::Annotate(flag->set(options, *argument.value),
                                   absl::StrCat("--", argument.name)));
  }
  RETURN_IF_ERROR(CheckTogether(options));
  return options;
}

std::string UsageText() {
  std::string text =
      "vpcsim: a simulated VPC: UCloud's API and metadata over HTTP, with "
      "faults.\nUsage: vpcsim --state=FILE | --subnet=CIDR [--hosts=N] "
      "[FLAG...]\nRuns in the foreground; SIGTERM and SIGINT stop it. Prints "
      "where it listens.\nExit status: 0 stopped, 1 failed, 2 wrong "
      "flags.\n\n";
  for (const Flag& flag : kFlags) {
    absl::StrAppend(&text, "  --", flag.name, flag.value.empty() ? "" : "=",
                    flag.value, "\n      ",
                    absl::StrReplaceAll(flag.help, {{"\n", "\n      "}}), "\n");
  }
  return text;
}

}  // namespace applets::vpcsim
