#ifndef CNIVPC_APPLETS_IPAMD_SHIFTER_H_
#define CNIVPC_APPLETS_IPAMD_SHIFTER_H_

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/options.h"
#include "applets/ipamd/peer_desk.h"
#include "applets/ipamd/peers.h"
#include "applets/ledger/ledger.h"
#include "applets/rpc/peer_client.h"
#include "applets/rpc/peer_directory.h"
#include "applets/rpc/peer_server.h"
#include "applets/rpc/server.h"
#include "base/address.h"
#include "base/loop.h"
#include "netlink/node.h"
#include "pool/shift.h"
#include "pool/shift_borrower.h"
#include "pool/shift_lender.h"
#include "vpc/provider.h"

namespace applets::ipamd {

// The options of both sides of a shift.
pool::ShiftOptions ShiftOptionsOf(const Options& options);

// Does what pool::Borrower and pool::Lender decide: talks to other nodes, takes
// addresses over, looks through the VPC's list; and listens to other nodes if
// there is a way to know them (PeerOptions). What an earlier run left open is
// brought to its end in any case. Lives on the loop's thread; what blocks is
// done by threads that own nothing, and that there are only when needed.
class Shifter {
 public:
  struct Handlers {
    // How many ADDs wait for an address.
    std::function<int()> waiting;
    // Answers a call that only looks, as on the socket.
    std::function<void(const rpc::Call&, const rpc::Reply&)> look;
    // A record was stored, or couldn't be.
    std::function<void(const absl::Status& status)> on_store_status;
    // For the journal.
    std::function<void(const pool::Note& note)> note;
    // These are fresh in the pool, or why none came: for the steward.
    std::function<void(const absl::StatusOr<std::vector<base::Ipv4>>&)>
        on_borrowed;
    // This one is in the pool again.
    std::function<void(base::Ipv4)> on_kept_back;
    // The pool was changed.
    std::function<void()> on_change;
  };
  struct Parts {
    base::Loop& loop;
    ledger::Ledger& ledger;
    std::shared_ptr<vpc::Provider> provider;
    Metrics& metrics;
    const netlink::Node& interface;
    Handlers handlers;
  };

  ~Shifter();

  // Listens, if it is to. Errors of rpc::PeerServer.
  static absl::StatusOr<std::unique_ptr<Shifter>> Open(Parts parts,
                                                       const Options& options);

  // Begins; once, when all handlers can be called.
  void Start();
  // Gets up to `count` addresses from other nodes: on_borrowed is to follow.
  void Borrow(int count);
  // Answers as the node called `node` does to a GET of `path`, which may have a
  // query. NOT_FOUND when nobody knows where it is, FAILED_PRECONDITION when
  // there is no way to talk to other nodes; rpc::PeerClient's errors.
  void LookAt(const std::string& node, const std::string& path,
              const rpc::Reply& reply);
  // Takes no more calls from other nodes.
  void Stop();
  // Addresses that are being taken over at this moment.
  int pending() const { return pending_; }
  void UpdateMetrics();

 private:
  enum class Side { kLender, kBorrower };
  struct Performer;
  using Finish = std::function<void()>;
  using Crew = std::unique_ptr<base::Workers>;  // made when first needed
  using MaybePeer = absl::StatusOr<rpc::Peer>;

  Shifter(Parts parts, const Options& options);
  absl::Status Listen(const PeerOptions& options);
  void Declare();

  absl::Status Commit(const pool::Records& records);
  void Do(Side side, pool::ShiftActions actions);
  void SetTimer();
  void OnTime();

  void Run(Crew& crew, std::function<Finish()> blocking);
  void RunWithPeer(Crew& crew, const std::string& node,
                   std::function<Finish(const MaybePeer&)> blocking);
  bool ListIsStale() const;
  void OnListed(const absl::StatusOr<std::vector<rpc::Peer>>& listed);
  void Ask(const pool::AskSpare& ask);
  void Lend(const pool::CallLend& call);
  void Settle(const pool::CallSettle& call);
  void TakeOver(const pool::CallTakeOver& call);
  void LookThrough(Side side);
  void Tell(Side side, const pool::Note& note);
  void OnLent(const std::string& key,
              const absl::StatusOr<rpc::LendReply>& reply);

  void OnCall(const rpc::PeerCall& call, const rpc::Reply& reply);
  void OnRefused(const absl::Status& status, base::Ipv4 from);
  void CountPeerCall(const char* call, const absl::Status& status);
  void CountVpcCall(const char* call, const absl::Status& status);

  const Parts parts_;
  const rpc::PeerAccess access_;
  const pool::ShiftOptions shift_;
  Peers peers_;
  const std::shared_ptr<const rpc::PeerDirectory> directory_;  // may be null
  absl::Duration listed_at_ = -absl::InfiniteDuration();       // by BootNow
  absl::BitGen random_;
  pool::Lender lender_;
  pool::Borrower borrower_;
  PeerDesk desk_;
  std::deque<std::pair<Side, pool::ShiftAction>> to_do_;
  bool doing_ = false;
  bool changed_ = false;  // the pool, since on_change was last called
  int pending_ = 0;
  absl::Time next_complaint_ = absl::InfinitePast();
  base::Timer timer_;
  std::unique_ptr<rpc::PeerServer> server_;
  // What workers have posted is left undone when it is gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  Crew talking_;  // to other nodes about addresses
  Crew looking_;  // at other nodes for operators
  Crew moving_;   // calls to the VPC
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_SHIFTER_H_
