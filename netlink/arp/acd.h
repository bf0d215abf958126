#ifndef CNIVPC_NETLINK_ARP_ACD_H_
#define CNIVPC_NETLINK_ARP_ACD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "netlink/arp/packet.h"

namespace netlink::arp {

// RFC 5227 §1.1, the constants of probing.
inline constexpr absl::Duration kProbeWait = absl::Seconds(1);
inline constexpr int kProbeNum = 3;
inline constexpr absl::Duration kProbeMin = absl::Seconds(1);
inline constexpr absl::Duration kProbeMax = absl::Seconds(2);
inline constexpr absl::Duration kAnnounceWait = absl::Seconds(2);
inline constexpr int kMaxConflicts = 10;
inline constexpr absl::Duration kRateLimitInterval = absl::Seconds(60);

// How an address is probed (§2.1.1): a random wait up to `probe_wait`, then
// `probes` probes a random time from `probe_min` to `probe_max` apart, then
// `announce_wait` of listening.
struct Timing {
  int probes = kProbeNum;
  absl::Duration probe_wait = kProbeWait;
  absl::Duration probe_min = kProbeMin;
  absl::Duration probe_max = kProbeMax;
  absl::Duration announce_wait = kAnnounceWait;

  // All waits in the RFC's proportion, so that the longest attempt takes
  // `total` and the shortest four sevenths of it. Zero or less: no probing.
  // The rate limit isn't scaled: it is there to spare others.
  static Timing Within(absl::Duration total);

  // From an attempt's start to its end, if nothing is in its way: 7 s by the
  // RFC.
  absl::Duration Longest() const;

  friend bool operator==(const Timing&, const Timing&) = default;
};

// Broadcast Probe(mac, address) now.
struct SendProbe {
  base::Ipv4 address;
  friend bool operator==(const SendProbe&, const SendProbe&) = default;
};
// Nobody else has the address.
struct Admitted {
  base::Ipv4 address;
  friend bool operator==(const Admitted&, const Admitted&) = default;
};
// `other` has it, or is probing for it as well.
struct Conflict {
  base::Ipv4 address;
  base::Mac other;
  friend bool operator==(const Conflict&, const Conflict&) = default;
};

// Finds out whether addresses are in use on one link before we use them:
// address conflict detection by RFC 5227 §2.1, for any number of candidates
// that come and go by themselves. Pure: it is told the time and what came in,
// and says what is to be sent and what became of a candidate. Each candidate
// ends in Admitted or Conflict once, and is then forgotten. One thread.
//
//                    ┌── held (too many conflicts)
//   Start ──────────►├── parked (the link is down)
//                    └── wait ─ probe ─ probe ─ probe ─ wait ─► Admitted
//                          └───────┴───────┴───────┴─► Conflict
//
// Every event takes O(log n) of the candidates, but for those that touch them
// all: the link going down or up, frames lost, a new MAC.
//
// Before OnTimer, all frames that came in before `now` must have been given to
// OnPacket, and what the kernel dropped told to OnFramesLost: silence counts
// only if we listened.
class Detector {
 public:
  // OnTimer returns no more than so many actions; if there are more, deadline()
  // is still past.
  static constexpr size_t kMaxActionsPerTimer = 64;

  using Action = std::variant<SendProbe, Admitted>;

  struct Counters {
    uint64_t started = 0;  // candidates
    uint64_t probes = 0;   // less those that could not be sent
    uint64_t admitted = 0;
    uint64_t conflicts = 0;
    uint64_t restarted = 0;    // attempts begun anew
    uint64_t rate_limits = 0;  // how often the limit set in
  };

  // `mac` is the interface's own. `random` must outlive this. The link is taken
  // to be up.
  Detector(const base::Mac& mac, const Timing& timing, absl::BitGenRef random)
      : mac_(mac), timing_(timing), random_(random) {}

  // `now` is of a clock that never jumps.

  // Makes `address` a candidate; nothing changes if it is one.
  void Start(base::Ipv4 address, absl::Time now);
  // Forgets a candidate; nothing changes if it is none.
  void Stop(base::Ipv4 address);

  // §2.1.1. A conflict is, from the attempt's start on, any packet with the
  // candidate as its sender address, or somebody else's probe for it. What
  // comes from our own MAC is our own, reflected.
  [[nodiscard]] std::optional<Conflict> OnPacket(const Packet& packet,
                                                 absl::Time now);
  // Nothing is due before deadline().
  [[nodiscard]] std::vector<Action> OnTimer(absl::Time now);
  // A probe that OnTimer asked for could not be sent (ENOBUFS): it doesn't
  // count, and is due again probe_min later.
  void OnSendFailed(base::Ipv4 address, absl::Time now);
  // Frames came in that we could not see: who is being probed begins anew.
  void OnFramesLost(absl::Time now);
  // Nobody can be heard: attempts stop, and begin anew when the link is up.
  void OnLinkDown();
  void OnLinkUp(absl::Time now);
  // Attempts begin anew: what was heard may have been another link.
  void OnNewMac(const base::Mac& mac, absl::Time now);

  // When OnTimer is due next; InfiniteFuture while there is nothing to do.
  absl::Time deadline() const;

  // Candidates, held and parked ones included.
  size_t candidates() const { return candidates_.size(); }
  // Those that wait for the rate limit.
  size_t held() const { return held_.size(); }
  bool link_up() const { return link_up_; }

  // After kMaxConflicts conflicts in a row, one new candidate is begun each
  // kRateLimitInterval, in the order of their starts, until one is admitted
  // (§2.1.1). Attempts that are under way go on.
  int conflicts_in_row() const { return conflicts_in_row_; }
  bool rate_limited() const { return conflicts_in_row_ >= kMaxConflicts; }
  // Under the limit, when the next candidate may begin.
  absl::Time next_start() const { return next_start_; }

  const Counters& counters() const { return counters_; }

 private:
  struct Candidate {
    int probes_sent = 0;
    absl::Time due = absl::InfiniteFuture();        // where it is in schedule_
    std::optional<uint64_t> ticket = std::nullopt;  // where it is in held_
  };

  void Begin(base::Ipv4 address, Candidate& candidate, absl::Time now);
  void Schedule(base::Ipv4 address, Candidate& candidate, absl::Time due);
  void Unschedule(base::Ipv4 address, Candidate& candidate);
  void Hold(base::Ipv4 address, Candidate& candidate);
  void ReleaseFirstHeld(absl::Time now);
  void ReleaseHeldIfDue(absl::Time now);
  void RestartAll(absl::Time now);
  Action Advance(base::Ipv4 address, absl::Time now);
  Admitted Admit(base::Ipv4 address, absl::Time now);
  void CountConflict(absl::Time now);
  absl::Duration Between(absl::Duration low, absl::Duration high);

  base::Mac mac_;
  Timing timing_;
  absl::BitGenRef random_;
  bool link_up_ = true;

  absl::flat_hash_map<base::Ipv4, Candidate> candidates_;
  std::set<std::pair<absl::Time, base::Ipv4>> schedule_;
  std::map<uint64_t, base::Ipv4> held_;  // by ticket
  uint64_t next_ticket_ = 0;
  int conflicts_in_row_ = 0;
  absl::Time next_start_ = absl::InfinitePast();
  Counters counters_;
};

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_ACD_H_
