#ifndef CNIVPC_APPLETS_REGISTRY_H_
#define CNIVPC_APPLETS_REGISTRY_H_

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// Every applet of the one executable: dispatch, help text and the list of names
// to install come from the same table. Adding an applet is adding a row.
namespace applets {

struct Applet {
  enum class Kind {
    kProgram,  // has a name of its own to be called by, and is installed
    kCommand,  // only as the first argument: `cnivpc version`
  };

  absl::string_view name;
  std::array<absl::string_view, 2> aliases;  // "" where there is none
  Kind kind;
  absl::string_view usage;  // of the arguments, for the help text
  absl::string_view help;   // one line
  int (*main)(int argc, char** argv);
};

absl::Span<const Applet> Applets();

// Which applet a process is.
struct Invocation {
  enum class Kind { kRun, kNoName, kUnknownName };

  Kind kind;
  const Applet* applet;  // of kRun
  size_t skip;           // arguments before the one that named it
};

// Pure. `argv` is the process's arguments, `cni_call` whether CNI_COMMAND is in
// its environment. In this order:
//  1. argv[0]'s last part is the name of a program other than cnivpc;
//  2. a CNI call is the plugin's, whatever the arguments and the name;
//  3. the first argument, as if it were argv[0], or a command.
Invocation Identify(absl::Span<const absl::string_view> argv, bool cni_call);

// The names to call this executable by, cnivpc first.
std::vector<absl::string_view> ProgramNames();

std::string HelpText();

// The process's main: identifies it and runs the applet. Exit status 1 with the
// help text when nothing was asked for, 127 when the name is unknown.
int Run(int argc, char** argv);

}  // namespace applets

#endif  // CNIVPC_APPLETS_REGISTRY_H_
