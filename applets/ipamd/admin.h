#ifndef CNIVPC_APPLETS_IPAMD_ADMIN_H_
#define CNIVPC_APPLETS_IPAMD_ADMIN_H_

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/causes.h"
#include "applets/ipamd/janitor.h"
#include "applets/ipamd/journal.h"
#include "applets/ipamd/log_tail.h"
#include "applets/ipamd/options.h"
#include "applets/ipamd/pools.h"
#include "applets/ipamd/why.h"
#include "applets/rpc/messages_admin.h"
#include "applets/rpc/messages_node.h"
#include "applets/rpc/server.h"
#include "base/address.h"
#include "base/loop.h"
#include "pool/record.h"

namespace applets::ipamd {

// What operators ask and do by hand: the paths of rpc/messages_admin.h,
// messages_events.h and messages_node.h, /v1/config and /v1/log; and, behind
// /v1/nodes/NODE, what another node shows. Lives on the loop's thread; what
// blocks is done on a thread that owns nothing.
class Admin {
 public:
  // An operator who has addresses given back waits no longer for the VPC.
  static constexpr absl::Duration kPatience = absl::Seconds(60);

  struct Parts {
    base::Loop& loop;
    Pools& pools;
    Janitor& janitor;
    const Options& options;
    const Journal& journal;
    const LogTail& log;
    std::function<bool()> stopping;
    // ADDs that wait for an interface.
    std::function<std::vector<Waiter>()> waiting;
    // As rpc::NodeReply has it.
    std::function<std::string()> kubernetes;
    // Answers as a node's ipamd does.
    std::function<void(const std::string& node, const rpc::Call&,
                       const rpc::Reply&)>
        ask_node;
  };
  explicit Admin(Parts parts);

  // False when the path is somebody else's.
  bool Get(const rpc::Call& call, const rpc::Reply& reply);
  bool Post(const rpc::Call& call, const rpc::Reply& reply);

  // The pool has changed by these.
  void OnRecords(const pool::Records& records);

 private:
  // An operator who waits for addresses to be given back.
  struct Waiting {
    rpc::GiveBackReply result;
    std::set<base::Ipv4> left;
    absl::Time until;
    rpc::Reply reply;
  };

  Scene SceneOf(const SubnetPool& pool) const;
  SubnetPool& PoolFor(const Journal::Query& query) const;
  rpc::NodeReply Node() const;
  rpc::FurtherPool Further(const SubnetPool& pool) const;
  absl::StatusOr<rpc::Answer> Events(const rpc::Call& call) const;
  absl::StatusOr<rpc::Answer> Why(const rpc::Call& call) const;
  void OfNode(const rpc::Call& call, const rpc::Reply& reply);
  void Unused(const rpc::Reply& reply);
  void Sweep(const rpc::Call& call, const rpc::Reply& reply);
  absl::Status CheckNode(const std::string& node) const;
  using Decide = absl::StatusOr<pool::Grant> (pool::Pool::*)(
      std::optional<base::Ipv4>, absl::Time) const;
  absl::StatusOr<rpc::Answer> Move(
      const absl::StatusOr<rpc::AddressRequest>& request, Decide decide);
  // What the VPC lists, by SubnetPool::name.
  using Listed = std::map<std::string, std::vector<base::Ipv4>>;
  void GiveBack(const rpc::Call& call, const rpc::Reply& reply);
  void GiveBackListed(const std::vector<base::Ipv4>& wanted,
                      const absl::StatusOr<Listed>& listed,
                      const rpc::Reply& reply);
  absl::Status BeginToGiveBack(base::Ipv4 ip,
                               const absl::StatusOr<Listed>& listed);
  void ListThen(std::function<void(absl::StatusOr<Listed>)> then);
  void AnswerWaiting();

  Parts parts_;
  const absl::Time started_;
  std::list<Waiting> waiting_;
  base::Timer timer_;
  base::Workers worker_{1};
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_ADMIN_H_
