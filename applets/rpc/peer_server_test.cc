#include "applets/rpc/peer_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <future>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/rpc/messages_pool.h"
#include "applets/rpc/openssl.h"
#include "applets/rpc/peer_certificates.h"
#include "applets/rpc/peer_client.h"
#include "base/fd.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

using base::Ipv4;

constexpr Ipv4 kLoopback(0x7f000001);
constexpr absl::Duration kTimeout = absl::Seconds(10);
constexpr char kGet[] = "GET /v1/spare HTTP/1.1\r\nHost: b\r\n\r\n";

void Write(const std::string& path, const std::string& text) {
  ASSERT_TRUE(base::WriteFileAtomically(path, text).ok()) << path;
}

// The nodes' files in a folder of the test's own.
class Files {
 public:
  Files() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = absl::StrCat(testing::TempDir(), "/", info->name());
    const absl::Status made = WriteCertificates(
        folder_, {{"node-a", kLoopback}, {"node-b", kLoopback}}, absl::Now());
    EXPECT_TRUE(made.ok()) << made;
  }

  PeerAccess Of(const std::string& node) const {
    return {folder_ + "/" + node + ".crt", folder_ + "/" + node + ".key",
            folder_ + "/ca.crt", ""};
  }
  // A certificate for `node` from an authority of its own.
  PeerAccess Foreign(const std::string& node) const {
    const std::string other = folder_ + "/other";
    EXPECT_TRUE(
        WriteCertificates(other, {{node, kLoopback}}, absl::Now()).ok());
    return {other + "/" + node + ".crt", other + "/" + node + ".key",
            folder_ + "/ca.crt", ""};
  }
  // Signed by the authority, and over.
  PeerAccess Expired(const std::string& node) const {
    const absl::Time now = absl::Now();
    Reissue(node, {now - absl::Hours(48), now - absl::Hours(24)});
    return Of(node);
  }
  void Reissue(const std::string& node, const Validity& validity) const {
    const auto pair =
        MakeNodeCertificate({*base::ReadFile(folder_ + "/ca.crt", 10000),
                             *base::ReadFile(folder_ + "/ca.key", 10000)},
                            {node, kLoopback}, validity);
    ASSERT_TRUE(pair.ok()) << pair.status();
    Write(folder_ + "/" + node + ".crt", pair->certificate);
    Write(folder_ + "/" + node + ".key", pair->key);
  }
  PeerAccess Token(const std::string& name, const std::string& tokens) const {
    Write(folder_ + "/" + name, tokens);
    return {.token_file = folder_ + "/" + name};
  }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

