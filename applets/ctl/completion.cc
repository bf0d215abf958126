#include "applets/ctl/completion.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "applets/ctl/command_table.h"

namespace applets::ctl {
namespace {

std::string Quote(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

std::string Quote(const std::vector<std::string>& words) {
  return absl::StrJoin(words, " ", [](std::string* out, const auto& word) {
    absl::StrAppend(out, Quote(word));
  });
}

// "-o" and "--output".
std::vector<std::string> Spellings(const Flag& flag) {
  std::vector<std::string> spellings;
  if (flag.letter != '\0') {
    spellings.push_back(absl::StrCat("-", std::string(1, flag.letter)));
  }
  spellings.push_back(absl::StrCat("--", flag.name));
  return spellings;
}

// A pattern for `case` that matches these flags.
std::string Pattern(bool (*matches)(const Flag&)) {
  std::vector<std::string> all;
  for (const Flag& flag : Flags()) {
    if (!matches(flag)) continue;
    for (std::string& spelling : Spellings(flag)) {
      all.push_back(std::move(spelling));
    }
  }
  return absl::StrJoin(all, "|");
}

std::string Output() {
  return Pattern([](const Flag& f) { return f.id == FlagId::kOutput; });
}

std::string Socket() {
  return Pattern([](const Flag& f) { return f.id == FlagId::kSocket; });
}

std::string WithValue() {
  return Pattern([](const Flag& f) { return f.TakesValue(); });
}

// What can come after the words typed so far.
struct Place {
  std::string typed;
  std::vector<std::string> words;  // commands, or the shells
  std::vector<std::string> helps;  // as many
  std::vector<std::string> flags;
  std::vector<std::string> formats;
};

// The first words, "" before them, and each once.
std::vector<std::string> Groups() {
  std::vector<std::string> groups = {""};
  for (const absl::string_view word : NextWords("")) {
    if (!NextWords(word).empty()) groups.emplace_back(word);
  }
  return groups;
}

std::string HelpOf(absl::string_view words) {
  if (const Command* command = FindCommand(words)) {
    return std::string(command->help);
  }
  return absl::StrCat("one of: ", absl::StrJoin(NextWords(words), ", "));
}

Place GroupPlace(const std::string& group) {
  Place place = {.typed = group,
                 .words = {},
                 .helps = {},
                 .flags = Spellings(FlagOf(FlagId::kHelp)),
                 .formats = {}};
  for (const absl::string_view word : NextWords(group)) {
    place.words.emplace_back(word);
    place.helps.push_back(
        HelpOf(group.empty() ? word : absl::StrCat(group, " ", word)));
  }
  return place;
}

Place CommandPlace(const Command& command) {
  Place place = {.typed = std::string(command.words),
                 .words = {},
                 .helps = {},
                 .flags = {},
                 .formats = {command.formats.begin(), command.formats.end()}};
  for (const FlagId id : command.flags) {
    for (std::string& spelling : Spellings(FlagOf(id))) {
      place.flags.push_back(std::move(spelling));
    }
  }
  if (command.action == Action::kCompletion) {
    place.words.assign(Shells().begin(), Shells().end());
    place.helps.assign(Shells().begin(), Shells().end());
  }
  return place;
}

std::vector<Place> Places() {
  std::vector<Place> places;
  for (const std::string& group : Groups()) places.push_back(GroupPlace(group));
  for (const Command* command : Commands()) {
    if (command->action == Action::kHelp) continue;  // stripped, see below
    places.push_back(CommandPlace(*command));
  }
  return places;
}

// Both scripts: `typed` becomes the commands before the cursor, without flags
// and their values; `help get` counts as `get`.

constexpr absl::string_view kBash = R"(# bash completion for cnivpctl.
# Load it: source <(cnivpctl completion bash)
_cnivpctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  local typed='' words='' flags='' formats='' i
  # Readline splits --output=json into three words.
  if [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  elif [[ $cur == = ]]; then
    cur=''
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      @with_value@)
        [[ ${COMP_WORDS[i+1]} == = ]] && ((i++))
        ((i++)) ;;
      -*) ;;
      *) typed+=${typed:+ }${COMP_WORDS[i]} ;;
    esac
  done
  [[ $typed == help ]] && typed=''
  typed=${typed#help }
  case $typed in
@places@
  esac
  case $prev in
    @output@) words=$formats ;;
    @socket@) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    @with_value@) return ;;
    *) [[ $cur == -* ]] && words=$flags ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _cnivpctl cnivpctl
)";

std::string BashPlace(const Place& place) {
  return absl::StrCat(
      "    ", Quote(place.typed),
      ") words=", Quote(absl::StrJoin(place.words, " ")),
      "\n      flags=", Quote(absl::StrJoin(place.flags, " ")),
      "\n      formats=", Quote(absl::StrJoin(place.formats, " ")), " ;;");
}

constexpr absl::string_view kZsh = R"(#compdef cnivpctl
# zsh completion for cnivpctl.
# Load it: source <(cnivpctl completion zsh), or save it as _cnivpctl in $fpath
_cnivpctl() {
  local typed='' i
  local -a entries flags formats
  for ((i = 2; i < CURRENT; i++)); do
    case ${words[i]} in
      @with_value@) ((i++)) ;;
      -*) ;;
      *) typed+=${typed:+ }${words[i]} ;;
    esac
  done
  [[ $typed == help ]] && typed=''
  typed=${typed#help }
  case $typed in
@places@
  esac
  if compset -P '--output=' || [[ ${words[CURRENT-1]} == (@output@) ]]; then
    compadd -a formats
  elif compset -P '--socket=' || [[ ${words[CURRENT-1]} == (@socket@) ]]; then
    _files
  elif [[ ${words[CURRENT-1]} == (@with_value@) ]]; then
    return 1
  elif [[ $PREFIX == -* ]]; then
    compadd -a flags
  else
    _describe command entries
  fi
}
if [[ ${funcstack[1]} == _cnivpctl ]]; then
  _cnivpctl "$@"
else
  compdef _cnivpctl cnivpctl
fi
)";

std::string ZshPlace(const Place& place) {
  std::vector<std::string> entries;
  for (size_t i = 0; i < place.words.size(); ++i) {
    entries.push_back(absl::StrCat(place.words[i], ":", place.helps[i]));
  }
  return absl::StrCat("    ", Quote(place.typed), ") entries=(", Quote(entries),
                      ")\n      flags=(", Quote(place.flags),
                      ")\n      formats=(", Quote(place.formats), ") ;;");
}

}  // namespace

std::string CompletionScript(absl::string_view shell) {
  const bool zsh = shell == "zsh";
  std::vector<std::string> places;
  for (const Place& place : Places()) {
    places.push_back(zsh ? ZshPlace(place) : BashPlace(place));
  }
  return absl::StrReplaceAll(zsh ? kZsh : kBash,
                             {{"@with_value@", WithValue()},
                              {"@output@", Output()},
                              {"@socket@", Socket()},
                              {"@places@", absl::StrJoin(places, "\n")}});
}

}  // namespace applets::ctl
