#include "applets/vpcsim/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/fd.h"

namespace applets::vpcsim {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// A server on a thread of its own, and blocking clients.
class ServerTest : public ::testing::Test {
 protected:
  void Start(HttpHandler handler) {
    loop_ = base::Loop::Create().value();
    delays_ = std::make_unique<Delays>(*loop_);
    auto server =
        Server::Listen(*loop_, Endpoint::Parse("127.0.0.1:0").value(), handler);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~ServerTest() override {
    if (!thread_.joinable()) return;
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
    server_.reset();
    delays_.reset();
  }

  base::Fd Connect() const {
    base::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = server_->endpoint().address.network_order();
    address.sin_port = htons(server_->endpoint().port);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)),
              0);
    return fd;
  }

  std::unique_ptr<base::Loop> loop_;
  std::unique_ptr<Delays> delays_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
};

void Write(const base::Fd& fd, absl::string_view text) {
  EXPECT_EQ(send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

// Until `end` has come, or the connection ends; then errno is in `error`.
std::string ReadUntil(const base::Fd& fd, absl::string_view end, int* error) {
  std::string text;
  char buffer[4096];
  while (!absl::EndsWith(text, end)) {
    const ssize_t n = recv(fd.get(), buffer, sizeof(buffer), 0);
    *error = n < 0 ? errno : 0;
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
  }
  return text;
}

std::string Ask(const base::Fd& fd, absl::string_view request,
                absl::string_view end) {
  Write(fd, request);
  int error = 0;
  return ReadUntil(fd, end, &error);
}

HttpHandler Echo() {
  return [](const HttpRequest& request, const HttpReply& reply) {
    HttpAnswer answer;
    answer.body = absl::StrCat(static_cast<int>(request.method), " ",
                               request.path, " ", request.query, " ",
                               request.body, " ", request.peer.ToString(), " ",
                               request.header("session-name"), ".end");
    answer.headers = {{"X-Note", "n"}};
    reply(std::move(answer));
  };
}

TEST_F(ServerTest, HandsRequestsOverWhole) {
  Start(Echo());
  const base::Fd fd = Connect();
  const std::string answer =
      Ask(fd,
          "POST /p?a=%20b HTTP/1.1\r\nHost: x\r\nSession-Name: s\r\n"
          "Content-Length: 3\r\n\r\nabc",
          ".end");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("X-Note: n\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n1 /p a=%20b abc 127.0.0.1 s.end"));
}

TEST_F(ServerTest, ConnectionsStayOpen) {
  Start(Echo());
  const base::Fd fd = Connect();
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(
        Ask(fd, absl::StrCat("GET /", i, " HTTP/1.1\r\nHost: x\r\n\r\n"),
            ".end"),
        HasSubstr(absl::StrCat("0 /", i, " ")));
  }
}

TEST_F(ServerTest, TellsTheStatus) {
  Start([](const HttpRequest&, const HttpReply& reply) {
    reply({.status = 503, .body = "later.end"});
  });
  const base::Fd fd = Connect();
  EXPECT_THAT(Ask(fd, "DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", ".end"),
              StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
}

TEST_F(ServerTest, ResetIsOneOnTheWire) {
  Start([](const HttpRequest&, const HttpReply& reply) {
    reply({.reset = true});
  });
  const base::Fd fd = Connect();
  Write(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  int error = 0;
  EXPECT_EQ(ReadUntil(fd, "never", &error), "");
  EXPECT_EQ(error, ECONNRESET);
  // Others aren't touched.
  const base::Fd next = Connect();
  Write(next, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ReadUntil(next, "never", &error);
  EXPECT_EQ(error, ECONNRESET);
}

TEST_F(ServerTest, AnswersMayComeLaterAndOutOfOrder) {
  Start([this](const HttpRequest& request, const HttpReply& reply) {
    const bool slow = request.path == "/slow";
    delays_->Run(
        slow ? absl::Milliseconds(300) : absl::ZeroDuration(),
        [reply, path = request.path] { reply({.body = path + ".end"}); });
  });
  const base::Fd slow = Connect();
  const base::Fd fast = Connect();
  const absl::Time start = absl::Now();
  Write(slow, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(Ask(fast, "GET /fast HTTP/1.1\r\nHost: x\r\n\r\n", ".end"),
              EndsWith("/fast.end"));
  const absl::Duration fast_took = absl::Now() - start;
  int error = 0;
  EXPECT_THAT(ReadUntil(slow, ".end", &error), EndsWith("/slow.end"));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(290));
  EXPECT_LT(fast_took, absl::Milliseconds(290));
}

TEST_F(ServerTest, ClientsMayLeaveBeforeTheAnswer) {
  Start([this](const HttpRequest& request, const HttpReply& reply) {
    delays_->Run(request.path == "/slow" ? absl::Milliseconds(50)
                                         : absl::Milliseconds(200),
                 [reply] { reply({.body = "x.end"}); });
  });
  for (int i = 0; i < 10; ++i) {
    Write(Connect(), "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  const base::Fd fd = Connect();
  EXPECT_THAT(Ask(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ".end"),
              EndsWith("x.end"));
}

TEST_F(ServerTest, TakesManyConnections) {
  Start(Echo());
  std::vector<base::Fd> open;
  for (int i = 0; i < 400; ++i) open.push_back(Connect());
  for (const base::Fd& fd : open) {
    Write(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  int error = 0;
  for (const base::Fd& fd : open) {
    EXPECT_THAT(ReadUntil(fd, ".end", &error), EndsWith(".end"));
  }
}

TEST_F(ServerTest, RefusesTooLargeBodies) {
  Start(Echo());
  const base::Fd fd = Connect();
  EXPECT_THAT(
      Ask(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
          "never"),
      StartsWith("HTTP/1.1 413 "));
}

TEST_F(ServerTest, TwoCannotListenAtOnePlace) {
  Start(Echo());
  EXPECT_THAT(
      Server::Listen(*loop_, server_->endpoint(), Echo()).status().message(),
      HasSubstr("bind 127.0.0.1:"));
}

TEST(EndpointTest, IsReadFromText) {
  const auto endpoint = Endpoint::Parse("10.0.0.1:8080");
  ASSERT_TRUE(endpoint.ok());
  EXPECT_EQ(endpoint->ToString(), "10.0.0.1:8080");
  for (const absl::string_view bad :
       {"", "10.0.0.1", ":80", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1",
        "host:80", "10.0.0.1:8x"}) {
    EXPECT_FALSE(Endpoint::Parse(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace applets::vpcsim
