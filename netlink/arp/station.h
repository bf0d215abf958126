#ifndef CNIVPC_NETLINK_ARP_STATION_H_
#define CNIVPC_NETLINK_ARP_STATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "netlink/arp/acd.h"
#include "netlink/arp/frame_socket.h"
#include "netlink/arp/guard.h"
#include "netlink/arp/packet.h"

namespace netlink::arp {

// `address` was claimed by `other` and defended.
struct Defended {
  base::Ipv4 address;
  base::Mac other;
  friend bool operator==(const Defended&, const Defended&) = default;
};

// What became of an address.
using Outcome = std::variant<Admitted, Conflict, Defended, Contested>;

// One station on a link: a Detector for the addresses it would like to have and
// a Guard for those it has, with one FrameSocket between them and the wire. It
// is told the time, by a clock that never jumps, and waits for nothing: whoever
// runs it calls Advance when fd() is readable and when deadline() has come. One
// thread.
//
// It counts silence as proof that an address is free only as long as it has
// listened: while it has no socket, or the link is down, attempts wait; when
// frames were lost, the link went away for a moment or another socket was
// taken, they begin anew.
class Station {
 public:
  struct Counters {
    uint64_t frames = 0;         // heard
    uint64_t frames_lost = 0;    // for want of room in the receive buffer
    uint64_t send_failures = 0;  // frames
  };

  // Deaf at first; the link is taken to be up. `random` must outlive this.
  Station(const Timing& timing, absl::BitGenRef random);

  // Hears and speaks by `socket` from now on; `mac` is its interface's own.
  void Listen(FrameSocket socket, const base::Mac& mac, absl::Time now);
  // Closes the socket.
  void Deafen();
  // Whether there is a socket, and its interface still.
  bool listening() const { return socket_ && socket_->attached(); }

  void OnLinkDown();
  void OnLinkUp(absl::Time now);

  // As Detector's Start and Stop, Guard's Watch and Unwatch.
  void Probe(base::Ipv4 address, absl::Time now);
  void Stop(base::Ipv4 address);
  void Watch(base::Ipv4 address) { guard_.Watch(address); }
  void Unwatch(base::Ipv4 address) { guard_.Unwatch(address); }

  // Takes what came in, sends what is due. `now` must have been read before the
  // call.
  [[nodiscard]] std::vector<Outcome> Advance(absl::Time now);
  // When Advance is due next, whatever comes in; InfiniteFuture if never.
  absl::Time deadline() const { return detector_.deadline(); }
  // Borrowed; -1 without a socket.
  int fd() const { return socket_ ? socket_->fd() : -1; }

  const Detector& detector() const { return detector_; }
  const Guard& guard() const { return guard_; }
  const Counters& counters() const { return counters_; }

 private:
  void UpdateLink(absl::Time now);
  bool Hear(absl::Time now, std::vector<Outcome>& outcomes);
  void NoteLosses(const absl::Status& received, absl::Time now);
  void StandUp(const std::vector<Packet>& packets, absl::Time now,
               std::vector<Outcome>& outcomes);
  void Ask(absl::Time now, std::vector<Outcome>& outcomes);
  size_t Send(const std::vector<Frame>& frames);

  base::Mac mac_;
  bool link_up_ = true;
  std::optional<FrameSocket> socket_;
  Detector detector_;
  Guard guard_;
  Counters counters_;
};

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_STATION_H_
