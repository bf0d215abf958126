#ifndef CNIVPC_APPLETS_IPAMD_BULLETIN_H_
#define CNIVPC_APPLETS_IPAMD_BULLETIN_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "applets/ipamd/publisher.h"
#include "applets/ipamd/subnet_pool.h"
#include "base/address.h"
#include "base/loop.h"
#include "kube/client.h"
#include "kube/custom_resources.h"

namespace applets::ipamd {

// Sees to it that a pool's Ipamd resource says how the pool is doing. Lives on
// the loop's thread.
class Bulletin {
 public:
  // Writes it on another thread, then calls `done` on the loop's.
  using Write = std::function<void(
      const Publisher::Call&, std::function<void(const absl::Status&)> done)>;

  // `name`: of the resource. `address`: of the node, where its ipamd listens to
  // others.
  Bulletin(base::Loop& loop, const SubnetPool& pool, std::string name,
           base::Ipv4 address, Write write);

  // Begins.
  void Publish();
  // The pool has changed.
  void OnRecords();

  const SubnetPool& pool() const { return pool_; }
  const std::string& name() const { return name_; }

 private:
  kube::Ipamd Describe() const;

  const SubnetPool& pool_;
  const std::string name_;
  const base::Ipv4 address_;
  const Write write_;
  Publisher publisher_;
  base::Timer timer_;
  // What others have promised to call is left undone when it is gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

// NODE-POOL, by SubnetPool::name: of a further interface's.
std::string FurtherIpamdName(const std::string& node, const SubnetPool& pool);

// Who this node is as an Ipamd resource, by that name. Blocks. `call.adopt`: it
// is made if it is missing, and belongs to the node afterwards.
absl::Status WriteIpamd(kube::Client& client, const Publisher::Call& call);
// OK, too, if it isn't there. Blocks.
absl::Status DeleteIpamd(kube::Client& client, const std::string& name);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_BULLETIN_H_
