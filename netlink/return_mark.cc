#include "netlink/return_mark.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/fd.h"
#include "base/status.h"
#include "netlink/attachment.h"
#include "netlink/request.h"

namespace netlink {
namespace {

constexpr char kTable[] = "cnivpc";
constexpr char kChain[] = "prerouting";
constexpr int32_t kManglePriority = -150;
constexpr uint32_t kOriginal = 0;  // IP_CT_DIR_ORIGINAL
constexpr uint32_t kReply = 1;

uint16_t TypeOf(uint16_t message) {
  return static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}

Request Begin(uint16_t message, uint16_t flags) {
  Request request(TypeOf(message), flags);
  nfgenmsg header = {};
  header.nfgen_family = NFPROTO_IPV4;
  return request.PutHeader(header);
}

// Where a batch begins and ends, that is done as a whole or not at all.
Request Bracket(uint16_t message) {
  Request request(message, 0);
  nfgenmsg header = {};
  header.res_id = htons(NFNL_SUBSYS_NFTABLES);
  return request.PutHeader(header);
}

Request Table(uint16_t message, uint16_t flags) {
  return Begin(message, flags).PutString(NFTA_TABLE_NAME, kTable);
}

Request Chain() {
  Request request = Begin(NFT_MSG_NEWCHAIN, NLM_F_CREATE);
  request.PutString(NFTA_CHAIN_TABLE, kTable)
      .PutString(NFTA_CHAIN_NAME, kChain)
      .PutNest(NFTA_CHAIN_HOOK,
               [](Request& hook) {
                 hook.PutU32(NFTA_HOOK_HOOKNUM, htonl(NF_INET_PRE_ROUTING));
                 hook.PutU32(NFTA_HOOK_PRIORITY,
                             htonl(static_cast<uint32_t>(kManglePriority)));
               })
      .PutString(NFTA_CHAIN_TYPE, "filter");
  return request;
}

// --- expressions: each works on register 1

void Put(Request& list, const char* name,
         const std::function<void(Request&)>& data) {
  list.PutNest(NFTA_LIST_ELEM, [&](Request& element) {
    element.PutString(NFTA_EXPR_NAME, name);
    element.PutNest(NFTA_EXPR_DATA, data);
  });
}

void Meta(Request& list, uint32_t key, uint16_t direction) {
  Put(list, "meta", [&](Request& data) {
    data.PutU32(NFTA_META_KEY, htonl(key));
    data.PutU32(direction, htonl(NFT_REG_1));
  });
}

void Ct(Request& list, uint32_t key, uint16_t direction) {
  Put(list, "ct", [&](Request& data) {
    data.PutU32(NFTA_CT_KEY, htonl(key));
    data.PutU32(direction, htonl(NFT_REG_1));
  });
}

void PutValue(Request& data, uint16_t attribute, absl::string_view bytes) {
  data.PutNest(attribute,
               [&](Request& value) { value.PutText(NFTA_DATA_VALUE, bytes); });
}

// Marks are in the host's byte order in a register.
absl::string_view BytesOf(const uint32_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof(number)};
}

void Compare(Request& list, nft_cmp_ops operation, absl::string_view bytes) {
  Put(list, "cmp", [&](Request& data) {
    data.PutU32(NFTA_CMP_SREG, htonl(NFT_REG_1));
    data.PutU32(NFTA_CMP_OP, htonl(operation));
    PutValue(data, NFTA_CMP_DATA, bytes);
  });
}

// Register = (register & mask) ^ flip.
void Bitwise(Request& list, uint32_t mask, uint32_t flip) {
  Put(list, "bitwise", [&](Request& data) {
    data.PutU32(NFTA_BITWISE_SREG, htonl(NFT_REG_1));
    data.PutU32(NFTA_BITWISE_DREG, htonl(NFT_REG_1));
    data.PutU32(NFTA_BITWISE_LEN, htonl(sizeof(uint32_t)));
    PutValue(data, NFTA_BITWISE_MASK, BytesOf(mask));
    PutValue(data, NFTA_BITWISE_XOR, BytesOf(flip));
  });
}

// Of an interface's name, all of it with its padding, or how it begins.
void ComesIn(Request& list, absl::string_view ifname, uint32_t direction) {
  Meta(list, NFT_META_IIFNAME, NFTA_META_DREG);
  Compare(list, NFT_CMP_EQ, ifname);
  Ct(list, NFT_CT_DIRECTION, NFTA_CT_DREG);
  const auto byte = static_cast<char>(direction);
  Compare(list, NFT_CMP_EQ, absl::string_view(&byte, 1));
}

Request Rule(const std::function<void(Request&)>& expressions) {
  Request request =
      Begin(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK);
  request.PutString(NFTA_RULE_TABLE, kTable)
      .PutString(NFTA_RULE_CHAIN, kChain)
      .PutNest(NFTA_RULE_EXPRESSIONS, expressions);
  return request;
}

Request MarkTheConnection(absl::string_view main_ifname) {
  std::array<char, IFNAMSIZ> name = {};
  main_ifname.copy(name.data(), name.size() - 1);
  return Rule([&](Request& list) {
    ComesIn(list, {name.data(), name.size()}, kOriginal);
    Ct(list, NFT_CT_MARK, NFTA_CT_DREG);
    Bitwise(list, ~kReturnMark, kReturnMark);
    Ct(list, NFT_CT_MARK, NFTA_CT_SREG);
  });
}

Request MarkTheAnswer() {
  return Rule([](Request& list) {
    ComesIn(list, kHostIfnamePrefix, kReply);
    Ct(list, NFT_CT_MARK, NFTA_CT_DREG);
    Bitwise(list, kReturnMark, 0);
    constexpr uint32_t kNone = 0;
    Compare(list, NFT_CMP_NEQ, BytesOf(kNone));
    Meta(list, NFT_META_MARK, NFTA_META_DREG);
    Bitwise(list, ~kReturnMark, kReturnMark);
    Meta(list, NFT_META_MARK, NFTA_META_SREG);
  });
}

// --- the conversation

// The first error that the kernel tells, in the order of the requests; of a
// batch that was done it acknowledges those that ask for it.
absl::Status ReadOutcome(const base::Fd& socket) {
  alignas(nlmsghdr) std::array<char, 8192> buffer;
  while (true) {
    const ssize_t size =
        recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return absl::OkStatus();
    }
    if (size < 0) return base::ErrnoStatus("receive from nf_tables");
    auto left = static_cast<int>(size);
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
         NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type != NLMSG_ERROR) continue;
      nlmsgerr error = {};
      std::memcpy(&error.error, NLMSG_DATA(header), sizeof(error.error));
      if (error.error == 0) continue;
      errno = -error.error;
      return base::ErrnoStatus("nf_tables");
    }
  }
}

