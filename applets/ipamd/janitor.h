#ifndef CNIVPC_APPLETS_IPAMD_JANITOR_H_
#define CNIVPC_APPLETS_IPAMD_JANITOR_H_

#include <functional>
#include <map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/journal.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/pools.h"
#include "applets/ipamd/sweep.h"
#include "applets/ipamd/sweep_report.h"
#include "applets/ipamd/undertaker.h"
#include "base/address.h"
#include "base/loop.h"

namespace applets::ipamd {

// Sweeps up what crashes leave behind: looks at the kernel now and then, has it
// compared with all pools (sweep.h), and puts right what differs. Lives on the
// loop's thread; a thread of its own, which owns nothing, does what blocks.
class Janitor {
 public:
  struct Parts {
    base::Loop& loop;
    Pools& pools;
    Undertaker& undertaker;
    Metrics& metrics;
    absl::Duration interval;    // from the end of a sweep to the next one
    absl::Duration leak_grace;  // how long a link is gone before its lease ends
    // Something isn't known yet that may make what looks left over be a pod's.
    std::function<bool()> is_blind;
    // For the journal.
    std::function<void(Note)> note;
  };
  explicit Janitor(Parts parts);

  // Sweeps after `delay` for the first time, and then for ever.
  void Begin(absl::Duration delay);

  // Sweeps now, and tells what was found. A rehearsal (`dry_run`) touches
  // nothing.
  void SweepNow(
      bool dry_run,
      std::function<void(absl::StatusOr<std::vector<SweepFound>>)> done);

 private:
  void Sweep();
  Findings Examine(const KernelView& kernel) const;
  void PutRight(const Findings& findings);
  void EndLeak(const base::Attachment& attachment);
  void Tell(const char* kind, const std::string& what);
  void RemoveLitter(const std::vector<base::Ipv4>& littered);
  static bool LetRest(SubnetPool& pool, const std::vector<base::Ipv4>& ips);
  void FreeVacant(const std::vector<base::Ipv4>& vacant);
  std::map<SubnetPool*, std::vector<base::Ipv4>> ByPool(
      const std::vector<base::Ipv4>& ips) const;

  Parts parts_;
  Suspects suspects_;
  base::Timer timer_;
  base::Workers worker_{1};
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_JANITOR_H_
