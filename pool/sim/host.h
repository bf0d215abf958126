#ifndef CNIVPC_POOL_SIM_HOST_H_
#define CNIVPC_POOL_SIM_HOST_H_

#include <map>
#include <set>
#include <vector>

#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "pool/recovery.h"
#include "pool/sim/world.h"

namespace pool::sim {

// A node's kernel: pods' networks, connections, clocks. It survives ipamd.
class Host {
 public:
  Host(World& world, int id);

  void LinkUp(const base::Attachment& attachment, base::Ipv4 ip);
  // The link's address, if there was one.
  void LinkDown(const base::Attachment& attachment);
  bool Has(const base::Attachment& attachment) const {
    return links_.contains(attachment);
  }
  const std::map<base::Attachment, base::Ipv4>& links() const { return links_; }
  std::vector<User> users() const;

  // Connections with the address go on until then.
  void KeepFlows(base::Ipv4 ip, absl::Time until);
  // ... but none longer than until then.
  void EndFlows(absl::Time by);
  std::set<base::Ipv4> WithFlows(const std::vector<base::Ipv4>& ips) const;

  // Everything of the kernel's is gone and CLOCK_BOOTTIME begins anew.
  void Reboot();
  // How often that happened.
  int boot() const { return boot_; }
  absl::Duration boottime() const { return world_.agenda.now() - booted_at_; }

  absl::Time wall() const { return world_.agenda.now() + clock_error_; }
  absl::Duration clock_error() const { return clock_error_; }
  void SetClock(absl::Duration error) { clock_error_ = error; }

 private:
  World& world_;
  const int id_;
  std::map<base::Attachment, base::Ipv4> links_;
  std::map<base::Ipv4, absl::Time> flows_until_;
  absl::Time booted_at_;
  int boot_ = 0;
  absl::Duration clock_error_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_HOST_H_
