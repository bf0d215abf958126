#ifndef CNIVPC_APPLETS_VPCSIM_FABRIC_H_
#define CNIVPC_APPLETS_VPCSIM_FABRIC_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/directory.h"
#include "applets/vpcsim/frame.h"
#include "applets/vpcsim/port.h"
#include "applets/vpcsim/switch.h"
#include "base/loop.h"
#include "netlink/monitor.h"
#include "netlink/socket.h"

namespace applets::vpcsim {

// What came in on one port, and what became of it.
struct PortCounters {
  uint64_t forwarded = 0;  // frames; a large one that a card would cut is one
  uint64_t forwarded_bytes = 0;
  uint64_t arp_answered = 0;
  std::array<uint64_t, kArpSilences> arp_silent = {};  // by ArpSilence
  std::array<uint64_t, kDropReasons> dropped = {};     // by DropReason
  uint64_t overrun = 0;  // came faster than the fabric works, and was lost
};

// By the name of the link; kGatewayPort is the gateway's. A port that has gone
// keeps its counters.
using FabricCounters = std::map<std::string, PortCounters, std::less<>>;

// A frame that was lost.
struct DroppedFrame {
  absl::Time at = {};
  std::string port = {};  // where it came from
  DropReason reason = {};
  FrameSummary frame = {};
};

// Plays the VPC's switch in the network namespace that the thread is in: takes
// the frames of the links in `directory`, and sends them on as the directory
// says at that moment (switch.h). Checksum offload and segmentation offload
// pass through whole. It makes one link, kGatewayPort, which has the gateway
// addresses of all subnets and the metadata address: so servers in this
// namespace are reached at these, and what the VPC sends elsewhere comes to
// this namespace's kernel. It's gone when the fabric is destroyed.
//
// Links come and go as they like: one that isn't there yet, is replaced, or
// goes down and up, is taken up again. The fabric doesn't set links up. It does
// stop this namespace's kernel from answering ARP on them (IFF_NOARP).
//
// One thread, that of `loop`; a wake-up handles no more than
// kFramesPerWakeUp frames, so that others on the loop get their turn. Needs
// CAP_NET_ADMIN, CAP_NET_RAW and /dev/net/tun.
class Fabric {
 public:
  static constexpr int kFramesPerWakeUp = 64;
  static constexpr size_t kLastDropped = 256;

  // `loop` and `directory` must live longer.
  static absl::StatusOr<std::unique_ptr<Fabric>> Create(
      base::Loop& loop, const Directory& directory);
  ~Fabric();

  // To be called when Ports or Nets of the directory have changed; what only
  // changes owners needs nothing.
  void Sync();

  // Valid until the next call.
  const FabricCounters& counters() const;
  // Oldest first; no more than kLastDropped.
  const std::deque<DroppedFrame>& last_dropped() const { return dropped_; }
  // Ports whose links are there, the gateway's among them.
  std::vector<std::string> attached() const;

 private:
  struct Attached {
    std::string name;
    std::unique_ptr<Port> port;
    std::unique_ptr<base::Watch> watch = nullptr;
    PortCounters& counters;  // in counters_, which doesn't move them
  };

  Fabric(base::Loop& loop, const Directory& directory, netlink::Socket socket,
         netlink::Monitor monitor);

  void Attach(const std::string& name, std::unique_ptr<Port> port);
  void AttachLink(const std::string& name);
  void AttachLinks();
  absl::Status SetGatewayAddresses();
  void OnLinkEvents();
  bool Concerns(const netlink::Event& event) const;
  void OnReadable(Attached& from);
  void Handle(Attached& from, RawFrame& frame);
  void Pass(const Forward& forward, Attached& from, RawFrame& frame);
  void Reply(const Answer& answer, Attached& from);
  void Lose(DropReason reason, Attached& from, const RawFrame& frame);

  base::Loop& loop_;
  const Directory& directory_;
  netlink::Socket socket_;
  netlink::Monitor monitor_;
  FrameBatch batch_;
  FabricCounters counters_;
  std::deque<DroppedFrame> dropped_;
  std::vector<std::string> wanted_;  // sorted: the directory's ports
  std::map<std::string, std::unique_ptr<Attached>, std::less<>> ports_;
  std::unique_ptr<base::Watch> monitor_watch_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_FABRIC_H_
