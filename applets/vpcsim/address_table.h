#ifndef CNIVPC_APPLETS_VPCSIM_ADDRESS_TABLE_H_
#define CNIVPC_APPLETS_VPCSIM_ADDRESS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "base/address.h"

namespace applets::vpcsim {

// Who has which address of a subnet: a bit an address, and a row of a few bytes
// for those that are taken. The network, the gateway (the second address) and
// the broadcast address are nobody's and never free.
class AddressTable {
 public:
  // Subnets the cloud makes; the longest still has four addresses to give.
  static constexpr int kShortestPrefix = 8;
  static constexpr int kLongestPrefix = 29;

  // An owner, and where it keeps the address (for its own use).
  struct Row {
    uint32_t owner = 0;
    uint32_t slot = 0;
  };

  // The prefix has one of the lengths above.
  explicit AddressTable(base::Ipv4Prefix prefix);

  bool IsReserved(base::Ipv4 address) const;
  // Null when nobody has it. Valid until the next change.
  Row* Find(base::Ipv4 address);
  const Row* Find(base::Ipv4 address) const;

  // The address is of the subnet, isn't reserved, and nobody has it.
  void Take(base::Ipv4 address, Row row);
  // Somebody has it.
  void Free(base::Ipv4 address);

  // The first free address from the cursor on, round the subnet, which takes
  // the cursor behind it: so an address rests as long as possible before it is
  // given again. None when the subnet is full.
  std::optional<base::Ipv4> NextFree();
  base::Ipv4 cursor() const { return At(cursor_); }
  // Of the subnet.
  void SetCursor(base::Ipv4 next);

  size_t available() const { return available_; }
  // All that are taken, in order.
  void ForEach(absl::FunctionRef<void(base::Ipv4, Row)> visit) const;

 private:
  uint32_t Index(base::Ipv4 address) const {
    return address.bits() - prefix_.first().bits();
  }
  base::Ipv4 At(uint32_t index) const {
    return base::Ipv4(prefix_.first().bits() + index);
  }
  void Mark(uint32_t index) { taken_[index / 64] |= uint64_t{1} << index % 64; }
  std::optional<uint32_t> FirstFree(uint32_t from) const;

  base::Ipv4Prefix prefix_;
  uint32_t size_;
  uint32_t cursor_ = 0;
  size_t available_ = 0;
  std::vector<uint64_t> taken_;  // and reserved
  absl::flat_hash_map<base::Ipv4, Row> rows_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_ADDRESS_TABLE_H_
