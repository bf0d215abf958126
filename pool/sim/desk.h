#ifndef CNIVPC_POOL_SIM_DESK_H_
#define CNIVPC_POOL_SIM_DESK_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "pool/pool.h"

namespace pool::sim {

class Node;
class Process;

// A plugin's connection: what it does ends with it. 0: nobody's.
using Connection = uint64_t;

// Where leases are asked for and given back, as applets/ipamd/desk.h: ADDs that
// wait, guards of those under way, the taking down of networks. Lives and dies
// with its process; whoever waits for an answer then is told UNAVAILABLE.
class Desk {
 public:
  // Nobody waits longer for an answer: a call to the VPC that was under way
  // before, another one, calls to other nodes, a take-over, a probe.
  static constexpr absl::Duration kLongestWait = absl::Minutes(5);

  using Reply = absl::AnyInvocable<void(absl::StatusOr<base::Ipv4>)>;
  using Done = absl::AnyInvocable<void(const absl::Status&)>;
  struct ReleaseRequest {
    base::Attachment attachment;
    absl::Duration started_at;
    Connection connection = 0;
  };

  Desk(Node& node, Process& process) : node_(node), process_(process) {}

  void Acquire(const Wish& wish, Connection connection, Reply reply);
  absl::Status Attached(const base::Attachment& attachment);
  void Release(const ReleaseRequest& request, Done done);
  // The plugin is gone.
  void Close(Connection connection);

  // The steward's Serve.
  void Serve(const absl::Status& status);
  int waiting() const { return static_cast<int>(waiting_.size()); }

  // Leases of ADDs that nobody guards end or are complete; those that are being
  // taken down go on being so; so do networks without a lease.
  void Sweep();
  void HangUp();

 private:
  struct Waiting {
    Wish wish;
    Connection connection = 0;
    Reply reply;
    absl::Time since;
  };

  bool TryGrant(Waiting& waiting);
  void Answer(Waiting& waiting, const absl::StatusOr<base::Ipv4>& answer);
  void CheckWait(const Waiting& waiting) const;
  void Unguard(const base::Attachment& attachment);
  void Abandon(const base::Attachment& attachment);
  void Bury(const base::Attachment& attachment, Done done);
  void EndBurial(const base::Attachment& attachment);
  void SweepLease(const Lease& lease);

  Node& node_;
  Process& process_;
  std::deque<Waiting> waiting_;
  std::map<Connection, base::Attachment> guards_;
  std::map<base::Attachment, Connection> guarded_;
  std::map<base::Attachment, std::vector<Done>> burials_;
  std::set<base::Attachment> orphans_;  // of the last sweep
  std::optional<base::Ipv4> last_granted_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_DESK_H_
