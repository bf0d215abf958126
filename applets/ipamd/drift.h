#ifndef CNIVPC_APPLETS_IPAMD_DRIFT_H_
#define CNIVPC_APPLETS_IPAMD_DRIFT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "netlink/link.h"
#include "netlink/monitor.h"
#include "netlink/node.h"
#include "netlink/pod_repair.h"
#include "pool/pool.h"

namespace applets::ipamd {

// Decides what to repair of the networks of attached leases when the kernel
// tells that something has changed: who is to be looked at, when, and what of
// that is to be made anew. Pure: told events, the time, and what looking and
// mending found.
//
//   event ─► suspect ─(settle)─► Look ─► what is missing ─► Mend ─► Report
//
// Events only say where to look: the kernel doesn't tell everything (routes go
// silently with a link that is set down), and an event may be out of date. A
// lease that is being taken down is never suspected, so that a DEL isn't
// undone. It never fights somebody for ever: what has been made kBurst times
// within kWindow is then left alone for a while, longer each time, and looked
// at again afterwards.
class Drift {
 public:
  // Between the first event and the look: the rest of what somebody does.
  static constexpr absl::Duration kNodeSettle = absl::Milliseconds(100);
  // In the pod, where a virtual machine's launcher rearranges things.
  static constexpr absl::Duration kPodSettle = absl::Milliseconds(400);
  // After a repair that failed.
  static constexpr absl::Duration kRetry = absl::Seconds(1);
  // From the end of a look or a repair to the next look.
  static constexpr absl::Duration kPause = absl::Milliseconds(100);
  // Between two looks at all, however often events are lost.
  static constexpr absl::Duration kAllPause = absl::Seconds(1);
  static constexpr size_t kBurst = 10;
  static constexpr absl::Duration kWindow = absl::Minutes(1);
  static constexpr absl::Duration kMinHold = absl::Minutes(1);
  static constexpr absl::Duration kMaxHold = absl::Hours(1);

  // How much of a network is looked after.
  enum class Scope { kNone, kNode, kNodeAndPod };

  // `pool` must outlive this.
  Drift(const pool::Pool& pool, Scope scope) : pool_(pool), scope_(scope) {}

  // All links of the node, after Overrun or at start.
  void OnLinks(const std::vector<netlink::Link>& links);
  // `node` is the node's interface as it is known.
  void OnNotice(const netlink::Notice& notice, const netlink::Node& node,
                absl::Time now);
  // All proxies of the node's interface. No event tells that one has gone.
  void OnProxies(const std::vector<base::Ipv4>& proxies, absl::Time now);
  // To look at all leases.
  void SuspectAll(absl::Time now);

  // Which lease to look at, and where.
  struct Target {
    base::Attachment attachment;
    uint32_t host_ifindex = 0;  // 0: not known
    bool node = false;
    bool pod = false;
  };
  // Those that are due; none while others are being looked at or mended.
  std::vector<Target> Due(absl::Time now);
  // When Due will next have some.
  absl::Time deadline() const;

  // What looking at a target found.
  struct Found {
    base::Attachment attachment;
    std::set<netlink::PodPart> missing;
  };
  // What to make of it: what isn't held back, of those that are still attached.
  // If there is none, it is over; else OnMended ends it.
  std::vector<Found> OnLooked(const std::vector<Found>& found, absl::Time now);

  struct Done {
    base::Attachment attachment;
    std::vector<netlink::Mended> parts;
  };
  // A part that will be left alone for a while, for it doesn't last.
  struct HeldBack {
    base::Attachment attachment;
    netlink::PodPart part;
    absl::Time until;
  };
  std::vector<HeldBack> OnMended(const std::vector<Done>& done, absl::Time now);

  // How many parts of attached leases are being left alone.
  int held_back(absl::Time now) const;

 private:
  // A host end, as the kernel has last told.
  struct HostEnd {
    base::Attachment attachment;
    base::Mac mac;
    std::optional<int32_t> netnsid;  // of the pod
    uint32_t peer_ifindex = 0;       // in the pod
  };
  struct Suspicion {
    absl::Time node = absl::InfiniteFuture();  // when to look
    absl::Time pod = absl::InfiniteFuture();
  };
  // How often a part had to be made lately.
  struct Record {
    std::deque<absl::Time> times;
    absl::Time held_until = absl::InfinitePast();
    absl::Duration hold = kMinHold;
  };
  using Part = std::pair<base::Attachment, netlink::PodPart>;

  const pool::Address* Attached(const base::Attachment& attachment) const;
  void Suspect(const Part& part, absl::Time due);
  void SuspectNode(const base::Attachment& attachment, absl::Time due);
  void SuspectPod(const base::Attachment& attachment, absl::Time due);
  void SuspectAllOnNode(absl::Time due);
  std::optional<base::Attachment> AttachmentOf(const std::string& alias) const;
  uint32_t IndexOf(const base::Attachment& attachment) const;
  void Note(const netlink::Link& link, const base::Attachment& attachment);
  void Drop(uint32_t ifindex);
  void OnNodeEvent(const netlink::Event& event, const netlink::Node& node,
                   absl::Time now);
  void OnMainLink(const netlink::Link& link, absl::Time now);
  void OnLink(const netlink::Link& link, absl::Time now);
  void OnPodEvent(int32_t netnsid, const netlink::Event& event,
                  const netlink::Node& node, absl::Time now);
  std::optional<netlink::PodPart> PartInPod(const netlink::Event& event,
                                            const HostEnd& host_end,
                                            const netlink::Node& node) const;
  bool IsHeldBack(const Part& part, absl::Time now) const;
  std::optional<HeldBack> Count(const Part& part, absl::Time now);
  void Forget(absl::Time now);

  const pool::Pool& pool_;
  const Scope scope_;
  std::map<uint32_t, HostEnd> host_ends_;  // by ifindex
  absl::flat_hash_map<base::Attachment, uint32_t> indexes_;
  std::optional<std::pair<uint32_t, bool>> main_;  // the node's: number, up
  std::map<base::Attachment, Suspicion> suspects_;
  std::map<Part, Record> records_;
  absl::Time all_after_ = absl::InfinitePast();   // all are looked at again
  absl::Time look_after_ = absl::InfinitePast();  // kPause is over
  bool busy_ = false;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_DRIFT_H_
