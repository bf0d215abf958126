#ifndef CNIVPC_APPLETS_IPAMD_RECEPTION_H_
#define CNIVPC_APPLETS_IPAMD_RECEPTION_H_

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "applets/ipamd/desk.h"
#include "applets/ipamd/networking.h"
#include "applets/ipamd/pools.h"
#include "applets/ipamd/why.h"
#include "applets/rpc/messages.h"
#include "base/attachment.h"
#include "base/loop.h"
#include "kube/objects.h"

namespace applets::ipamd {

// Where the plugin's calls come in: it finds the pool that each is about, whose
// desk serves it. What has an address is its pool's; an ADD goes where the
// pod's PodNetworking says, and waits here while an interface is being opened
// for it. Lives on the loop's thread.
class Reception {
 public:
  template <typename T>
  using Reply = Desk::Reply<T>;
  using Done = Desk::Done;

  // An ADD waits so long for an interface, and is told to try again then: the
  // runtime does, and finds it open.
  static constexpr absl::Duration kPatience = absl::Seconds(20);
  // So many of them; as many as wait for an address at most.
  static constexpr size_t kMaxWaiting = Desk::kMaxWaiting;

  using Find = std::function<void(const base::Pod&,
                                  std::function<void(const kube::Pod*)>)>;
  struct Parts {
    base::Loop& loop;
    Pools& pools;
    // The pod as the API server knows it, or null. Empty if there is no
    // cluster: then all pods are of the node's own subnet.
    Find find;
    // Where a pod's address is to be from; null for one that isn't known.
    std::function<Networking::Choice(const kube::Pod*)> choose;
    // Whether it may be an ordinary one, or which it is to be.
    std::function<void(const kube::Pod*, const SubnetPool&, const pool::Wish&,
                       const std::function<void(const Desk::Turn&)>&)>
        direct;
    // An ADD waits for an interface.
    std::function<void()> on_waiting;
  };
  explicit Reception(Parts parts);

  void Acquire(const rpc::AcquireRequest& request, uint64_t connection,
               Reply<rpc::AcquireReply> reply);
  absl::Status Attached(const base::Attachment& attachment,
                        uint64_t connection);
  void Release(const rpc::ReleaseRequest& request, uint64_t connection,
               Done done);
  absl::StatusOr<rpc::AcquireReply> Check(
      const base::Attachment& attachment) const;
  void Gc(const rpc::GcRequest& request, Reply<rpc::GcReply> reply);
  void OnClose(uint64_t connection);

  // Interfaces or pools have changed: ADDs that wait are looked at.
  void OnChange();
  // The pods of ADDs that wait for an interface.
  std::vector<const kube::Pod*> Waiting() const;
  std::vector<Waiter> Waiters() const;
  // ADDs under way in all pools.
  int guards() const;

 private:
  struct Visit {
    rpc::AcquireRequest request;
    uint64_t connection = 0;
    Reply<rpc::AcquireReply> reply;
    std::optional<kube::Pod> pod = {};
    absl::Time since = absl::InfinitePast();  // it waits
    absl::Time until = absl::InfiniteFuture();
    int attempts = 0;  // pools that turned out to be exhausted
  };

  SubnetPool* SettledIn(const rpc::AcquireRequest& request) const;
  void Place(Visit visit);
  void Refuse(const Visit& visit, const Networking::Choice& choice);
  void Serve(Visit visit, SubnetPool& pool);
  void Await(Visit visit, const Networking::Choice& choice);
  void OnTime();

  const Parts parts_;
  std::list<Visit> waiting_;
  base::Timer timer_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_RECEPTION_H_
