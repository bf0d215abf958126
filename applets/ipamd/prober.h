#ifndef CNIVPC_APPLETS_IPAMD_PROBER_H_
#define CNIVPC_APPLETS_IPAMD_PROBER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/metrics.h"
#include "base/address.h"
#include "base/loop.h"
#include "netlink/arp/station.h"
#include "netlink/link.h"
#include "netlink/node.h"

namespace applets::ipamd {

// Address conflict detection (RFC 5227) on the node's main interface: probes
// addresses before the pool uses them, and watches over those it uses. The
// machines are netlink/arp's; this joins them to the loop, the clock and the
// metrics, and writes what it finds into the log. Lives on the loop's thread
// and never blocks it.
class Prober {
 public:
  // Called from the loop, never from within a call of ours. They may call the
  // Prober, but not destroy it.
  struct Handlers {
    // Nobody else has the address.
    std::function<void(base::Ipv4)> on_admitted;
    // `other` has it, or is probing for it as well.
    std::function<void(base::Ipv4, const base::Mac& other)> on_conflict;
    // `other` claims an address we watch over. `defended`: we have told
    // everybody that it is ours; else it is the second claim within
    // kDefendInterval and we may not any more (RFC 5227 §2.4(b)), and somebody
    // has to decide. Not defended is told at most once in kDefendInterval.
    std::function<void(base::Ipv4, const base::Mac& other, bool defended)>
        on_contested;
  };

  // PermissionDenied: probing is wanted, but this process may not open packet
  // sockets (CAP_NET_RAW). `timing` of no probes: every address is admitted
  // from the loop at once; watching goes on. All arguments but the timing must
  // outlive this.
  static absl::StatusOr<std::unique_ptr<Prober>> Open(
      base::Loop& loop, Metrics& metrics, const netlink::arp::Timing& timing,
      Handlers handlers);

  // From now on addresses are to be used on this interface. Before the first
  // call probing waits. What can't be opened is tried again by itself.
  void UseInterface(const netlink::Node& node);
  // The interface came up or went down, or has a new MAC or number. Others than
  // the node's may be told of, too: they are left alone.
  void OnLink(const netlink::Link& link);

  // Ends in on_admitted or on_conflict, once; nothing changes if it is being
  // probed already.
  void Probe(base::Ipv4 address);
  // Neither will be called for it any more.
  void Stop(base::Ipv4 address);

  // Our address: watched over, defended, and probes for it are answered. To be
  // called from on_admitted at the latest: between the one and the other
  // somebody else's probe would find it free. Nothing changes if it is watched
  // over already, or is not.
  void Watch(base::Ipv4 address);
  void Unwatch(base::Ipv4 address);

  // Addresses that are being probed, and those that wait for the link or the
  // rate limit.
  size_t probing() const { return station_.detector().candidates(); }
  // After 10 conflicts in a row one address is begun a minute, until one is
  // admitted (RFC 5227 §2.1.1). Better ask for no more then.
  bool rate_limited() const { return station_.detector().rate_limited(); }
  // Under the limit, when the next one may begin, by the wall clock.
  absl::Time next_start() const;

 private:
  // Between attempts to open a socket on the interface.
  static constexpr absl::Duration kReopenInterval = absl::Seconds(1);

  Prober(base::Loop& loop, Metrics& metrics, const netlink::arp::Timing& timing,
         Handlers handlers);
  void Reopen();
  absl::Status OpenSocket();
  void Advance();
  void OnTime();
  void Tell(const netlink::arp::Outcome& outcome);
  void Drop(const std::function<bool(const netlink::arp::Outcome&)>& which);
  void Settle();
  void NoteRateLimit();
  void Publish();

  base::Loop& loop_;
  Metrics& metrics_;
  const Handlers handlers_;
  absl::BitGen random_;
  netlink::arp::Station station_;
  netlink::Node node_;  // number 0 before UseInterface
  std::optional<uint32_t> carrier_changes_;
  absl::Status opened_;
  bool told_rate_limited_ = false;
  std::deque<netlink::arp::Outcome> outcomes_;  // not told yet
  std::vector<double> published_;
  // Not to be replaced while its own callback runs.
  std::unique_ptr<base::Watch> watch_;
  base::Timer timer_;
  base::Timer reopen_timer_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_PROBER_H_
