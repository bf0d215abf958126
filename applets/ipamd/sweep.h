#ifndef CNIVPC_APPLETS_IPAMD_SWEEP_H_
#define CNIVPC_APPLETS_IPAMD_SWEEP_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/link_table.h"
#include "base/address.h"
#include "base/attachment.h"
#include "netlink/socket.h"
#include "pool/pool.h"

namespace applets::ipamd {

// What is left over: leases without a network, and links, rules and proxy
// neighbours without a lease. Crashes leave them; sweeping finds them.

// What the kernel holds, besides links (which LinkTable knows).
struct KernelView {
  std::set<base::Ipv4> rules;    // priority 512
  std::set<base::Ipv4> proxies;  // on the node's interfaces
  std::set<base::Ipv4> routed;   // to a pod's host end
};
// `interfaces`: those that pods' addresses are found at, by number.
absl::StatusOr<KernelView> ViewKernel(netlink::Socket& host,
                                      const std::vector<uint32_t>& interfaces);

struct Findings {
  // Attaching leases that nobody guards: those whose network is complete, so
  // that only the report of it was lost, and the others.
  std::vector<base::Attachment> complete;
  std::vector<base::Attachment> abandoned;
  // Attached leases whose link is gone: no DEL came.
  std::vector<base::Attachment> leaked;
  // Detaching leases.
  std::vector<base::Attachment> detaching;
  // Attachments that have a link, but no lease.
  std::vector<base::Attachment> orphans;
  // Addresses of ours that nobody has leased or is routed, with a rule or a
  // proxy.
  std::vector<base::Ipv4> littered;
  // Quarantined addresses that no link is routed any more.
  std::vector<base::Ipv4> vacant;
};

// What the kernel is compared with.
struct Books {
  // Of all the node's interfaces: what one doesn't know is another's.
  std::vector<const pool::Pool*> pools;
  // A store was lost, and the VPC, which may be long in telling, hasn't said
  // yet what it had: its pool knows of no pod, and all would be orphans.
  bool are_lost = false;
};

// Compares; nothing is found when the books are lost. `guarded` tells which
// attachments an ADD is under way for; after a restart nobody is guarded, so
// the first comparison waits for --attach-grace. Pure.
Findings Compare(const Books& books, const LinkTable& links,
                 const KernelView& kernel,
                 const std::function<bool(const base::Attachment&)>& guarded);

// Orphans, litter and vacant addresses must be found twice, a sweep apart,
// before they are touched: a DEL or an ADD may be under way. Leaks must have
// been found for a while: the DEL may be late. Pure.
class Suspects {
 public:
  explicit Suspects(absl::Duration leak_grace) : leak_grace_(leak_grace) {}

  // Those of `findings` that were found the last time, too.
  Findings Confirm(Findings findings, absl::Time now);

 private:
  std::vector<base::Attachment> ConfirmLeaks(
      const std::vector<base::Attachment>& leaked, absl::Time now);

  absl::Duration leak_grace_;
  std::map<base::Attachment, absl::Time> leaked_since_;
  std::set<base::Attachment> orphans_;
  std::set<base::Ipv4> littered_;
  std::set<base::Ipv4> vacant_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_SWEEP_H_
