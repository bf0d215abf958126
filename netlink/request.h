#ifndef CNIVPC_NETLINK_REQUEST_H_
#define CNIVPC_NETLINK_REQUEST_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/address.h"

struct nlmsghdr;

namespace netlink {

// One rtnetlink request being written (rtnetlink(7)): a netlink header, a
// family header such as ifinfomsg, then attributes. A value: it owns its bytes
// and touches no socket, so that what is sent can be asserted in a test.
//
//   0        4     6      8      12     16
//   | length |type |flags | seq  | port | family header | attribute | ... |
//
//   attribute:  | length 2 | type 2 | payload | padding to 4 |
class Request {
 public:
  // Longer than any request of ours: an alias of 255 bytes and a veth pair.
  static constexpr size_t kMaxBytes = 1024;

  // `type` is RTM_NEWLINK and so on; NLM_F_REQUEST is added to `flags`.
  Request(uint16_t type, uint16_t flags);

  // Appends the family header (ifinfomsg, ifaddrmsg, rtmsg, fib_rule_hdr,
  // ndmsg, or the ifinfomsg of a veth's peer inside a nest).
  template <typename Header>
  Request& PutHeader(const Header& header) {
    return PutRaw(&header, sizeof(header));
  }
  Request& PutU8(uint16_t attribute, uint8_t value);
  Request& PutU32(uint16_t attribute, uint32_t value);
  Request& PutIpv4(uint16_t attribute, base::Ipv4 value);
  Request& PutMac(uint16_t attribute, const base::Mac& value);
  // With the terminating NUL that the kernel expects of names.
  Request& PutString(uint16_t attribute, absl::string_view value);
  // Without one, as the kernel wants an alias.
  Request& PutText(uint16_t attribute, absl::string_view value);
  // An attribute whose payload is what `body` puts.
  Request& PutNest(uint16_t attribute, absl::FunctionRef<void(Request&)> body);

  uint16_t type() const;
  uint16_t flags() const;
  // What did not fit kMaxBytes was left out: such a request must not be sent;
  // Socket refuses it with ResourceExhausted.
  bool overflowed() const { return overflowed_; }
  // Header included, padded to 4; the length field agrees.
  absl::Span<const char> bytes() const;

 private:
  Request& PutRaw(const void* data, size_t size);
  Request& Put(uint16_t attribute, const void* data, size_t size);
  nlmsghdr* header();
  const nlmsghdr* header() const;

  alignas(8) char buffer_[kMaxBytes];
  bool overflowed_ = false;
};

// Several requests in one buffer, to go out in one send. Each asks for its own
// acknowledgement (NLM_F_ACK); the socket numbers them when it sends. The
// kernel works through all of them in order and does not stop at one that
// fails, nor for a signal: a process that is killed leaves all done or none.
class Batch {
 public:
  // The acknowledgements of so many wait in a receive buffer without overflow;
  // Socket sends a longer batch in pieces.
  static constexpr size_t kMaxRequestsPerSend = 256;

  Batch& Add(const Request& request);

  size_t size() const { return offsets_.size(); }
  bool empty() const { return offsets_.empty(); }
  // The bytes of request `index` within the buffer.
  absl::Span<const char> bytes(size_t index) const;
  // Type of request `index`, RTM_NEWLINK for one.
  uint16_t type(size_t index) const;
  bool overflowed() const { return overflowed_; }

  // The bytes of requests [first, first + count), which are then numbered
  // from `sequence` on.
  absl::Span<const char> Number(size_t first, size_t count, uint32_t sequence);

 private:
  std::string buffer_;
  std::vector<size_t> offsets_;  // where each request begins
  bool overflowed_ = false;
};

// "RTM_NEWLINK" for RTM_NEWLINK; "message type N" for what we never send.
std::string TypeName(uint16_t type);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_REQUEST_H_
