#include "applets/cni/environment.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "applets/cni/error.h"
#include "base/status.h"

namespace applets::cni {
namespace {

// IFNAMSIZ without the NUL.
constexpr size_t kMaxIfnameBytes = 15;

constexpr unsigned Bit(Verb verb) { return 1u << static_cast<unsigned>(verb); }

constexpr unsigned kAttachmentVerbs =
    Bit(Verb::kAdd) | Bit(Verb::kDel) | Bit(Verb::kCheck);

struct Variable {
  const char* name;
  unsigned required_by;  // verbs
  std::string Environment::*field;
  absl::Status (*check)(absl::string_view);  // nullptr: anything goes
};

constexpr Variable kVariables[] = {
    {"CNI_CONTAINERID", kAttachmentVerbs, &Environment::container_id,
     CheckContainerId},
    {"CNI_NETNS", Bit(Verb::kAdd) | Bit(Verb::kCheck), &Environment::netns,
     nullptr},
    {"CNI_IFNAME", kAttachmentVerbs, &Environment::ifname, CheckIfname},
    {"CNI_PATH", Bit(Verb::kGc), &Environment::path, nullptr},
};

std::string Get(GetVariable get, const char* name) {
  const char* value = get(name);
  return value == nullptr ? "" : value;
}

// What is wrong with a variable, if the verb needs it.
absl::Status Check(const Variable& variable, Verb verb,
                   absl::string_view value) {
  if ((variable.required_by & Bit(verb)) == 0) return absl::OkStatus();
  if (value.empty()) return absl::InvalidArgumentError("missing");
  return variable.check == nullptr ? absl::OkStatus() : variable.check(value);
}

bool IsNameChar(char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
}

absl::Status CheckName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("missing");
  if (!absl::ascii_isalnum(name[0])) {
    return absl::InvalidArgumentError("must begin with a letter or a digit");
  }
  if (!std::all_of(name.begin(), name.end(), IsNameChar)) {
    return absl::InvalidArgumentError(
        "must be letters, digits, '_', '.' and '-' only");
  }
  return absl::OkStatus();
}

using ArgsField = std::string Args::*;

// nullptr for a key that isn't ours.
ArgsField FindField(absl::string_view key) {
  if (key == "K8S_POD_NAMESPACE") return &Args::pod_namespace;
  if (key == "K8S_POD_NAME") return &Args::pod_name;
  if (key == "K8S_POD_UID") return &Args::pod_uid;
  if (key == "K8S_POD_INFRA_CONTAINER_ID") return &Args::infra_container_id;
  return nullptr;
}

absl::Status BadPair(absl::string_view pair, absl::string_view problem) {
  return ErrorWithCode(Code::kBadEnvironment,
                       absl::StrCat("CNI_ARGS: \"", pair, "\" ", problem));
}

absl::StatusOr<Environment> ReadCommand(GetVariable get) {
  const std::string command = Get(get, "CNI_COMMAND");
  const auto verb = FindVerb(command);
  if (!verb) {
    return ErrorWithCode(Code::kBadEnvironment,
                         command.empty()
                             ? "CNI_COMMAND: missing"
                             : absl::StrCat("CNI_COMMAND: unknown: ", command));
  }
  Environment environment;
  environment.verb = *verb;
  return environment;
}

}  // namespace

absl::Status CheckContainerId(absl::string_view id) { return CheckName(id); }

absl::Status CheckNetworkName(absl::string_view name) {
  return CheckName(name);
}

absl::Status CheckIfname(absl::string_view name) {
  if (name.size() > kMaxIfnameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("longer than ", kMaxIfnameBytes, " bytes"));
  }
  if (name.empty() || name == "." || name == "..") {
    return absl::InvalidArgumentError("not an interface name");
  }
  for (const char c : name) {
    // A '%' would make the kernel invent a name.
    if (!absl::ascii_isgraph(c) || absl::StrContains("/:%", c)) {
      return absl::InvalidArgumentError(
          "must be printable ASCII without '/', ':', '%' or whitespace");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Args> ParseArgs(absl::string_view text) {
  Args args;
  for (const absl::string_view pair : absl::StrSplit(text, ';')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    if (equals == absl::string_view::npos) return BadPair(pair, "has no '='");
    if (equals == 0) return BadPair(pair, "has no key");
    const ArgsField field = FindField(pair.substr(0, equals));
    if (field == nullptr) continue;
    const absl::string_view value = pair.substr(equals + 1);
    if (!std::all_of(value.begin(), value.end(), absl::ascii_isgraph)) {
      return BadPair(pair, "isn't printable ASCII");
    }
    args.*field = std::string(value);
  }
  return args;
}

absl::StatusOr<Environment> ReadEnvironment(GetVariable get) {
  ASSIGN_OR_RETURN(Environment environment, ReadCommand(get));
  if (environment.verb == Verb::kVersion) return environment;
  std::vector<std::string> problems;
  for (const Variable& variable : kVariables) {
    std::string value = Get(get, variable.name);
    const absl::Status status = Check(variable, environment.verb, value);
    if (!status.ok()) {
      problems.push_back(absl::StrCat(variable.name, ": ", status.message()));
    }
    environment.*variable.field = std::move(value);
  }
  if ((kAttachmentVerbs & Bit(environment.verb)) != 0) {
    auto args = ParseArgs(Get(get, "CNI_ARGS"));
    // ADD refuses such CNI_ARGS, so a DEL without them misses nothing, and a
    // DEL that fails is repeated for ever.
    if (args.ok()) {
      environment.args = *std::move(args);
    } else if (environment.verb != Verb::kDel) {
      problems.emplace_back(args.status().message());
    }
  }
  if (problems.empty()) return environment;
  return ErrorWithCode(Code::kBadEnvironment, absl::StrJoin(problems, "; "));
}

}  // namespace applets::cni