// A server on a loop of its own thread. It answers with who asked and what.
class Node {
 public:
  explicit Node(PeerAccess access, PeerServer::Limits limits = {}) {
    loop_ = *base::Loop::Create();
    auto server = PeerServer::Listen(
        *loop_, {kLoopback, 0, std::move(access), limits},
        {[](const PeerCall& call, const Reply& reply) { Serve(call, reply); },
         [this](const absl::Status& status, Ipv4) {
           ++refused_[status.code()];
           last_ = status;
         }});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    port_ = server_->port();
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~Node() {
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
    server_.reset();
  }

  Peer peer() const { return {"node-b", kLoopback, port_}; }
  uint16_t port() const { return port_; }
  // Asked on the loop's thread, so that what it is at is counted, too.
  int refused(absl::StatusCode code) {
    return Ask<int>([this, code] { return refused_[code]; });
  }
  std::string last() {
    return Ask<std::string>([this] { return std::string(last_.message()); });
  }
  size_t connections() {
    return Ask<size_t>([this] { return server_->connections(); });
  }

 private:
  template <typename T>
  T Ask(std::function<T()> question) {
    std::promise<T> answer;
    loop_->Post([&] { answer.set_value(question()); });
    return answer.get_future().get();
  }

  static void Serve(const PeerCall& call, const Reply& reply) {
    if (call.path == "/v1/spare") {
      return reply(Answer{ToJson(SpareReply{"node-b", "subnet-1", 4})});
    }
    if (call.path == "/v1/lend") {
      const auto request = ParseLendRequest(call.body);
      if (!request.ok()) return reply(request.status());
      if (!call.identity.MayActAs(request->node)) {
        return reply(absl::PermissionDeniedError("not that node"));
      }
      return reply(Answer{ToJson(
          LendReply{Ipv4(0x0a000005), request->mac, absl::Seconds(60)})});
    }
    if (call.path == "/v1/settle") return reply(Answer{});
    if (call.path == "/v1/pool") {
      return reply(Answer{ToJson(PoolReply{"node-b", {}})});
    }
    reply(absl::UnimplementedError("no such path"));
  }

  std::unique_ptr<base::Loop> loop_;
  std::unique_ptr<PeerServer> server_;
  uint16_t port_ = 0;
  // The loop's thread's:
  std::map<absl::StatusCode, int> refused_;
  absl::Status last_;
  std::thread thread_;
};

// A stranger's connection, without TLS.
class Stranger {
 public:
  explicit Stranger(uint16_t port)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = kLoopback.network_order();
    EXPECT_EQ(connect(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                      sizeof(address)),
              0);
    const timeval limit = {10, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  // False when nobody takes it any more.
  bool Send(absl::string_view bytes) const {
    return send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  bool HearsWithin(absl::Duration limit) const {
    pollfd p = {fd_.get(), POLLIN, 0};
    return poll(&p, 1, static_cast<int>(absl::ToInt64Milliseconds(limit))) > 0;
  }
  // Everything until the other end hangs up.
  std::string ReadToEnd() const {
    std::string all;
    char chunk[4096];
    for (;;) {
      const ssize_t n = recv(fd_.get(), chunk, sizeof(chunk), 0);
      if (n <= 0) {
        EXPECT_TRUE(n == 0 || errno == ECONNRESET) << "it stays open";
        return all;
      }
      all.append(chunk, static_cast<size_t>(n));
    }
  }
  // Until `text` has come.
  std::string ReadTo(absl::string_view text) const {
    std::string all;
    char byte;
    while (all.find(text) == std::string::npos &&
           recv(fd_.get(), &byte, 1, 0) == 1) {
      all.push_back(byte);
    }
    return all;
  }

 private:
  base::Fd fd_;
};

const LendRequest kLend = {"key-1", "node-a", base::Mac({2, 0, 0, 0, 0, 1}),
                           "subnet-1"};

TEST(PeerServerTest, NodesWithCertificatesOfOneAuthorityTalk) {
  const Files files;
  Node node(files.Of("node-b"));
  PeerClient client(files.Of("node-a"));
  const auto lent = client.Lend(node.peer(), kLend, kTimeout);
  ASSERT_TRUE(lent.ok()) << lent.status();
  EXPECT_EQ(lent->address, Ipv4(0x0a000005));
  EXPECT_EQ(client.Spare(node.peer(), kTimeout)->spare, 4);
  EXPECT_TRUE(
      client.Settle(node.peer(), {"key-1", "node-a", true}, kTimeout).ok());
  EXPECT_EQ(
      ParsePoolReply(*client.Look(node.peer(), "/v1/pool", kTimeout))->node,
      "node-b");
  EXPECT_EQ(node.connections(), 1U);  // kept
}

TEST(PeerServerTest, ANodeCannotActAsAnother) {
  const Files files;
  Node node(files.Of("node-b"));
  PeerClient client(files.Of("node-b"));
  const auto lent = client.Lend(node.peer(), kLend, kTimeout);
  EXPECT_TRUE(absl::IsPermissionDenied(lent.status())) << lent.status();
  EXPECT_TRUE(WasRefused(lent.status()));
}

TEST(PeerServerTest, ACertificateOfAnotherAuthorityIsRefused) {
  const Files files;
  Node node(files.Of("node-b"));
  PeerClient client(files.Foreign("node-a"));
  const auto spare = client.Spare(node.peer(), kTimeout);
  EXPECT_TRUE(absl::IsUnavailable(spare.status())) << spare.status();
  EXPECT_FALSE(WasRefused(spare.status()));
  EXPECT_EQ(node.refused(absl::StatusCode::kUnauthenticated), 1);
  EXPECT_NE(node.last().find("certificate"), std::string::npos) << node.last();
}

TEST(PeerServerTest, AnExpiredCertificateIsRefused) {
  const Files files;
  Node node(files.Of("node-b"));
  PeerClient client(files.Expired("node-a"));
  EXPECT_FALSE(client.Spare(node.peer(), kTimeout).ok());
  EXPECT_EQ(node.refused(absl::StatusCode::kUnauthenticated), 1);
  EXPECT_NE(node.last().find("expired"), std::string::npos) << node.last();
}

TEST(PeerServerTest, WhoHasNoCertificateIsRefused) {
  const Files files;
  Node node(files.Of("node-b"));
  PeerAccess access = files.Of("node-a");
  access.certificate.clear();
  access.key.clear();
  base::HttpClient client({.ca_bundle = access.ca});
  EXPECT_FALSE(
      client.Do({.url = absl::StrCat("https://127.0.0.1:", node.port(), "/")})
          .ok());
  EXPECT_EQ(node.refused(absl::StatusCode::kUnauthenticated), 1);
}

TEST(PeerServerTest, APeerThatIsNotTheAuthoritysIsNotAsked) {
  const Files files;
  Node node(files.Foreign("node-b"));
  PeerClient client(files.Of("node-a"));
  const auto lent = client.Lend(node.peer(), kLend, kTimeout);
  EXPECT_TRUE(base::WasNotSent(lent.status())) << lent.status();
}

TEST(PeerServerTest, PlainHttpIsRefusedWhereCertificatesAreAskedFor) {
  const Files files;
  Node node(files.Of("node-b"));
  const Stranger stranger(node.port());
  EXPECT_TRUE(stranger.Send(kGet));
  EXPECT_EQ(stranger.ReadToEnd().find("HTTP/1.1 200"), std::string::npos);
  EXPECT_EQ(node.refused(absl::StatusCode::kUnauthenticated), 1);
}

TEST(PeerServerTest, OldTlsIsRefused) {
  const Files files;
  Node node(files.Of("node-b"));
  const Stranger stranger(node.port());
  // A TLS 1.1 ClientHello (RFC 4346 §7.4.1.2) with one cipher suite.
  const std::string hello =
      std::string("\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x02", 11) +
      std::string(32, 'r') + std::string("\x00\x00\x02\xc0\x13\x01\x00", 7);
  EXPECT_TRUE(stranger.Send(hello));
  const std::string answer = stranger.ReadToEnd();
  // alert(21), fatal(2), protocol_version(70)
  ASSERT_GE(answer.size(), 7U);
  EXPECT_EQ(answer[0], 21);
  EXPECT_EQ(answer[6], 70);
}

TEST(PeerServerTest, FilesAreReadAgainWhenTheyChange) {
  const Files files;
  const absl::Time now = absl::Now();
  Node node(files.Of("node-b"));
  PeerClient client(files.Expired("node-a"));
  EXPECT_FALSE(client.Spare(node.peer(), kTimeout).ok());
  files.Reissue("node-a", {now - absl::Hours(1), now + absl::Hours(1)});
  EXPECT_TRUE(client.Spare(node.peer(), kTimeout).ok());
}

TEST(PeerServerTest, ANewAuthorityLocksTheOldOnesNodesOut) {
  const Files files;
  Node node(files.Of("node-b"));
  PeerAccess access = files.Of("node-a");
  access.ca = files.folder() + "/old.crt";
  Write(access.ca, *base::ReadFile(files.folder() + "/ca.crt", 10000));
  PeerClient old(access);
  ASSERT_TRUE(old.Spare(node.peer(), kTimeout).ok());
  files.Foreign("node-c");
  Write(files.folder() + "/ca.crt",
        *base::ReadFile(files.folder() + "/other/ca.crt", 10000));
  PeerClient again(access);
  EXPECT_FALSE(again.Spare(node.peer(), kTimeout).ok());
  EXPECT_EQ(node.refused(absl::StatusCode::kUnauthenticated), 1);
}

TEST(PeerServerTest, BrokenFilesAreNotServedWith) {
  const Files files;
  Node node(files.Of("node-b"));
  Write(files.folder() + "/node-b.crt", "-----BEGIN CERTIFICATE-----\n");
  PeerClient client(files.Of("node-a"));
  const auto spare = client.Spare(node.peer(), kTimeout);
  EXPECT_TRUE(spare.ok()) << spare.status();  // with the old ones
}

TEST(PeerServerTest, FilesThatAreNoGoodAreSaidAtTheStart) {
  const Files files;
  const auto loop = *base::Loop::Create();
  PeerAccess access = files.Of("node-b");
  access.key = files.Of("node-a").key;
  const auto server =
      PeerServer::Listen(*loop, {kLoopback, 0, access}, {nullptr, nullptr});
  EXPECT_TRUE(absl::IsFailedPrecondition(server.status()));
  EXPECT_NE(server.status().message().find("node-a.key"), std::string::npos)
      << server.status();
}

TEST(PeerServerTest, ATokenOpens) {
  const Files files;
  Node node(files.Token("new", "fedcba9876543210\n0123456789abcdef\n"));
  PeerClient client(files.Token("old", "0123456789abcdef\n"));
  const auto lent = client.Lend(node.peer(), kLend, kTimeout);
  EXPECT_TRUE(lent.ok()) << lent.status();
}

TEST(PeerServerTest, AWrongTokenIsRefused) {
  const Files files;
  Node node(files.Token("ours", "0123456789abcdef\n"));
  PeerClient client(files.Token("theirs", "0123456789abcdeF\n"));
  const auto lent = client.Lend(node.peer(), kLend, kTimeout);
  EXPECT_TRUE(absl::IsUnauthenticated(lent.status())) << lent.status();
  EXPECT_TRUE(WasRefused(lent.status()));
  EXPECT_EQ(node.refused(absl::StatusCode::kUnauthenticated), 1);
}

TEST(PeerServerTest, ATokenThatWasRemovedOpensNoMore) {
  const Files files;
  Node node(files.Token("ours", "0123456789abcdef\n"));
  PeerClient client(files.Token("theirs", "0123456789abcdef\n"));
  ASSERT_TRUE(client.Spare(node.peer(), kTimeout).ok());
  files.Token("ours", "another-token-0000\n");
  EXPECT_TRUE(
      absl::IsUnauthenticated(client.Spare(node.peer(), kTimeout).status()));
}

// --- those who mean no good

PeerServer::Limits Strict() {
  PeerServer::Limits limits;
  limits.connections = 4;
  limits.strangers = 3;
  limits.strangers_from_one = 3;
  limits.connection.request = absl::Milliseconds(200);
  limits.connection.idle = absl::Milliseconds(200);
  return limits;
}

std::string WithToken(absl::string_view path) {
  return absl::StrCat("GET ", path,
                      " HTTP/1.1\r\nHost: b\r\n"
                      "Authorization: Bearer 0123456789abcdef\r\n\r\n");
}

TEST(PeerServerTest, WhoSendsAByteNowAndThenIsCutOff) {
  const Files files;
  Node node(files.Token("ours", "0123456789abcdef\n"), Strict());
  const Stranger slow(node.port());
  const std::string request = WithToken("/v1/spare");
  size_t sent = 0;
  while (sent < request.size() && slow.Send(request.substr(sent, 1)) &&
         !slow.HearsWithin(absl::Milliseconds(20))) {
    ++sent;
  }
  EXPECT_EQ(slow.ReadToEnd(), "");
  EXPECT_GT(sent, 5U);
  EXPECT_EQ(node.refused(absl::StatusCode::kDeadlineExceeded), 1);
}

TEST(PeerServerTest, WhoNeverFinishesTheHandshakeIsCutOff) {
  const Files files;
  Node node(files.Of("node-b"), Strict());
  const Stranger silent(node.port());
  EXPECT_TRUE(silent.Send(std::string("\x16\x03\x01\x02", 4)));
  EXPECT_EQ(silent.ReadToEnd(), "");
  EXPECT_EQ(node.refused(absl::StatusCode::kDeadlineExceeded), 1);
}

TEST(PeerServerTest, GarbageIsAnsweredOnceAndCutOff) {
  const Files files;
  Node node(files.Token("ours", "0123456789abcdef\n"));
  const Stranger stranger(node.port());
  EXPECT_TRUE(stranger.Send("\x01\x02\x03 garbage\r\n\r\n" + WithToken("/")));
  const std::string answer = stranger.ReadToEnd();
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 400");
  EXPECT_EQ(answer.find("HTTP/1.1 ", 1), std::string::npos) << answer;
  EXPECT_EQ(node.refused(absl::StatusCode::kInvalidArgument), 1);
}

TEST(PeerServerTest, AHugeRequestIsRefused) {
  const Files files;
  Node node(files.Token("ours", "0123456789abcdef\n"));
  const Stranger stranger(node.port());
  EXPECT_TRUE(stranger.Send(
      "POST /v1/lend HTTP/1.1\r\nHost: b\r\nContent-Length: 1000000\r\n\r\n"));
  EXPECT_EQ(stranger.ReadToEnd().substr(0, 12), "HTTP/1.1 503");
  EXPECT_EQ(node.refused(absl::StatusCode::kResourceExhausted), 1);
}

TEST(PeerServerTest, RequestsSentAtOnceAreAnsweredInTurn) {
  const Files files;
  Node node(files.Token("ours", "0123456789abcdef\n"));
  const Stranger client(node.port());
  EXPECT_TRUE(client.Send(WithToken("/v1/spare") + WithToken("/v1/pool")));
  const std::string first = client.ReadTo("}");
  EXPECT_NE(first.find("spare"), std::string::npos);
  EXPECT_NE(client.ReadTo("}").find("addresses"), std::string::npos);
}

TEST(PeerServerTest, OneAddressGetsFewConnectionsAsAStranger) {
  const Files files;
  PeerServer::Limits limits;
  limits.strangers_from_one = 2;
  Node node(files.Token("ours", "0123456789abcdef\n"), limits);
  const Stranger first(node.port());
  const Stranger second(node.port());
  ASSERT_EQ(node.connections(), 2U);
  const Stranger third(node.port());
  EXPECT_EQ(third.ReadToEnd(), "");
  EXPECT_EQ(node.refused(absl::StatusCode::kResourceExhausted), 1);
  // Who shows who he is counts no more.
  EXPECT_TRUE(first.Send(WithToken("/v1/spare")));
  EXPECT_NE(first.ReadTo("}").find("spare"), std::string::npos);
  const Stranger fourth(node.port());
  EXPECT_TRUE(fourth.Send(WithToken("/v1/spare")));
  EXPECT_NE(fourth.ReadTo("}").find("spare"), std::string::npos);
}

TEST(PeerServerTest, AStrangerMakesRoomForTheNext) {
  const Files files;
  PeerServer::Limits limits;
  limits.strangers = 2;
  Node node(files.Token("ours", "0123456789abcdef\n"), limits);
  const Stranger first(node.port());
  const Stranger second(node.port());
  ASSERT_EQ(node.connections(), 2U);
  const Stranger third(node.port());
  EXPECT_EQ(first.ReadToEnd(), "");
  EXPECT_TRUE(third.Send(WithToken("/v1/spare")));
  EXPECT_NE(third.ReadTo("}").find("spare"), std::string::npos);
}

TEST(PeerServerTest, AnIdleNodeMakesRoomWhenAllIsTaken) {
  const Files files;
  PeerServer::Limits limits;
  limits.connections = 2;
  Node node(files.Token("ours", "0123456789abcdef\n"), limits);
  const Stranger first(node.port());
  EXPECT_TRUE(first.Send(WithToken("/v1/spare")));
  first.ReadTo("}");
  const Stranger second(node.port());
  EXPECT_TRUE(second.Send(WithToken("/v1/spare")));
  second.ReadTo("}");
  const Stranger third(node.port());
  EXPECT_EQ(first.ReadToEnd(), "");
  EXPECT_TRUE(third.Send(WithToken("/v1/spare")));
  EXPECT_NE(third.ReadTo("}").find("spare"), std::string::npos);
}

TEST(PeerServerTest, AQuietConnectionIsClosedWithoutComplaint) {
  const Files files;
  Node node(files.Token("ours", "0123456789abcdef\n"), Strict());
  const Stranger client(node.port());
  EXPECT_TRUE(client.Send(WithToken("/v1/spare")));
  const std::string all = client.ReadToEnd();
  EXPECT_EQ(all.substr(0, 12), "HTTP/1.1 200");
  EXPECT_EQ(node.refused(absl::StatusCode::kDeadlineExceeded), 0);
}

// The client finds out that its kept connection is gone.
TEST(PeerServerTest, AClientOutlivesTheServersPatience) {
  const Files files;
  PeerServer::Limits limits = Strict();
  Node node(files.Of("node-b"), limits);
  PeerClient client(files.Of("node-a"));
  ASSERT_TRUE(client.Spare(node.peer(), kTimeout).ok());
  while (node.connections() != 0) std::this_thread::yield();
  const auto spare = client.Spare(node.peer(), kTimeout);
  EXPECT_TRUE(spare.ok()) << spare.status();
}

}  // namespace
}  // namespace applets::rpc
