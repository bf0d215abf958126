#include "netlink/conntrack.h"

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "base/fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/request.h"

namespace netlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr base::Ipv4 kPod(0x0a090005);
constexpr base::Ipv4 kOtherPod(0x0a090006);
constexpr base::Ipv4 kClient(0x0a000001);
constexpr base::Ipv4 kService(0x0a600001);

constexpr uint32_t kAnswered = IPS_SEEN_REPLY;
constexpr uint32_t kStream = IPS_SEEN_REPLY | IPS_ASSURED;

struct Ends {
  base::Ipv4 from;
  base::Ipv4 to;
};

// In network byte order, as nfnetlink has all its numbers.
absl::string_view BigEndian(const uint16_t& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

void PutTuple(Request& request, uint16_t attribute, const Ends& ends,
              uint8_t protocol) {
  request.PutNest(attribute, [&](Request& tuple) {
    tuple.PutNest(CTA_TUPLE_IP, [&](Request& ip) {
      ip.PutIpv4(CTA_IP_V4_SRC, ends.from);
      ip.PutIpv4(CTA_IP_V4_DST, ends.to);
    });
    tuple.PutNest(CTA_TUPLE_PROTO, [&](Request& proto) {
      const uint16_t port = htons(4000);
      proto.PutU8(CTA_PROTO_NUM, protocol);
      if (protocol == IPPROTO_ICMP) {
        proto.PutU8(CTA_PROTO_ICMP_TYPE,
                    attribute == CTA_TUPLE_ORIG ? ICMP_ECHO : ICMP_ECHOREPLY);
        proto.PutU8(CTA_PROTO_ICMP_CODE, 0);
        proto.PutText(CTA_PROTO_ICMP_ID, BigEndian(port));
        return;
      }
      proto.PutText(CTA_PROTO_SRC_PORT, BigEndian(port));
      proto.PutText(CTA_PROTO_DST_PORT, BigEndian(port));
    });
  });
}

// Has the kernel track a connection that nobody made.
struct Connection {
  Ends original;
  std::optional<Ends> reply = std::nullopt;  // empty: the other way round
  uint8_t protocol = IPPROTO_TCP;
  uint32_t status = kStream;
  std::optional<uint8_t> tcp_state = std::nullopt;
};

Request RequestOf(const Connection& connection) {
  Request request(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
                  NLM_F_CREATE | NLM_F_EXCL);
  nfgenmsg header = {};
  header.nfgen_family = AF_INET;
  request.PutHeader(header);
  const Ends turned = {connection.original.to, connection.original.from};
  PutTuple(request, CTA_TUPLE_ORIG, connection.original, connection.protocol);
  PutTuple(request, CTA_TUPLE_REPLY, connection.reply.value_or(turned),
           connection.protocol);
  request.PutU32(CTA_STATUS, htonl(connection.status | IPS_CONFIRMED));
  request.PutU32(CTA_TIMEOUT, htonl(100));
  if (connection.tcp_state) {
    request.PutNest(CTA_PROTOINFO, [&](Request& info) {
      info.PutNest(CTA_PROTOINFO_TCP, [&](Request& tcp) {
        tcp.PutU8(CTA_PROTOINFO_TCP_STATE, *connection.tcp_state);
      });
    });
  }
  return request;
}

class ConntrackTest : public ::testing::Test {
 protected:
  ConntrackTest() : socket_(*OpenConntrack()) {}

  void Track(const Connection& connection) {
    ASSERT_EQ(socket_.Transact(RequestOf(connection)), absl::OkStatus());
  }
  // A TCP connection of its own port for each pod: in `state`.
  void TrackTcp(base::Ipv4 pod, uint8_t state, uint32_t status = kStream) {
    Track({.original = {kClient, pod}, .status = status, .tcp_state = state});
  }
  std::set<base::Ipv4> Busy(const std::set<base::Ipv4>& addresses) {
    const auto found = WithFlows(socket_, addresses);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(std::set<base::Ipv4>());
  }
  bool IsBusy(base::Ipv4 address) { return !Busy({address}).empty(); }

  FreshNetns netns_;
  Socket socket_;
};

TEST_F(ConntrackTest, AnEmptyTableHasNoFlows) { EXPECT_FALSE(IsBusy(kPod)); }

TEST_F(ConntrackTest, ATcpConnectionCountsFromItsFirstAnswerToItsEnd) {
  uint32_t last = 100;
  const auto counts = [&](uint8_t state) {
    const base::Ipv4 pod(kPod.bits() + last++);
    TrackTcp(pod, state);
    return IsBusy(pod);
  };
  EXPECT_TRUE(counts(TCP_CONNTRACK_SYN_RECV));
  EXPECT_TRUE(counts(TCP_CONNTRACK_ESTABLISHED));
  EXPECT_TRUE(counts(TCP_CONNTRACK_FIN_WAIT));
  EXPECT_TRUE(counts(TCP_CONNTRACK_CLOSE_WAIT));
  EXPECT_TRUE(counts(TCP_CONNTRACK_LAST_ACK));
  EXPECT_FALSE(counts(TCP_CONNTRACK_TIME_WAIT));
  EXPECT_FALSE(counts(TCP_CONNTRACK_CLOSE));
}

TEST_F(ConntrackTest, WhoKnocksAtADeadAddressDoesNotKeepIt) {
  TrackTcp(kPod, TCP_CONNTRACK_SYN_SENT, /*status=*/0);
  Track(
      {.original = {kClient, kOtherPod}, .protocol = IPPROTO_UDP, .status = 0});
  EXPECT_THAT(Busy({kPod, kOtherPod}), IsEmpty());
}

TEST_F(ConntrackTest, AQuestionAndItsAnswerAreOver) {
  Track({.original = {kPod, kClient},
         .protocol = IPPROTO_UDP,
         .status = kAnswered});
  Track({.original = {kClient, kPod},
         .protocol = IPPROTO_ICMP,
         .status = kAnswered});
  EXPECT_FALSE(IsBusy(kPod));
}

TEST_F(ConntrackTest, AUdpStreamCounts) {
  Track({.original = {kPod, kClient},
         .protocol = IPPROTO_UDP,
         .status = kStream});
  EXPECT_TRUE(IsBusy(kPod));
}

TEST_F(ConntrackTest, BehindNatAllFourEndsCount) {
  // A service's address is translated to a pod's.
  Track({.original = {kClient, kService},
         .reply = Ends{kPod, kClient},
         .tcp_state = TCP_CONNTRACK_ESTABLISHED});
  EXPECT_THAT(Busy({kPod, kService, kClient, kOtherPod}),
              UnorderedElementsAre(kPod, kService, kClient));
}

TEST_F(ConntrackTest, OneListAnswersForAllAddresses) {
  std::set<base::Ipv4> asked;
  std::set<base::Ipv4> busy;
  for (uint32_t i = 0; i < 500; ++i) {
    const base::Ipv4 pod(kPod.bits() + 256 + i);
    asked.insert(pod);
    if (i % 2 == 0) continue;
    busy.insert(pod);
    TrackTcp(pod, TCP_CONNTRACK_ESTABLISHED);
  }
  EXPECT_EQ(Busy(asked), busy);
}

TEST_F(ConntrackTest, TheTableIsThatOfTheNamespaceTheSocketWasMadeIn) {
  TrackTcp(kPod, TCP_CONNTRACK_ESTABLISHED);
  const FreshNetns elsewhere;
  Socket other = *OpenConntrack();
  EXPECT_THAT(*WithFlows(other, {kPod}), IsEmpty());
  EXPECT_TRUE(IsBusy(kPod));
}

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = port;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Two ends of a TCP connection through the loopback interface.
class Loop {
 public:
  Loop() {
    const base::Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener.get(), generic, size), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    EXPECT_EQ(getsockname(listener.get(), generic, &size), 0);
    client_ = base::Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(client_.get(), generic, size), 0);
    server_ = base::Fd(accept(listener.get(), nullptr, nullptr));
    EXPECT_TRUE(server_.valid());
  }
  // Returns when both ends know.
  void Close() {
    char byte;
    client_.Reset();
    EXPECT_EQ(recv(server_.get(), &byte, 1, 0), 0);
    server_.Reset();
  }

 private:
  base::Fd client_;
  base::Fd server_;
};

