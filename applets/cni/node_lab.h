// For tests: a node and its pods in network namespaces of their own.
#ifndef CNIVPC_APPLETS_CNI_NODE_LAB_H_
#define CNIVPC_APPLETS_CNI_NODE_LAB_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "applets/rpc/messages.h"
#include "base/fd.h"
#include "netlink/request.h"
#include "netlink/socket.h"

namespace applets::cni {

// As long as it lives, the thread that made it is on a fresh node with an
// Ethernet interface eth0, up, 10.126.0.11/16. Needs root; what goes wrong is a
// failure of the test.
class NodeLab {
 public:
  NodeLab();
  ~NodeLab();
  NodeLab(const NodeLab&) = delete;
  NodeLab& operator=(const NodeLab&) = delete;

  // eth0, as ipamd would tell of it.
  static rpc::NodeInterface Interface();

  // A network namespace for a pod, and a path to one.
  static base::Fd NewNetns();
  static base::Fd OwnNetns();
  static std::string PathOf(const base::Fd& netns);

  static netlink::Socket Host();
  static void Must(const netlink::Request& request);
  static bool HasLink(absl::string_view name);
  static bool PodHasLink(const base::Fd& pod, absl::string_view name);
  // How many veths of pods and how many rules for pods the node has.
  static size_t HostEnds();
  static size_t Rules();

 private:
  base::Fd home_;
  base::Fd fabric_;
};

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_NODE_LAB_H_
