#ifndef CNIVPC_APPLETS_CTL_COMMAND_TABLE_H_
#define CNIVPC_APPLETS_CTL_COMMAND_TABLE_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "applets/ctl/options.h"

// Every command and every flag. Parsing, help and completion read these tables:
// adding a command is adding a row.
namespace applets::ctl {

enum class FlagId {
  kOutput,
  kNoHeaders,
  kSocket,
  kTimeout,
  kNode,
  kKubeconfig,
  kPeerTokenFile,
  kPeerCert,
  kPeerKey,
  kPeerCa,
  kYes,
  kDryRun,
  kFollow,
  kSince,
  kHelp,
};

// What may stand behind a command.
enum class Operands {
  kNone,
  kNodeAndAddress,  // NODE [IP]
  kSubject,         // POD|IP
  kFilter,          // [POD|IP]
  kFile,            // [FILE]
  kShell,
  kTopic,
};

struct Flag {
  FlagId id;
  char letter;              // '\0' when there is no short form
  absl::string_view name;   // without its dashes
  absl::string_view value;  // what it takes: "PATH"; "" for nothing
  absl::string_view help;   // one line

  bool TakesValue() const { return !value.empty(); }
};

struct Command {
  absl::string_view words;  // "get pool"
  absl::string_view alias;  // "get pools"; "" when there is none
  Action action;
  Operands operands;
  absl::string_view arguments;  // as help shows them: "bash|zsh"; "" for none
  absl::string_view help;       // one line
  absl::Span<const FlagId> flags;
  absl::Span<const absl::string_view> formats;  // that -o takes
};

absl::Span<const Flag> Flags();
const Flag& FlagOf(FlagId id);
// nullptr when there is none of this name, or this letter.
const Flag* FindFlag(absl::string_view name);
const Flag* FindFlag(char letter);
bool Takes(const Command& command, FlagId id);

std::vector<const Command*> Commands();
// nullptr when there is none of these words.
const Command* FindCommand(absl::string_view words);
// The shells that `completion` can write for.
absl::Span<const absl::string_view> Shells();

// What can come next after the words typed so far ("" or "get"), in the
// table's order, each once; none when `typed` is a command or unknown.
std::vector<absl::string_view> NextWords(absl::string_view typed);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_COMMAND_TABLE_H_
