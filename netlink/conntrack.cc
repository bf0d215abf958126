#include "netlink/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "netlink/request.h"

namespace netlink {
namespace {

constexpr AttributePolicy kFlowPolicy[] = {
    {CTA_TUPLE_ORIG, AttributeKind::kNest},
    {CTA_TUPLE_REPLY, AttributeKind::kNest},
    {CTA_STATUS, AttributeKind::kU32},
    {CTA_PROTOINFO, AttributeKind::kNest},
};
constexpr AttributePolicy kTuplePolicy[] = {
    {CTA_TUPLE_IP, AttributeKind::kNest},
    {CTA_TUPLE_PROTO, AttributeKind::kNest},
};
constexpr AttributePolicy kIpPolicy[] = {
    {CTA_IP_V4_SRC, AttributeKind::kU32},
    {CTA_IP_V4_DST, AttributeKind::kU32},
};
constexpr AttributePolicy kProtocolPolicy[] = {
    {CTA_PROTO_NUM, AttributeKind::kU8},
};
constexpr AttributePolicy kInfoPolicy[] = {
    {CTA_PROTOINFO_TCP, AttributeKind::kNest},
};
constexpr AttributePolicy kTcpPolicy[] = {
    {CTA_PROTOINFO_TCP_STATE, AttributeKind::kU8},
};

constexpr uint16_t MessageType(uint16_t message) {
  return NFNL_SUBSYS_CTNETLINK << 8 | message;
}

struct Tuple {
  base::Ipv4 from;
  base::Ipv4 to;
  uint8_t protocol = 0;
};

absl::StatusOr<Tuple> ParseTuple(absl::Span<const char> bytes) {
  ASSIGN_OR_RETURN(const auto tuple, Attributes::Parse(bytes, kTuplePolicy));
  ASSIGN_OR_RETURN(const auto ip,
                   Attributes::Parse(tuple.Bytes(CTA_TUPLE_IP), kIpPolicy));
  ASSIGN_OR_RETURN(
      const auto protocol,
      Attributes::Parse(tuple.Bytes(CTA_TUPLE_PROTO), kProtocolPolicy));
  const auto from = ip.Ipv4(CTA_IP_V4_SRC);
  const auto to = ip.Ipv4(CTA_IP_V4_DST);
  if (!from || !to) {
    return absl::InvalidArgumentError("connection without an IPv4 address");
  }
  return Tuple{*from, *to, protocol.U8(CTA_PROTO_NUM).value_or(0)};
}

absl::StatusOr<std::optional<uint8_t>> ParseTcpState(
    absl::Span<const char> bytes) {
  ASSIGN_OR_RETURN(const auto info, Attributes::Parse(bytes, kInfoPolicy));
  ASSIGN_OR_RETURN(
      const auto tcp,
      Attributes::Parse(info.Bytes(CTA_PROTOINFO_TCP), kTcpPolicy));
  return tcp.U8(CTA_PROTOINFO_TCP_STATE);
}

bool IsOpen(uint8_t tcp_state) {
  switch (tcp_state) {
    case TCP_CONNTRACK_SYN_RECV:
    case TCP_CONNTRACK_ESTABLISHED:
    case TCP_CONNTRACK_FIN_WAIT:
    case TCP_CONNTRACK_CLOSE_WAIT:
    case TCP_CONNTRACK_LAST_ACK:
      return true;
    default:
      return false;
  }
}

using Needles = absl::flat_hash_set<uint32_t>;  // in network byte order

// Whether one of them can be in there at all. Attributes are aligned, so an
// address is one of the words; that a word is an address is for the parser to
// say. Few connections of a large table get that far.
bool MayMention(absl::Span<const char> payload, const Needles& needles) {
  for (size_t i = 0; i + sizeof(uint32_t) <= payload.size();
       i += sizeof(uint32_t)) {
    uint32_t word;
    std::memcpy(&word, payload.data() + i, sizeof(word));
    if (needles.contains(word)) return true;
  }
  return false;
}

// nfnetlink says EINVAL to a subsystem that it hasn't got, and loads the
// subsystem's module first if it can.
absl::Status Missing(const absl::Status& status) {
  switch (base::ErrnoOf(status)) {
    case EINVAL:
    case ENOENT:
    case EOPNOTSUPP:
      return absl::UnimplementedError(
          absl::StrCat("the kernel tracks no connections: ", status.message()));
    default:
      return base::Annotate(status, "list connections");
  }
}

}  // namespace

bool Flow::alive() const {
  if (status & IPS_DYING) return false;
  if (tcp_state) return (status & IPS_SEEN_REPLY) && IsOpen(*tcp_state);
  return status & IPS_ASSURED;
}

absl::StatusOr<Flow> ParseFlow(const Message& message) {
  ASSIGN_OR_RETURN(const auto header, message.FamilyHeader<nfgenmsg>());
  if (message.type != MessageType(IPCTNL_MSG_CT_NEW) ||
      header.nfgen_family != AF_INET) {
    return absl::InvalidArgumentError(
        absl::StrCat(TypeName(message.type), " is no IPv4 connection"));
  }
  ASSIGN_OR_RETURN(const auto attributes,
                   AttributesAfter(message, sizeof(header), kFlowPolicy));
  ASSIGN_OR_RETURN(const Tuple original,
                   ParseTuple(attributes.Bytes(CTA_TUPLE_ORIG)));
  ASSIGN_OR_RETURN(const Tuple reply,
                   ParseTuple(attributes.Bytes(CTA_TUPLE_REPLY)));
  ASSIGN_OR_RETURN(const auto tcp_state,
                   ParseTcpState(attributes.Bytes(CTA_PROTOINFO)));
  return Flow{.ends = {original.from, original.to, reply.from, reply.to},
              .protocol = original.protocol,
              .status = ntohl(attributes.U32(CTA_STATUS).value_or(0)),
              .tcp_state = tcp_state};
}

absl::StatusOr<Socket> OpenConntrack() { return Socket::OpenNetfilter(); }

absl::StatusOr<std::set<base::Ipv4>> WithFlows(
    Socket& conntrack, const std::set<base::Ipv4>& addresses) {
  std::set<base::Ipv4> found;
  if (addresses.empty()) return found;
  nfgenmsg header = {};
  header.nfgen_family = AF_INET;
  header.version = NFNETLINK_V0;
  Request request(MessageType(IPCTNL_MSG_CT_GET), 0);
  request.PutHeader(header);
  Needles needles;
  for (const base::Ipv4 ip : addresses) needles.insert(ip.network_order());
  const absl::Status listed = conntrack.Stream(
      request, kMaxFlows, [&](const Message& message) -> absl::Status {
        if (!MayMention(message.payload, needles)) return absl::OkStatus();
        ASSIGN_OR_RETURN(const Flow flow, ParseFlow(message));
        if (!flow.alive()) return absl::OkStatus();
        for (const base::Ipv4 end : flow.ends) {
          if (addresses.contains(end)) found.insert(end);
        }
        return absl::OkStatus();
      });
  if (!listed.ok()) return Missing(listed);
  return found;
}

}  // namespace netlink
