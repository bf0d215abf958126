#include "pool/sim/table.h"

#include <algorithm>

#include "glog/logging.h"

namespace pool::sim {

using base::Ipv4;

Table::Table(const Layout& layout)
    : layout_(layout),
      owners_(layout.address_count(), kNobody),
      nodes_(layout.nodes().size()),
      free_(layout.subnets().size()),
      places_(layout.address_count()) {
  for (size_t s = 0; s < free_.size(); ++s) {
    const SubnetTraits& subnet = layout.subnets()[s];
    for (size_t i = 0; i < subnet.size; ++i) {
      places_[subnet.first + i] = i;
      free_[s].push_back(Layout::AddressAt(subnet.first + i));
    }
  }
}

size_t Table::SubnetOf(size_t index) const {
  const auto& subnets = layout_.subnets();
  const auto after = std::upper_bound(
      subnets.begin(), subnets.end(), index,
      [](size_t i, const SubnetTraits& subnet) { return i < subnet.first; });
  return static_cast<size_t>(after - subnets.begin()) - 1;
}

std::vector<Ipv4> Table::Of(int node, absl::Duration lag,
                            absl::Time now) const {
  const Holding& holding = nodes_[static_cast<size_t>(node)];
  std::vector<Ipv4> ips = holding.ips;
  for (auto it = holding.changes.rbegin();
       it != holding.changes.rend() && it->at > now - lag; ++it) {
    if (it->came) {
      std::erase(ips, it->ip);
    } else {
      ips.push_back(it->ip);
    }
  }
  return ips;
}

std::optional<Ipv4> Table::AnyFree(size_t subnet, Dice& dice) const {
  const std::vector<Ipv4>& free = free_[subnet];
  if (free.empty()) return std::nullopt;
  if (layout_.subnets()[subnet].pick == Pick::kLatest) return free.back();
  return free[dice.Below(free.size())];
}

void Table::SetOwner(Ipv4 ip, int node, absl::Time now) {
  const size_t index = Layout::IndexOf(ip);
  const int before = owners_[index];
  CHECK_NE(before, node);
  std::vector<Ipv4>& free = free_[SubnetOf(index)];
  if (before == kNobody) {
    const size_t place = places_[index];
    free[place] = free.back();
    places_[Layout::IndexOf(free[place])] = place;
    free.pop_back();
  } else {
    Note(before, ip, false, now);
  }
  owners_[index] = node;
  if (node == kNobody) {
    places_[index] = free.size();
    free.push_back(ip);
  } else {
    Note(node, ip, true, now);
  }
}

void Table::Note(int node, Ipv4 ip, bool came, absl::Time now) {
  Holding& holding = nodes_[static_cast<size_t>(node)];
  if (came) {
    holding.ips.push_back(ip);
  } else {
    std::erase(holding.ips, ip);
  }
  while (!holding.changes.empty() &&
         holding.changes.front().at < now - kMaxLag) {
    holding.changes.pop_front();
  }
  holding.changes.push_back({now, ip, came});
}

}  // namespace pool::sim
