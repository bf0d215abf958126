#include "netlink/neigh.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace netlink {
namespace {

constexpr AttributePolicy kPolicy[] = {
    {NDA_DST, AttributeKind::kU32},
    {NDA_LLADDR, AttributeKind::kBytes},
};

// Two kinds of entry share the messages.
enum class Table : uint8_t { kNeighbors = 0, kProxies = NTF_PROXY };

Request NeighborRequest(uint16_t type, Table table, uint32_t ifindex,
                        base::Ipv4 address) {
  ndmsg header = {};
  header.ndm_family = AF_INET;
  header.ndm_ifindex = static_cast<int>(ifindex);
  header.ndm_flags = static_cast<uint8_t>(table);
  const uint16_t flags = type == RTM_NEWNEIGH ? NLM_F_CREATE : 0;
  return Request(type, flags).PutHeader(header).PutIpv4(NDA_DST, address);
}

absl::StatusOr<Neighbor> Get(Socket& socket, const Request& request) {
  Neighbor neighbor;
  RETURN_IF_ERROR(socket.Get(request, [&](const Message& message) {
    auto parsed = ParseNeighbor(message);
    if (parsed.ok()) neighbor = *parsed;
    return parsed.status();
  }));
  return neighbor;
}

absl::StatusOr<std::vector<Neighbor>> List(Socket& socket, Table table,
                                           uint32_t ifindex) {
  ndmsg header = {};
  header.ndm_family = AF_INET;
  header.ndm_flags = static_cast<uint8_t>(table);
  Request request(RTM_GETNEIGH, 0);
  request.PutHeader(header);
  if (ifindex != 0) request.PutU32(NDA_IFINDEX, ifindex);
  std::vector<Neighbor> neighbors;
  RETURN_IF_ERROR(socket.Dump(request, [&](const Message& message) {
    auto neighbor = ParseNeighbor(message);
    if (neighbor.ok()) neighbors.push_back(*neighbor);
    return neighbor.status();
  }));
  return neighbors;
}

}  // namespace

bool Neighbor::permanent() const { return state & NUD_PERMANENT; }

absl::StatusOr<Neighbor> ParseNeighbor(const Message& message) {
  ASSIGN_OR_RETURN(const auto header, message.FamilyHeader<ndmsg>());
  if ((message.type != RTM_NEWNEIGH && message.type != RTM_DELNEIGH) ||
      header.ndm_family != AF_INET) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " is no IPv4 neighbour"));
  }
  ASSIGN_OR_RETURN(const auto attributes,
                   AttributesAfter(message, sizeof(header), kPolicy));
  const auto address = attributes.Ipv4(NDA_DST);
  if (!address) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " without an address"));
  }
  return Neighbor{.ifindex = static_cast<uint32_t>(header.ndm_ifindex),
                  .address = *address,
                  .mac = attributes.Mac(NDA_LLADDR),
                  .state = header.ndm_state,
                  .proxy = (header.ndm_flags & NTF_PROXY) != 0};
}

Request SetPermanentNeighbor(uint32_t ifindex, base::Ipv4 address,
                             const base::Mac& mac) {
  ndmsg header = {};
  header.ndm_family = AF_INET;
  header.ndm_ifindex = static_cast<int>(ifindex);
  header.ndm_state = NUD_PERMANENT;
  return Request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE)
      .PutHeader(header)
      .PutIpv4(NDA_DST, address)
      .PutMac(NDA_LLADDR, mac);
}

Request RemoveNeighbor(uint32_t ifindex, base::Ipv4 address) {
  return NeighborRequest(RTM_DELNEIGH, Table::kNeighbors, ifindex, address);
}

Request AddProxy(uint32_t ifindex, base::Ipv4 address) {
  return NeighborRequest(RTM_NEWNEIGH, Table::kProxies, ifindex, address);
}

Request RemoveProxy(uint32_t ifindex, base::Ipv4 address) {
  return NeighborRequest(RTM_DELNEIGH, Table::kProxies, ifindex, address);
}

absl::StatusOr<Neighbor> GetNeighbor(Socket& socket, uint32_t ifindex,
                                     base::Ipv4 address) {
  return Get(socket, NeighborRequest(RTM_GETNEIGH, Table::kNeighbors, ifindex,
                                     address));
}

absl::StatusOr<Neighbor> GetProxy(Socket& socket, uint32_t ifindex,
                                  base::Ipv4 address) {
  return Get(socket,
             NeighborRequest(RTM_GETNEIGH, Table::kProxies, ifindex, address));
}

absl::StatusOr<std::vector<Neighbor>> ListNeighbors(Socket& socket,
                                                    uint32_t ifindex) {
  return List(socket, Table::kNeighbors, ifindex);
}

absl::StatusOr<std::vector<Neighbor>> ListProxies(Socket& socket,
                                                  uint32_t ifindex) {
  return List(socket, Table::kProxies, ifindex);
}

}  // namespace netlink
