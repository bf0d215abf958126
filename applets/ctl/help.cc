#include "applets/ctl/help.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "applets/ctl/command_table.h"

namespace applets::ctl {
namespace {

constexpr char kExitStatus[] =
    "\nExit status:\n"
    "  0  done, even if there is nothing to show\n"
    "  1  ipamd can't be reached or said no, or the answer can't be printed\n"
    "  2  the command line is wrong; nothing was asked\n"
    "  3  the answer is no: status says not ready, or not all was released\n";

using Lines = std::vector<std::pair<std::string, std::string>>;

// Two columns under a title.
std::string Section(absl::string_view title, const Lines& lines) {
  size_t width = 0;
  for (const auto& [left, right] : lines) width = std::max(width, left.size());
  std::string text = absl::StrCat("\n", title, ":\n");
  for (const auto& [left, right] : lines) {
    absl::StrAppend(&text, "  ", left, std::string(width - left.size(), ' '),
                    "   ", right, "\n");
  }
  return text;
}

std::string Call(const Command& command) {
  const absl::string_view space = command.arguments.empty() ? "" : " ";
  return absl::StrCat(command.words, space, command.arguments);
}

// "-o, --output wide|json|yaml"
std::string Spelling(const Flag& flag, absl::string_view value) {
  const std::string letter =
      flag.letter == '\0'
          ? "    "
          : absl::StrCat("-", std::string(1, flag.letter), ", ");
  const absl::string_view space = value.empty() ? "" : " ";
  return absl::StrCat(letter, "--", flag.name, space, value);
}

std::string FlagsOf(const Command& command) {
  Lines lines;
  for (const FlagId id : command.flags) {
    const Flag& flag = FlagOf(id);
    const std::string value = id == FlagId::kOutput
                                  ? absl::StrJoin(command.formats, "|")
                                  : std::string(flag.value);
    lines.emplace_back(Spelling(flag, value), std::string(flag.help));
  }
  return Section("Flags", lines);
}

std::string HelpOf(const Command& command) {
  return absl::StrCat("cnivpctl ", command.words, ": ", command.help,
                      "\n\nUsage: cnivpctl ", Call(command), " [FLAG...]\n",
                      FlagsOf(command), kExitStatus);
}

std::string CommandsOf(absl::string_view group) {
  Lines lines;
  for (const Command* command : Commands()) {
    if (!group.empty() &&
        !absl::StartsWith(command->words, absl::StrCat(group, " "))) {
      continue;
    }
    lines.emplace_back(Call(*command), std::string(command->help));
  }
  return Section("Commands", lines);
}

}  // namespace

std::string HelpText(absl::string_view subject) {
  if (const Command* command = FindCommand(subject)) return HelpOf(*command);
  const absl::string_view space = subject.empty() ? "" : " ";
  return absl::StrCat(
      "cnivpctl shows the addresses of this node and the pods that hold them, "
      "as its\nipamd knows them, and says why.\n\nUsage: cnivpctl ",
      subject, space, "COMMAND [FLAG...]\n", CommandsOf(subject),
      "\n`cnivpctl COMMAND --help` says which flags a command takes.\n",
      kExitStatus);
}

}  // namespace applets::ctl
