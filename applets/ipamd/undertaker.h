#ifndef CNIVPC_APPLETS_IPAMD_UNDERTAKER_H_
#define CNIVPC_APPLETS_IPAMD_UNDERTAKER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/link_table.h"
#include "base/address.h"
#include "base/loop.h"
#include "netlink/monitor.h"
#include "netlink/socket.h"

namespace applets::ipamd {

// Takes pods' networks off the node. Deleting a link keeps its caller waiting
// for the kernel's memory to be swept up (netlink/delete_link.h), so threads
// that own nothing do it, many links at a time, and whoever asked is told as
// soon as the kernel announces that the link is gone.
//
// Lives on the loop's thread, in the node's network namespace.
class Undertaker {
 public:
  using Done = std::function<void(absl::Status)>;

  // What is known of the network that is to go.
  struct Burial {
    std::string alias;
    std::string host_ifname;            // "" if not known
    std::optional<base::Ipv4> address;  // of the lease; its rule and proxy go
  };

  // How long the kernel may take to announce that a link is gone.
  static constexpr absl::Duration kLimit = absl::Seconds(10);
  // Deleting waits in the kernel, so while one thread does, the next begins.
  static constexpr int kThreads = 4;

  struct Handlers {
    // The number of the node's interface where an address is found; of one
    // that isn't known, the main one.
    std::function<uint32_t(const std::optional<base::Ipv4>&)> interface_of;
    // A link that isn't a pod's has changed or is gone: the node's own, maybe.
    std::function<void(const netlink::Event&)> on_event;
  };

  static absl::StatusOr<std::unique_ptr<Undertaker>> Open(base::Loop& loop,
                                                          Handlers handlers);
  // Waits for the threads; what is pending is never told.
  ~Undertaker();

  // Removes rule, proxy neighbour and link, whatever of them is there, and
  // calls `done`: OK when nothing is left, FAILED_PRECONDITION when there was
  // no link but the node routes the address to another one, DEADLINE_EXCEEDED
  // after kLimit, or the kernel's error. Rule and proxy that serve another link
  // stay.
  void Bury(const Burial& burial, Done done);

  // The links there are, as far as the kernel has told.
  const LinkTable& links();
  int pending() const { return static_cast<int>(graves_.size()) + looking_; }

 private:
  struct Grave {
    std::vector<Done> done;
    absl::Time deadline;
  };
  // Shared with the threads.
  struct Pit;

  Undertaker(base::Loop& loop, Handlers handlers, netlink::Monitor monitor);
  absl::Status Resync();
  void Drain();
  void Take(const netlink::Event& event);
  void Expire();
  void Dig(uint32_t ifindex, std::optional<base::Ipv4> address, Done done);
  void Close(uint32_t ifindex, const absl::Status& status);
  void SweepWithoutLink(const Burial& burial, Done done);

  base::Loop& loop_;
  Handlers handlers_;
  netlink::Monitor monitor_;
  LinkTable links_;
  std::map<uint32_t, Grave> graves_;  // by ifindex
  int looking_ = 0;
  std::shared_ptr<Pit> pit_;
  std::unique_ptr<base::Watch> watch_;
  base::Timer expiry_;
  std::unique_ptr<base::Workers> workers_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_UNDERTAKER_H_
