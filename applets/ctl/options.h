#ifndef CNIVPC_APPLETS_CTL_OPTIONS_H_
#define CNIVPC_APPLETS_CTL_OPTIONS_H_

#include <string>

#include "absl/time/time.h"
#include "applets/rpc/messages.h"

namespace applets::ctl {

// What a command does.
enum class Action {
  kGetPool,   // the addresses that no pod holds
  kGetPod,    // the pods and their addresses
  kPoolList,  // every address
  kVersion,
  kCompletion,
  kHelp,
  kLater,  // known by name, but not in this release
};

// kText is lines for people, kWide the same with all columns.
enum class Format { kText, kWide, kJson, kYaml };

// A whole command line, understood.
struct Options {
  Action action = Action::kHelp;
  Format format = Format::kText;
  bool headers = true;
  std::string socket = rpc::kDefaultSocket;
  absl::Duration timeout = absl::Seconds(5);
  // kCompletion: the shell. kHelp: the words of a command or of a group of
  // commands; "" for all of them.
  std::string subject;
};

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_OPTIONS_H_
