#include "applets/ctl/operands.h"

#include <string>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"

namespace applets::ctl {
namespace {

using Words = absl::Span<const absl::string_view>;

constexpr char kDefaultNamespace[] = "default";

absl::Status Missing(const Command& command, absl::string_view question) {
  return absl::InvalidArgumentError(absl::StrCat(command.words, " ", question,
                                                 "? cnivpctl ", command.words,
                                                 " ", command.arguments));
}

absl::StatusOr<base::Pod> PodNamed(const Command& command,
                                   absl::string_view word) {
  const size_t slash = word.find('/');
  base::Pod pod{kDefaultNamespace, std::string(word), ""};
  if (slash != word.npos) {
    pod.ns = std::string(word.substr(0, slash));
    pod.name = std::string(word.substr(slash + 1));
  }
  if (!pod.ns.empty() && !pod.name.empty() &&
      !absl::c_linear_search(pod.name, '/')) {
    return pod;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      command.words, ": \"", word, "\" is neither an IP nor NAMESPACE/NAME"));
}

// POD or IP.
absl::StatusOr<Options> TakeSubject(const Command& command,
                                    absl::string_view word, Options options) {
  const auto address = base::Ipv4::Parse(word);
  if (address.ok()) {
    options.address = *address;
    return options;
  }
  ASSIGN_OR_RETURN(options.pod, PodNamed(command, word));
  return options;
}

absl::StatusOr<Options> TakeNode(const Command& command, Words words,
                                 Options options) {
  if (words.empty()) return Missing(command, "on which node");
  if (base::Ipv4::Parse(words[0]).ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(command.words, ": the node comes first: cnivpctl ",
                     command.words, " NODE ", words[0]));
  }
  options.target = std::string(words[0]);
  if (words.size() < 2) return options;
  const auto address = base::Ipv4::Parse(words[1]);
  if (!address.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat(command.words, ": ", address.status().message()));
  }
  options.address = *address;
  return options;
}

absl::StatusOr<Options> TakeShell(Words words, Options options) {
  const std::string shells = absl::StrJoin(Shells(), " or ");
  if (words.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("completion for which shell? ", shells));
  }
  if (!absl::c_linear_search(Shells(), words[0])) {
    return absl::InvalidArgumentError(
        absl::StrCat("completion \"", words[0], "\": must be ", shells));
  }
  options.subject = std::string(words[0]);
  return options;
}

size_t MostWords(Operands operands) {
  switch (operands) {
    case Operands::kNone:
    case Operands::kTopic:
      return 0;
    case Operands::kNodeAndAddress:
      return 2;
    default:
      return 1;
  }
}

}  // namespace

absl::StatusOr<Options> TakeOperands(const Command& command, Words words,
                                     Options options) {
  const size_t most = MostWords(command.operands);
  if (words.size() > most) {
    return absl::InvalidArgumentError(
        absl::StrCat(command.words, ": unexpected \"", words[most], "\""));
  }
  switch (command.operands) {
    case Operands::kNone:
    case Operands::kTopic:
      return options;
    case Operands::kNodeAndAddress:
      return TakeNode(command, words, std::move(options));
    case Operands::kSubject:
      if (words.empty()) return Missing(command, "what");
      return TakeSubject(command, words[0], std::move(options));
    case Operands::kFilter:
      if (words.empty()) return options;
      return TakeSubject(command, words[0], std::move(options));
    case Operands::kFile:
      if (!words.empty()) options.subject = std::string(words[0]);
      return options;
    case Operands::kShell:
      return TakeShell(words, std::move(options));
  }
  return options;
}

}  // namespace applets::ctl