TEST_F(ConntrackTest, ARealConnectionCountsUntilItIsClosed) {
  Socket host = *Socket::Open();
  ASSERT_EQ(host.Transact(
                ChangeLink({.name = "lo", .state = LinkChange::State::kUp})),
            absl::OkStatus());
  // The kernel tracks connections once something asks about them.
  ASSERT_EQ(std::system("PATH=$PATH:/usr/sbin:/sbin iptables -w 10 -A INPUT -m "
                        "conntrack --ctstate NEW"),
            0);
  constexpr base::Ipv4 loopback(INADDR_LOOPBACK);
  Loop loop;
  EXPECT_TRUE(IsBusy(loopback));
  EXPECT_FALSE(IsBusy(kPod));
  loop.Close();
  EXPECT_FALSE(IsBusy(loopback));
}

// --- what only a strange kernel says

std::string Answer(uint16_t type, const std::string& payload) {
  nlmsghdr header = {};
  header.nlmsg_len = static_cast<uint32_t>(sizeof(header) + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = NLM_F_MULTI;
  header.nlmsg_seq = 1;
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) +
         payload;
}

// What WithFlows says when the kernel's whole answer is `datagram`.
absl::Status AnsweredBy(const std::string& datagram) {
  int pair[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
  const base::Fd kernel(pair[0]);
  Socket socket = Socket::Adopt(base::Fd(pair[1]));
  EXPECT_EQ(send(kernel.get(), datagram.data(), datagram.size(), 0),
            static_cast<ssize_t>(datagram.size()));
  return WithFlows(socket, {kPod}).status();
}

absl::Status AnsweredByError(int error_number) {
  nlmsgerr error = {};
  error.error = -error_number;
  return AnsweredBy(Answer(
      NLMSG_ERROR,
      std::string(reinterpret_cast<const char*>(&error), sizeof(error))));
}

TEST(ConntrackAnswerTest, AKernelWithoutConntrackIsToldFromOneThatRefuses) {
  EXPECT_TRUE(absl::IsUnimplemented(AnsweredByError(EINVAL)));
  EXPECT_TRUE(absl::IsUnimplemented(AnsweredByError(EOPNOTSUPP)));
  EXPECT_TRUE(absl::IsUnimplemented(AnsweredByError(ENOENT)));
  EXPECT_TRUE(absl::IsPermissionDenied(AnsweredByError(EPERM)));
}

TEST(ConntrackAnswerTest, AnEntryThatMakesNoSenseIsAnError) {
  nfgenmsg header = {};
  header.nfgen_family = AF_INET;
  // The address in place of an attribute.
  const uint32_t address = kPod.network_order();
  EXPECT_TRUE(absl::IsInvalidArgument(AnsweredBy(Answer(
      NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW,
      std::string(reinterpret_cast<const char*>(&header), sizeof(header)) +
          std::string(reinterpret_cast<const char*>(&address),
                      sizeof(address))))));
}

TEST(ConntrackAnswerTest, WithoutAddressesNobodyIsAsked) {
  Socket nobody = Socket::Adopt(base::Fd());
  EXPECT_THAT(*WithFlows(nobody, {}), IsEmpty());
}

}  // namespace
}  // namespace netlink
