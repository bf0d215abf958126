#include "applets/vpcsim/address_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <glog/logging.h>

namespace applets::vpcsim {

AddressTable::AddressTable(base::Ipv4Prefix prefix)
    : prefix_(prefix),
      size_(uint32_t{1} << (32 - prefix.length())),
      taken_((size_ + 63) / 64) {
  CHECK(prefix.length() >= kShortestPrefix && prefix.length() <= kLongestPrefix)
      << prefix.ToString();
  Mark(0);
  Mark(1);
  Mark(size_ - 1);
  // A word's bits behind the end of a small subnet.
  for (uint32_t i = size_; i < taken_.size() * 64; ++i) Mark(i);
  available_ = size_ - 3;
  cursor_ = 2;
}

bool AddressTable::IsReserved(base::Ipv4 address) const {
  const uint32_t index = Index(address);
  return index < 2 || index == size_ - 1;
}

AddressTable::Row* AddressTable::Find(base::Ipv4 address) {
  const auto it = rows_.find(address);
  return it == rows_.end() ? nullptr : &it->second;
}

const AddressTable::Row* AddressTable::Find(base::Ipv4 address) const {
  const auto it = rows_.find(address);
  return it == rows_.end() ? nullptr : &it->second;
}

void AddressTable::Take(base::Ipv4 address, Row row) {
  CHECK(prefix_.Contains(address) && !IsReserved(address));
  CHECK(rows_.emplace(address, row).second) << address.ToString();
  Mark(Index(address));
  --available_;
}

void AddressTable::Free(base::Ipv4 address) {
  CHECK_EQ(rows_.erase(address), 1U) << address.ToString();
  taken_[Index(address) / 64] &= ~(uint64_t{1} << Index(address) % 64);
  ++available_;
}

std::optional<base::Ipv4> AddressTable::NextFree() {
  if (available_ == 0) return std::nullopt;
  std::optional<uint32_t> index = FirstFree(cursor_);
  if (!index) index = FirstFree(0);
  CHECK(index);
  cursor_ = (*index + 1) % size_;
  return At(*index);
}

void AddressTable::SetCursor(base::Ipv4 next) {
  CHECK(prefix_.Contains(next));
  cursor_ = Index(next);
}

std::optional<uint32_t> AddressTable::FirstFree(uint32_t from) const {
  uint64_t skipped = (uint64_t{1} << from % 64) - 1;
  for (size_t word = from / 64; word < taken_.size(); ++word) {
    const uint64_t busy = taken_[word] | std::exchange(skipped, 0);
    if (~busy == 0) continue;
    return static_cast<uint32_t>(word * 64) + std::countr_one(busy);
  }
  return std::nullopt;
}

void AddressTable::ForEach(
    absl::FunctionRef<void(base::Ipv4, Row)> visit) const {
  std::vector<base::Ipv4> addresses;
  addresses.reserve(rows_.size());
  for (const auto& [address, row] : rows_) addresses.push_back(address);
  std::sort(addresses.begin(), addresses.end());
  for (const base::Ipv4 address : addresses) {
    visit(address, rows_.find(address)->second);
  }
}

}  // namespace applets::vpcsim
