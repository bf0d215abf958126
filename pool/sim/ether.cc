#include "pool/sim/ether.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace pool::sim {

void Ether::Remove(Nodes& nodes, int node, base::Ipv4 ip) {
  const auto it = nodes.find(ip);
  if (it == nodes.end()) return;
  const auto one = std::find(it->second.begin(), it->second.end(), node);
  if (one != it->second.end()) it->second.erase(one);
  if (it->second.empty()) nodes.erase(it);
}

std::string Ether::WhoElse(int node, base::Ipv4 ip) const {
  if (cloud_.IsSquatted(ip)) return "a stranger";
  for (const Nodes* nodes : {&users_, &probers_}) {
    const auto it = nodes->find(ip);
    if (it == nodes->end()) continue;
    for (const int other : it->second) {
      if (other != node) return absl::StrCat("node ", other);
    }
  }
  return "";
}

}  // namespace pool::sim
