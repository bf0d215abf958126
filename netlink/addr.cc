#include "netlink/addr.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace netlink {
namespace {

constexpr AttributePolicy kPolicy[] = {
    {IFA_ADDRESS, AttributeKind::kU32},
    {IFA_LOCAL, AttributeKind::kU32},
    {IFA_FLAGS, AttributeKind::kU32},
};

ifaddrmsg Header(const InterfaceAddress& address) {
  ifaddrmsg header = {};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = static_cast<uint8_t>(address.prefix_length);
  header.ifa_scope = address.scope;
  header.ifa_index = address.ifindex;
  return header;
}

Request AddressRequest(uint16_t type, uint16_t flags,
                       const InterfaceAddress& address) {
  Request request(type, flags);
  request.PutHeader(Header(address))
      .PutIpv4(IFA_LOCAL, address.address)
      .PutIpv4(IFA_ADDRESS, address.address);
  if (address.flags != 0) request.PutU32(IFA_FLAGS, address.flags);
  return request;
}

}  // namespace

absl::StatusOr<InterfaceAddress> ParseAddress(const Message& message) {
  ASSIGN_OR_RETURN(const auto header, message.FamilyHeader<ifaddrmsg>());
  if ((message.type != RTM_NEWADDR && message.type != RTM_DELADDR) ||
      header.ifa_family != AF_INET || header.ifa_prefixlen > 32) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " is no IPv4 address"));
  }
  ASSIGN_OR_RETURN(const auto attributes,
                   AttributesAfter(message, sizeof(header), kPolicy));
  // IFA_ADDRESS is the far end's on a point-to-point link (linux/if_addr.h).
  const auto address = attributes.Has(IFA_LOCAL) ? attributes.Ipv4(IFA_LOCAL)
                                                 : attributes.Ipv4(IFA_ADDRESS);
  if (!address) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " without an address"));
  }
  return InterfaceAddress{
      .ifindex = header.ifa_index,
      .address = *address,
      .prefix_length = header.ifa_prefixlen,
      .scope = header.ifa_scope,
      .flags = attributes.U32(IFA_FLAGS).value_or(header.ifa_flags)};
}

Request AddAddress(const InterfaceAddress& address) {
  return AddressRequest(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address);
}

Request RemoveAddress(const InterfaceAddress& address) {
  return AddressRequest(RTM_DELADDR, 0, address);
}

absl::StatusOr<std::vector<InterfaceAddress>> ListAddresses(Socket& socket,
                                                            uint32_t ifindex) {
  Request request(RTM_GETADDR, 0);
  ifaddrmsg header = {};
  header.ifa_family = AF_INET;
  header.ifa_index = ifindex;
  request.PutHeader(header);
  std::vector<InterfaceAddress> addresses;
  RETURN_IF_ERROR(socket.Dump(request, [&](const Message& message) {
    auto address = ParseAddress(message);
    if (address.ok()) addresses.push_back(*address);
    return address.status();
  }));
  return addresses;
}

}  // namespace netlink
