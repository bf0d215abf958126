#ifndef CNIVPC_POOL_SIM_TABLE_H_
#define CNIVPC_POOL_SIM_TABLE_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "base/address.h"
#include "pool/sim/dice.h"
#include "pool/sim/layout.h"

namespace pool::sim {

inline constexpr int kNobody = -1;

// Which node the VPC counts each address as, now and a little while ago.
class Table {
 public:
  // As old as reads may be.
  static constexpr absl::Duration kMaxLag = absl::Seconds(8);

  explicit Table(const Layout& layout);

  int OwnerOf(base::Ipv4 ip) const { return owners_[Layout::IndexOf(ip)]; }
  const std::vector<base::Ipv4>& Of(int node) const {
    return nodes_[static_cast<size_t>(node)].ips;
  }
  // The node's as they were `lag` ago.
  std::vector<base::Ipv4> Of(int node, absl::Duration lag,
                             absl::Time now) const;
  size_t FreeIn(size_t subnet) const { return free_[subnet].size(); }

  // One that nobody has; nullopt if there is none.
  std::optional<base::Ipv4> AnyFree(size_t subnet, Dice& dice) const;
  // The owner must be another one than before.
  void SetOwner(base::Ipv4 ip, int node, absl::Time now);

 private:
  struct Change {
    absl::Time at;
    base::Ipv4 ip;
    bool came = false;
  };
  struct Holding {
    std::vector<base::Ipv4> ips;
    std::deque<Change> changes;  // of the last kMaxLag
  };

  void Note(int node, base::Ipv4 ip, bool came, absl::Time now);
  size_t SubnetOf(size_t index) const;

  const Layout& layout_;
  std::vector<int> owners_;
  std::vector<Holding> nodes_;
  // By subnet; the one that came back last is the last one. `places_` is where
  // an address is in it.
  std::vector<std::vector<base::Ipv4>> free_;
  std::vector<size_t> places_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_TABLE_H_
