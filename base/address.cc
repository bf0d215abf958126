#include "base/address.h"

#include <arpa/inet.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace base {
namespace {

absl::Status NotA(absl::string_view what, absl::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("not ", what, ": \"", text, "\""));
}

// A decimal number of 0 to `max` without sign, blanks or leading zeros.
bool ParseNumber(absl::string_view text, int max, int* value) {
  if (text.empty() || text.size() > 3) return false;
  if (text.size() > 1 && text[0] == '0') return false;
  *value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    *value = *value * 10 + (c - '0');
  }
  return *value <= max;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

absl::StatusOr<Ipv4> Ipv4::Parse(absl::string_view text) {
  uint32_t bits = 0;
  int parts = 0;
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    int value = 0;
    if (++parts > 4 || !ParseNumber(part, 255, &value)) {
      return NotA("an IPv4 address", text);
    }
    bits = bits << 8 | static_cast<uint32_t>(value);
  }
  if (parts != 4) return NotA("an IPv4 address", text);
  return Ipv4(bits);
}

uint32_t Ipv4::network_order() const { return htonl(bits_); }

Ipv4 Ipv4::FromNetworkOrder(uint32_t value) { return Ipv4(ntohl(value)); }

std::string Ipv4::ToString() const {
  return absl::StrCat(bits_ >> 24, ".", bits_ >> 16 & 255, ".",
                      bits_ >> 8 & 255, ".", bits_ & 255);
}

absl::StatusOr<Ipv4Prefix> Ipv4Prefix::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  int length = 0;
  if (slash == absl::string_view::npos ||
      !ParseNumber(text.substr(slash + 1), 32, &length)) {
    return NotA("an IPv4 prefix", text);
  }
  const auto address = Ipv4::Parse(text.substr(0, slash));
  if (!address.ok()) return NotA("an IPv4 prefix", text);
  const Ipv4Prefix prefix = Containing(*address, length);
  if (prefix.first() != *address) {
    return absl::InvalidArgumentError(absl::StrCat("host bits are set in \"",
                                                   text, "\"; did you mean ",
                                                   prefix.ToString(), "?"));
  }
  return prefix;
}

Ipv4Prefix Ipv4Prefix::Containing(Ipv4 address, int length) {
  Ipv4Prefix prefix(address, length);
  prefix.first_ = Ipv4(address.bits() & prefix.mask());
  return prefix;
}

std::string Ipv4Prefix::ToString() const {
  return absl::StrCat(first_.ToString(), "/", length_);
}

absl::StatusOr<Mac> Mac::Parse(absl::string_view text) {
  if (text.size() != 17) return NotA("a MAC address", text);
  std::array<uint8_t, 6> bytes;
  for (size_t i = 0; i < 6; ++i) {
    const int high = HexDigit(text[3 * i]);
    const int low = HexDigit(text[3 * i + 1]);
    if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':')) {
      return NotA("a MAC address", text);
    }
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return Mac(bytes);
}

Mac Mac::LocallyAdministered(uint64_t random_bits) {
  std::array<uint8_t, 6> bytes;
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(random_bits);
    random_bits >>= 8;
  }
  bytes[0] = static_cast<uint8_t>((bytes[0] & 0xfc) | 0x02);
  return Mac(bytes);
}

std::string Mac::ToString() const {
  return absl::StrFormat("%02x:%02x:%02x:%02x:%02x:%02x", bytes_[0], bytes_[1],
                         bytes_[2], bytes_[3], bytes_[4], bytes_[5]);
}

}  // namespace base
