#ifndef CNIVPC_E2E_NODE_H_
#define CNIVPC_E2E_NODE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "applets/ledger/ledger.h"
#include "base/address.h"
#include "base/attachment.h"
#include "base/loop.h"
#include "pool/reason.h"
#include "pool/steward.h"
#include "vpc/provider.h"

namespace e2e {

// A clock that runs faster than the real one, so that minutes of a node's life
// pass within seconds.
class FastClock {
 public:
  FastClock(absl::Time start, double speed);
  absl::Time Now() const;
  // What a duration of this clock is by the real one.
  absl::Duration Real(absl::Duration duration) const;

 private:
  const absl::Time start_;
  const double speed_;
  const absl::Time real_start_;
};

// What all nodes share, and what the test looks at.
struct Fleet {
  int64_t operations = 0;  // calls of a provider
  // Pods by address; one that several have counts in `shared`.
  std::map<base::Ipv4, int> pods_of;
  int64_t shared = 0;
  std::map<pool::Reason, int64_t> notes;
};

struct NodeSpec {
  std::string name;
  std::string state_dir;
  pool::Policy policy;
  pool::StewardOptions steward;
  uint64_t seed = 1;
};

// A node without a kernel: the steward and the ledger as ipamd joins them, and
// pods that come and go. It keeps to the keeper's rules (applets/ipamd/
// keeper.h): one thread for what changes the VPC, one for what asks. Lives on
// the loop's thread.
class Node {
 public:
  // Called at each start. It may block for a moment.
  using OpenProvider = std::function<std::shared_ptr<vpc::Provider>()>;

  Node(base::Loop& loop, const FastClock& clock, Fleet& fleet,
       OpenProvider open_provider, NodeSpec spec);

  // How many pods there shall be from now on.
  void Want(int pods) { wanted_ = pods; }
  // Lets pods come and go; call it often.
  void Tick();
  // All that isn't stored is forgotten, calls on their way go on without
  // anybody who waits for them, pods live on; then it starts again.
  void Crash();

  // All addresses that it takes for its own.
  std::set<base::Ipv4> Addresses() const;
  // No pod, no intent, no address in doubt.
  bool IsIdle() const;

 private:
  struct Performer;
  using Finish = std::function<void()>;

  void Open();
  void Do(pool::Actions actions);
  void Post(Finish finish);
  void Run(base::Workers& workers, std::function<Finish()> blocking);
  void Allocate(const pool::CallAllocate& call);
  void Release(const pool::CallRelease& call);
  void Claim(const pool::CallClaim& call);
  void List();
  void Probe(base::Ipv4 ip);
  bool StartPod();
  void StopPod();
  std::vector<pool::User> Users() const;

  base::Loop& loop_;
  const FastClock& clock_;
  Fleet& fleet_;
  const OpenProvider open_provider_;
  const NodeSpec spec_;
  absl::InsecureBitGen random_;
  int64_t life_ = 0;  // counts crashes: what comes from an earlier one is void
  std::shared_ptr<vpc::Provider> provider_;
  std::unique_ptr<applets::ledger::Ledger> ledger_;
  std::unique_ptr<pool::Steward> steward_;
  std::deque<pool::Action> to_do_;
  bool doing_ = false;
  std::set<base::Ipv4> probing_;
  int wanted_ = 0;
  int64_t pods_so_far_ = 0;
  std::deque<std::pair<base::Attachment, base::Ipv4>> pods_;
  base::Timer timer_;
  base::Workers changing_{1};
  base::Workers asking_{1};
};

}  // namespace e2e

#endif  // CNIVPC_E2E_NODE_H_