absl::Status Missing(const absl::Status& status) {
  switch (base::ErrnoOf(status)) {
    case EINVAL:  // no nf_tables
    case ENOENT:  // or not an expression of it
    case EOPNOTSUPP:
    case EPROTONOSUPPORT:
      return absl::UnimplementedError(absl::StrCat(
          "this kernel's nf_tables can't do it: ", status.message()));
    default:
      return status;
  }
}

absl::Status CarryOut(std::initializer_list<Request> requests) {
  const base::Fd socket(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!socket.valid()) return Missing(base::ErrnoStatus("netfilter's socket"));
  std::string bytes;
  const auto add = [&](const Request& request) {
    bytes.append(request.bytes().data(), request.bytes().size());
    return !request.overflowed();
  };
  bool fits = add(Bracket(NFNL_MSG_BATCH_BEGIN));
  for (const Request& request : requests) fits = add(request) && fits;
  fits = add(Bracket(NFNL_MSG_BATCH_END)) && fits;
  if (!fits) return absl::ResourceExhaustedError("nf_tables: request too long");
  // The kernel works all of it off, and answers, before this returns.
  if (send(socket.get(), bytes.data(), bytes.size(), 0) < 0) {
    return base::ErrnoStatus("send to nf_tables");
  }
  return Missing(ReadOutcome(socket));
}

}  // namespace

// The table is made if need be, so that it can be removed, so that it is empty.
absl::Status MarkConnections(absl::string_view main_ifname) {
  return CarryOut({Table(NFT_MSG_NEWTABLE, NLM_F_CREATE),
                   Table(NFT_MSG_DELTABLE, 0),
                   Table(NFT_MSG_NEWTABLE, NLM_F_CREATE), Chain(),
                   MarkTheConnection(main_ifname), MarkTheAnswer()});
}

absl::Status ForgetConnections() {
  return CarryOut(
      {Table(NFT_MSG_NEWTABLE, NLM_F_CREATE), Table(NFT_MSG_DELTABLE, 0)});
}

}  // namespace netlink
