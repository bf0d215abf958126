#ifndef CNIVPC_NETLINK_MESSAGE_H_
#define CNIVPC_NETLINK_MESSAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/address.h"

namespace netlink {

// One received message, borrowed: it is valid while the bytes it was cut from
// are. The layout is drawn in request.h.
struct Message {
  uint16_t type = 0;
  uint16_t flags = 0;
  uint32_t sequence = 0;
  absl::Span<const char> payload;  // family header and attributes

  // The family header at the start of the payload; InvalidArgument when the
  // payload is shorter than that.
  template <typename Header>
  absl::StatusOr<Header> FamilyHeader() const {
    if (payload.size() < sizeof(Header)) return TooShort(sizeof(Header));
    Header header;
    std::memcpy(&header, payload.data(), sizeof(Header));
    return header;
  }
  absl::Status TooShort(size_t wanted_bytes) const;
};

// Cuts a datagram into messages. InvalidArgument when a length field is less
// than a header or reaches past the end, or when bytes are left over.
absl::StatusOr<std::vector<Message>> SplitMessages(
    absl::Span<const char> datagram);

// What an attribute must look like to be taken.
enum class AttributeKind : uint8_t { kU8, kU32, kI32, kString, kBytes, kNest };
struct AttributePolicy {
  uint16_t type;
  AttributeKind kind;
  // Shortest kBytes payload; the other kinds have their own.
  uint16_t min_bytes = 0;
};

// The attributes of one message or nest, checked against a policy and indexed
// by type. Borrowed like Message. Types the policy doesn't name are skipped: a
// newer kernel may send them. Of a type that comes twice the last one counts,
// as in the kernel's own parser.
class Attributes {
 public:
  // Highest attribute type a policy can name; a limit on the index below.
  static constexpr uint16_t kMaxType = 64;

  // InvalidArgument names the attribute that is too short, overlong, or, for a
  // string, without a NUL, or the bytes left over at the end.
  static absl::StatusOr<Attributes> Parse(
      absl::Span<const char> bytes, absl::Span<const AttributePolicy> policy);

  bool Has(uint16_t type) const;
  // Empty where the attribute is missing.
  std::optional<uint8_t> U8(uint16_t type) const;
  std::optional<uint32_t> U32(uint16_t type) const;
  std::optional<int32_t> I32(uint16_t type) const;
  std::optional<base::Ipv4> Ipv4(uint16_t type) const;
  std::optional<base::Mac> Mac(uint16_t type) const;  // 6 bytes, else empty
  absl::string_view String(uint16_t type) const;      // without the NUL
  absl::Span<const char> Bytes(uint16_t type) const;

 private:
  std::array<absl::Span<const char>, kMaxType + 1> values_;
};

// The attributes that follow a family header of `header_bytes`.
absl::StatusOr<Attributes> AttributesAfter(
    const Message& message, size_t header_bytes,
    absl::Span<const AttributePolicy> policy);

// NLMSG_ERROR: the answer to a request (netlink(7)); error 0 acknowledges.
struct Acknowledgement {
  int error_number = 0;  // positive
  std::string text;      // the kernel's extended acknowledgement, or empty
};
absl::StatusOr<Acknowledgement> ParseAcknowledgement(const Message& message);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_MESSAGE_H_
