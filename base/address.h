#ifndef CNIVPC_BASE_ADDRESS_H_
#define CNIVPC_BASE_ADDRESS_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace base {

// An IPv4 address: a value, parsed once at the edge and never a string again.
class Ipv4 {
 public:
  constexpr Ipv4() = default;
  // `bits` in host order: 10.0.0.1 is 0x0a000001.
  explicit constexpr Ipv4(uint32_t bits) : bits_(bits) {}

  // Exactly four decimal numbers without leading zeros; InvalidArgument else.
  static absl::StatusOr<Ipv4> Parse(absl::string_view text);

  constexpr uint32_t bits() const { return bits_; }
  // In network byte order, as sockets and netlink attributes carry it.
  uint32_t network_order() const;
  static Ipv4 FromNetworkOrder(uint32_t value);
  std::string ToString() const;

  friend constexpr auto operator<=>(Ipv4, Ipv4) = default;
  template <typename H>
  friend H AbslHashValue(H h, Ipv4 a) {
    return H::combine(std::move(h), a.bits_);
  }

 private:
  uint32_t bits_ = 0;
};

// An IPv4 prefix whose host bits are zero: 10.0.0.0/16.
class Ipv4Prefix {
 public:
  constexpr Ipv4Prefix() = default;

  // "a.b.c.d/n", n from 0 to 32. Host bits must be zero; InvalidArgument else.
  static absl::StatusOr<Ipv4Prefix> Parse(absl::string_view text);
  // The prefix of `length` bits that holds `address`; length is 0 to 32.
  static Ipv4Prefix Containing(Ipv4 address, int length);

  constexpr Ipv4 first() const { return first_; }
  constexpr Ipv4 last() const { return Ipv4(first_.bits() | ~mask()); }
  constexpr int length() const { return length_; }
  constexpr bool Contains(Ipv4 a) const {
    return (a.bits() & mask()) == first_.bits();
  }
  std::string ToString() const;

  friend constexpr bool operator==(Ipv4Prefix, Ipv4Prefix) = default;

 private:
  constexpr Ipv4Prefix(Ipv4 first, int length)
      : first_(first), length_(length) {}
  constexpr uint32_t mask() const {
    return length_ == 0 ? 0 : ~uint32_t{0} << (32 - length_);
  }

  Ipv4 first_;
  int length_ = 0;
};

// A 48-bit Ethernet address.
class Mac {
 public:
  constexpr Mac() = default;
  explicit constexpr Mac(std::array<uint8_t, 6> bytes) : bytes_(bytes) {}

  // Six pairs of hex digits with colons, upper or lower case.
  static absl::StatusOr<Mac> Parse(absl::string_view text);
  // A unicast, locally administered address (IEEE 802: second bit of the first
  // byte) from 48 random bits.
  static Mac LocallyAdministered(uint64_t random_bits);

  constexpr const std::array<uint8_t, 6>& bytes() const { return bytes_; }
  // Lower case, as the kernel and CNI results have it.
  std::string ToString() const;

  friend constexpr auto operator<=>(const Mac&, const Mac&) = default;

 private:
  std::array<uint8_t, 6> bytes_ = {};
};

}  // namespace base

#endif  // CNIVPC_BASE_ADDRESS_H_
