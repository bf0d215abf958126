#ifndef CNIVPC_APPLETS_IPAMD_DESK_H_
#define CNIVPC_APPLETS_IPAMD_DESK_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/ipamd/announcer.h"
#include "applets/ipamd/journal.h"
#include "applets/ipamd/keeper.h"
#include "applets/ipamd/undertaker.h"
#include "applets/ipamd/why.h"
#include "applets/ledger/ledger.h"
#include "applets/rpc/messages.h"
#include "applets/rpc/messages_pool.h"
#include "base/attachment.h"
#include "netlink/node.h"
#include "pool/pool.h"

namespace applets::ipamd {

// What a GC is answered. The reply goes out when the last who ends a lease for
// it, and who began it, let go of it.
class GcCollection {
 public:
  explicit GcCollection(std::function<void(absl::StatusOr<rpc::GcReply>)> reply)
      : reply_(std::move(reply)) {}
  GcCollection(const GcCollection&) = delete;
  GcCollection& operator=(const GcCollection&) = delete;
  ~GcCollection() { reply_(std::move(result_)); }

  rpc::GcReply& result() { return result_; }

 private:
  rpc::GcReply result_;
  const std::function<void(absl::StatusOr<rpc::GcReply>)> reply_;
};

// Where leases are asked for and given back: the calls of rpc/messages.h. Lives
// on the loop's thread; owns the ADDs that wait and the guards of those under
// way, everything else is the ledger's.
class Desk {
 public:
  template <typename T>
  using Reply = std::function<void(absl::StatusOr<T>)>;
  using Done = std::function<void(absl::Status)>;

  // An ADD that finds this many waiting before it is told to try again.
  static constexpr size_t kMaxWaiting = 4096;

  struct Parts {
    ledger::Ledger& ledger;
    Undertaker& undertaker;
    Announcer& announcer;
    const netlink::Node& node;
    // Of the pods; SubnetPool says whose it is.
    std::function<base::Ipv4()> gateway;
    std::string subnet;
    // Set once it exists.
    Keeper* keeper = nullptr;
    // A record was stored, or couldn't be.
    std::function<void(const absl::Status&)> on_store_status;
    // For the journal.
    std::function<void(Note)> note;
  };
  explicit Desk(Parts parts) : parts_(std::move(parts)) {}
  void SetKeeper(Keeper* keeper) { parts_.keeper = keeper; }
  // How an ADD goes on.
  struct Turn {
    enum class Way {
      kOrdinary,  // any address will do
      kFixed,     // `ip` is fixed to the pod in the pool
      kRefused,   // for that reason; it has gone into the journal if `told`
    };
    Way way = Way::kOrdinary;
    base::Ipv4 ip = {};
    absl::Status status = {};
    pool::Reason reason = pool::Reason::kPoolDry;
    bool told = false;
  };
  // What kind of address a pod is to have; may take a while.
  using Admit =
      std::function<void(const pool::Wish&, std::function<void(const Turn&)>)>;
  // Fixes a warm address to the tenant, for that ADD, when there is one. When
  // an error is returned it has gone into the journal.
  void Want(const pool::Wish& wish, const pool::Tenant& tenant,
            std::function<void(absl::StatusOr<base::Ipv4>)> done);
  // What has to be done before a pod's ADD is answered: on an error the ADD
  // fails, and its lease ends.
  using Prepare = std::function<void(const base::Pod&, base::Ipv4, Done)>;
  void SetPrepare(Prepare prepare) { prepare_ = std::move(prepare); }

  // `connection` guards the lease: see OnClose. `admit`, if there is one, is
  // asked unless the attachment has its address.
  void Acquire(const rpc::AcquireRequest& request, uint64_t connection,
               const Admit& admit, Reply<rpc::AcquireReply> reply);
  absl::Status Attached(const base::Attachment& attachment,
                        uint64_t connection);
  // `connection` 0: nobody's (the queue, GC).
  void Release(const rpc::ReleaseRequest& request, uint64_t connection,
               Done done);
  absl::StatusOr<rpc::AcquireReply> Check(
      const base::Attachment& attachment) const;
  // Ends this pool's leases that aren't valid.
  void Gc(const rpc::GcRequest& request,
          const std::shared_ptr<GcCollection>& collection);
  absl::Status CouldLease() const;
  rpc::PoolReply Pool(const std::string& node_name) const;

  // The plugin hung up. If it had an ADD under way it has died: what it made is
  // taken down and the lease ends.
  void OnClose(uint64_t connection);

  // Addresses came, or `status` says why none did: ADDs that wait are answered.
  void Serve(const absl::Status& status);

  // Takes down what is left of a lease, and lets its address cool.
  void Bury(const base::Attachment& attachment, Done done);
  // Ends a lease whose ADD was never completed.
  void Abandon(const base::Attachment& attachment);

  bool IsGuarded(const base::Attachment& attachment) const {
    return guarded_.contains(attachment);
  }
  std::vector<Waiter> Waiters() const;
  int waiting() const { return static_cast<int>(waiting_.size()); }
  int guards() const { return static_cast<int>(guards_.size()); }

 private:
  struct Waiting {
    pool::Wish wish;
    uint64_t connection;
    Reply<rpc::AcquireReply> reply;
    absl::Time since;
    // It is to be fixed to that tenant, and not leased yet.
    std::optional<pool::Tenant> tenant = {};
    std::function<void(base::Ipv4)> on_fixed = {};
  };

  absl::Status EndLease(const base::Attachment& attachment,
                        const absl::Status& burial);
  bool MayLease() const;
  void Admitted(const Waiting& waiting);
  void OnTurn(const Waiting& waiting, const Turn& turn);
  void RefuseFor(pool::Reason reason, const Waiting& waiting,
                 const absl::Status& status);
  void Refuse(const Waiting& waiting, const absl::Status& status);
  pool::Reason WhyRefused(const pool::Wish& wish,
                          const absl::Status& status) const;
  bool TryGrant(const Waiting& waiting);
  bool TryFix(const Waiting& waiting);
  void Give(const Waiting& waiting, const absl::StatusOr<pool::Grant>& grant);
  void Answer(const Waiting& waiting, const pool::Address& row);
  void OnPrepared(const Waiting& waiting, const absl::Status& status);
  void NoteDetached(const base::Attachment& attachment,
                    const pool::Records& records);
  rpc::AcquireReply ReplyOf(const pool::Address& row) const;
  absl::Status Record(const pool::Records& records);
  void Guard(const base::Attachment& attachment, uint64_t connection);
  void Unguard(const base::Attachment& attachment);

  Parts parts_;
  Prepare prepare_;
  std::deque<Waiting> waiting_;
  std::map<uint64_t, base::Attachment> guards_;
  absl::flat_hash_map<base::Attachment, uint64_t> guarded_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_DESK_H_
