#include "applets/upgrade/page/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/fd.h"

namespace applets::upgrade::page {
namespace {

using ::testing::HasSubstr;

constexpr timeval kPatience = {10, 0};

// A browser's end, which blocks.
class Client {
 public:
  explicit Client(const Endpoint& server)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = server.address.network_order();
    address.sin_port = htons(server.port);
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience,
               sizeof(kPatience));
    EXPECT_EQ(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address),
                      sizeof(address)),
              0);
  }

  void Send(const std::string& text) {
    EXPECT_EQ(send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // Everything up to and with `end`; or what came before the end.
  std::string ReadTo(const std::string& end) {
    std::string text;
    char byte = 0;
    while (!absl::EndsWith(text, end) && read(fd_.get(), &byte, 1) == 1) {
      text += byte;
    }
    return text;
  }
  void HangUp() { fd_ = base::Fd(); }

 private:
  base::Fd fd_;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() : loop_(*base::Loop::Create()) {
    server_ = *Server::Listen(
        *loop_, {.endpoint = *Endpoint::Parse("127.0.0.1:0")},
        [this](const Request& request, const Exchange& exchange) {
          if (request.path == "/events") {
            stream_ = exchange.follow();
            stream_->Send("head", "{\"a\":1}");
          } else if (request.path == "/later") {
            loop_->Post([exchange] { exchange.answer({.body = "late"}); });
          } else {
            exchange.answer(
                {.status = request.method.empty() ? 405 : 200,
                 .type = "text/plain",
                 .body = absl::StrCat(request.method, " ", request.host, " ",
                                      request.csrf, request.body),
                 .headers = {{"ETag", "\"x\""}}});
          }
        });
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~ServerTest() override {
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
    server_.reset();
  }
  // Of what is said on the loop's thread.
  template <typename T>
  T OnLoop(std::function<T()> what) {
    std::promise<T> promise;
    loop_->Post([&] { promise.set_value(what()); });
    return promise.get_future().get();
  }

  std::unique_ptr<base::Loop> loop_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<Stream> stream_;
  std::thread thread_;
};

TEST_F(ServerTest, ARequestIsReadAndAnswered) {
  Client client(server_->endpoint());
  client.Send(
      "POST /x?a=b HTTP/1.1\r\nHost: h\r\nX-Csrf-Token: c\r\nContent-Length: "
      "4\r\n\r\nbody");
  const std::string answer = client.ReadTo("POST h cbody");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("ETag: \"x\"\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Security-Policy: default-src 'none'"));
  client.Send("GET /later HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.ReadTo("late"), HasSubstr("late"));
}

TEST_F(ServerTest, EventsAreSentUntilTheBrowserHangsUp) {
  Client client(server_->endpoint());
  client.Send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.ReadTo("\n\n"), HasSubstr("text/event-stream"));
  OnLoop<bool>([&] {
    stream_->Send("view", "{}");
    return true;
  });
  EXPECT_THAT(client.ReadTo("data: {}\n\n"), HasSubstr("event: view\n"));
  client.HangUp();
  while (OnLoop<bool>([&] { return stream_->open(); })) {
    std::this_thread::yield();
  }
  OnLoop<bool>([&] {
    stream_->Send("view", "{}");  // and nothing happens
    return true;
  });
}

TEST_F(ServerTest, WhoDoesntReadIsHungUpOn) {
  Client client(server_->endpoint());
  client.Send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  client.ReadTo("\n\n");
  const std::string much(1 << 20, 'x');
  const bool open = OnLoop<bool>([&] {
    for (int i = 0; i < 64; ++i) stream_->Send("view", much);
    return stream_->open();
  });
  EXPECT_FALSE(open);
}

TEST_F(ServerTest, OfTooManyStreamsTheOldestEnds) {
  Client first(server_->endpoint());
  first.Send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  first.ReadTo("\n\n");
  const auto oldest = stream_;
  std::vector<std::unique_ptr<Client>> clients;
  for (size_t i = 0; i < Server::kMaxStreams; ++i) {
    clients.push_back(std::make_unique<Client>(server_->endpoint()));
    clients.back()->Send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
    clients.back()->ReadTo("\n\n");
  }
  EXPECT_FALSE(OnLoop<bool>([&] { return oldest->open(); }));
  EXPECT_TRUE(OnLoop<bool>([&] { return stream_->open(); }));
}

TEST_F(ServerTest, AnOpenStreamIsNoTroubleAtTheEnd) {
  Client client(server_->endpoint());
  client.Send("GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.ReadTo("\n\n"), HasSubstr("200 OK"));
}

TEST_F(ServerTest, ATooLongBodyIsRefused) {
  Client client(server_->endpoint());
  client.Send(absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ",
                           kMaxOrderBytes + 1, "\r\n\r\n"));
  EXPECT_THAT(client.ReadTo("\r\n"), HasSubstr("413"));
}

TEST(EndpointTest, AnAddressAndAPort) {
  EXPECT_EQ(Endpoint::Parse("localhost:80")->ToString(), "127.0.0.1:80");
  EXPECT_TRUE(Endpoint::Parse("127.1.2.3:80")->loopback());
  EXPECT_FALSE(Endpoint::Parse("10.0.0.1:80")->loopback());
  EXPECT_FALSE(Endpoint::Parse("0.0.0.0:80")->loopback());
  EXPECT_FALSE(Endpoint::Parse("10.0.0.1").ok());
  EXPECT_FALSE(Endpoint::Parse("10.0.0.1:65536").ok());
  EXPECT_FALSE(Endpoint::Parse("example:80").ok());
}

}  // namespace
}  // namespace applets::upgrade::page
