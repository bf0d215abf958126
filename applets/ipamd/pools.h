#ifndef CNIVPC_APPLETS_IPAMD_POOLS_H_
#define CNIVPC_APPLETS_IPAMD_POOLS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "applets/ipamd/subnet_pool.h"
#include "base/address.h"
#include "base/attachment.h"

namespace applets::ipamd {

// The pools of all the node's interfaces: its own, and those of further ones.
// Owns them. Lives on the loop's thread.
class Pools {
 public:
  explicit Pools(std::unique_ptr<SubnetPool> own) {
    all_.push_back(std::move(own));
  }

  SubnetPool& own() const { return *all_.front(); }
  // The node's own first.
  const std::vector<std::unique_ptr<SubnetPool>>& all() const { return all_; }

  SubnetPool& Add(std::unique_ptr<SubnetPool> further);
  void Remove(const SubnetPool& further);
  // By SubnetPool::name; null if there is none.
  SubnetPool* Find(const std::string& name) const;

  // Who has a lease for it; null if nobody has.
  SubnetPool* HolderOf(const base::Attachment& attachment) const;
  // Whose address it is; null if nobody's.
  SubnetPool* HolderOf(base::Ipv4 address) const;
  // The same, or the node's own.
  template <typename Key>
  SubnetPool& HolderOrOwn(const Key& key) const {
    SubnetPool* holder = HolderOf(key);
    return holder == nullptr ? own() : *holder;
  }
  // Whose DEL of that attachment forbids an ADD that began at that time (by
  // CLOCK_BOOTTIME); null if none.
  SubnetPool* ForbidderOf(const base::Attachment& attachment,
                          absl::Duration started_at) const;

  // Whether a pod's address is of another pool than `mine`, as far as pools and
  // the prefixes of their interfaces tell.
  bool IsOthers(const SubnetPool* mine, base::Ipv4 address) const;

  bool IsGuarded(const base::Attachment& attachment) const;
  // A store was lost, and what it had isn't known again yet.
  bool AreLost() const;
  // The interfaces' numbers, those that are there.
  std::vector<uint32_t> Interfaces() const;

 private:
  std::vector<std::unique_ptr<SubnetPool>> all_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_POOLS_H_
