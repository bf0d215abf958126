#ifndef CNIVPC_APPLETS_IPAMD_ANNOUNCER_H_
#define CNIVPC_APPLETS_IPAMD_ANNOUNCER_H_

#include <deque>
#include <functional>
#include <optional>

#include "absl/time/time.h"
#include "applets/ipamd/metrics.h"
#include "base/address.h"
#include "base/loop.h"
#include "netlink/arp/announce.h"
#include "netlink/node.h"

namespace applets::ipamd {

// Tells the node's segment where an address is now: ANNOUNCE_NUM announcements,
// ANNOUNCE_INTERVAL apart (RFC 5227 §2.3), while no pod waits. Lives on the
// loop's thread.
class Announcer {
 public:
  // `still_leased` is asked before each repetition.
  Announcer(base::Loop& loop, Metrics& metrics,
            std::function<bool(base::Ipv4)> still_leased);

  // From now on addresses are found at this interface.
  void UseInterface(const netlink::Node& node);
  void Announce(base::Ipv4 address);

 private:
  struct Due {
    absl::Time at;
    base::Ipv4 address;
    int left;
  };
  // More than this many repetitions waiting: the oldest are left out.
  static constexpr size_t kMaxDue = 4096;

  void Send(base::Ipv4 address, int left);
  void OnTime();

  Metrics& metrics_;
  std::function<bool(base::Ipv4)> still_leased_;
  std::optional<netlink::arp::Announcer> socket_;
  std::deque<Due> due_;
  base::Timer timer_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_ANNOUNCER_H_
