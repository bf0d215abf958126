#ifndef CNIVPC_APPLETS_CTL_OPTIONS_H_
#define CNIVPC_APPLETS_CTL_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "applets/rpc/messages.h"
#include "applets/rpc/peer_access.h"
#include "base/address.h"
#include "base/attachment.h"

namespace applets::ctl {

// What a command does.
enum class Action {
  kGetNode,    // nodes, and how many addresses they have
  kGetPool,    // the addresses that no pod holds
  kGetPod,     // the pods and their addresses
  kGetUnused,  // what the VPC counts as the node's, and nobody uses
  kPoolList,   // every address
  kStatus,
  kWhy,
  kEvents,
  kPop,
  kPush,
  kRelease,
  kGc,
  kBundle,
  kVersion,
  kCompletion,
  kHelp,
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
  std::string node = {};  // -n: of which node; "" for this one
  // Nodes are found by this cluster's API server, and their ipamds asked
  // directly; "" to ask by way of this node's.
  std::string kubeconfig = {};
  rpc::PeerAccess access = {};
  bool yes = false;  // don't ask
  bool dry_run = false;
  bool follow = false;
  absl::Duration since = absl::InfiniteDuration();  // not older than this

  // The words behind the command.
  std::string target = {};  // the node that is to be changed
  std::optional<base::Ipv4> address = {};
  std::optional<base::Pod> pod = {};  // namespace and name
  // kCompletion: the shell. kBundle: the file. kHelp: the words of a command
  // or of a group of commands; "" for all of them.
  std::string subject = {};
};

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_OPTIONS_H_
