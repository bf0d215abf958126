#include "applets/ipamd/pools.h"

#include <algorithm>
#include <utility>

namespace applets::ipamd {
namespace {

template <typename Condition>
SubnetPool* First(const std::vector<std::unique_ptr<SubnetPool>>& pools,
                  const Condition& condition) {
  const auto it = std::find_if(pools.begin(), pools.end(), condition);
  return it == pools.end() ? nullptr : it->get();
}

}  // namespace

SubnetPool& Pools::Add(std::unique_ptr<SubnetPool> further) {
  all_.push_back(std::move(further));
  return *all_.back();
}

void Pools::Remove(const SubnetPool& further) {
  std::erase_if(all_, [&](const auto& pool) { return pool.get() == &further; });
}

SubnetPool* Pools::Find(const std::string& name) const {
  return First(all_, [&](const auto& pool) { return pool->name() == name; });
}

SubnetPool* Pools::HolderOf(const base::Attachment& attachment) const {
  return First(all_, [&](const auto& pool) {
    return pool->pool().Find(attachment) != nullptr;
  });
}

SubnetPool* Pools::HolderOf(base::Ipv4 address) const {
  return First(all_, [&](const auto& pool) {
    return pool->pool().Find(address) != nullptr;
  });
}

SubnetPool* Pools::ForbidderOf(const base::Attachment& attachment,
                               absl::Duration started_at) const {
  return First(all_, [&](const auto& pool) {
    const auto& graves = pool->pool().tombstones();
    const auto grave = graves.find(attachment);
    return grave != graves.end() && started_at <= grave->second.buried_at;
  });
}

bool Pools::IsOthers(const SubnetPool* mine, base::Ipv4 address) const {
  const bool near = mine != nullptr && mine->prefix().Contains(address);
  return First(all_, [&](const auto& pool) {
           if (pool.get() == mine) return false;
           return pool->pool().Find(address) != nullptr ||
                  (!near && pool->prefix().Contains(address));
         }) != nullptr;
}

bool Pools::IsGuarded(const base::Attachment& attachment) const {
  return First(all_, [&](const auto& pool) {
           return pool->desk().IsGuarded(attachment);
         }) != nullptr;
}

bool Pools::AreLost() const {
  return First(all_, [](const auto& pool) {
           return pool->keeper().steward().needs_rebuild();
         }) != nullptr;
}

std::vector<uint32_t> Pools::Interfaces() const {
  std::vector<uint32_t> interfaces;
  for (const auto& pool : all_) {
    if (pool->node().ifindex != 0) interfaces.push_back(pool->node().ifindex);
  }
  return interfaces;
}

}  // namespace applets::ipamd
