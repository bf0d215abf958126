#include "applets/rpc/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "applets/rpc/client.h"
#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

const Attachment kAttachment{"net", "c1", "eth0"};

// A server on a thread of its own, and clients on the test's.
class ServerTest : public testing::Test {
 protected:
  void Start(std::function<void(const Call&, Reply)> on_call) {
    server_ = Server::Listen(*loop_, path_,
                             {std::move(on_call),
                              [this](uint64_t id) { closed_.push_back(id); }})
                  .value();
    thread_ = std::thread([this] { loop_->Run(); });
  }
  void TearDown() override {
    if (!thread_.joinable()) return;
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }
  // Runs `task` on the loop's thread and waits for it.
  void OnLoop(base::Task task) {
    std::promise<void> done;
    loop_->Post([&] {
      task();
      done.set_value();
    });
    done.get_future().wait();
  }
  Client Connect(absl::Duration timeout = absl::Seconds(5)) {
    return Client::Connect(path_, timeout).value();
  }

  // Short enough for a sockaddr_un, which Bazel's own folder isn't.
  const std::string path_ = "/tmp/rpc_test." + std::to_string(getpid());
  std::unique_ptr<base::Loop> loop_ = base::Loop::Create().value();
  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::vector<uint64_t> closed_;  // loop's thread
};

TEST_F(ServerTest, CallsOfOneConnectionKeepItsIdentity) {
  std::vector<Call> calls;
  Start([&](const Call& call, Reply reply) {
    calls.push_back(call);
    reply(
        Answer{"{\"address\":\"10.0.0.5\",\"node\":{\"interface\":\"eth0\","
               "\"ifindex\":1,\"mtu\":1500,\"address\":\"10.0.0.1\"}}"});
  });
  {
    Client client = Connect();
    const auto reply = client.Acquire({kAttachment, {}, "", "", {}});
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->address.ToString(), "10.0.0.5");
    ASSERT_TRUE(client.SendAttached(kAttachment).ok());
  }
  // The second call was sent without waiting, then the client hung up: both
  // arrive, in that order.
  bool both = false;
  for (int i = 0; i < 500 && !both; ++i) {
    OnLoop([&] { both = calls.size() == 2; });
    usleep(1000);
  }
  OnLoop([&] {
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_EQ(calls[0].path, "/v1/leases/acquire");
    EXPECT_EQ(calls[1].path, "/v1/leases/attached");
    EXPECT_EQ(calls[0].connection, calls[1].connection);
    EXPECT_EQ(calls[0].peer.pid, getpid());
  });
}

TEST_F(ServerTest, AQueryIsTakenApart) {
  std::vector<Call> calls;
  Start([&](const Call& call, Reply reply) {
    calls.push_back(call);
    reply(Answer{});
  });
  {
    Client client = Connect();
    EXPECT_TRUE(
        client.Call("GET", "/v1/why?pod=shop%2Fweb-1&since=7&since=8", "")
            .ok());
    EXPECT_TRUE(client.Call("GET", "/v1/why?%%%&&=", "").ok());
    EXPECT_TRUE(client.Call("GET", "/v1/why", "").ok());
  }
  OnLoop([&] {
    ASSERT_EQ(calls.size(), 3u);
    for (const Call& call : calls) EXPECT_EQ(call.path, "/v1/why");
    EXPECT_EQ(calls[0].query, (std::map<std::string, std::string>{
                                  {"pod", "shop/web-1"}, {"since", "8"}}));
    EXPECT_TRUE(calls[1].query.empty());
    EXPECT_TRUE(calls[2].query.empty());
  });
}

TEST_F(ServerTest, TellsWhenAConnectionCloses) {
  uint64_t id = 0;
  Start([&](const Call& call, Reply reply) {
    id = call.connection;
    reply(Answer{});
  });
  { EXPECT_TRUE(Connect().Status().ok()); }
  bool closed = false;
  for (int i = 0; i < 500 && !closed; ++i) {
    OnLoop([&] { closed = closed_ == std::vector<uint64_t>{id}; });
    usleep(1000);
  }
  EXPECT_TRUE(closed);
}

TEST_F(ServerTest, ErrorsArriveAsTheyWere) {
  Start([](const Call&, Reply reply) {
    reply(absl::ResourceExhaustedError("subnet s has no address left"));
  });
  EXPECT_EQ(Connect().Status(),
            absl::ResourceExhaustedError("subnet s has no address left"));
}

TEST_F(ServerTest, AnswersMayComeLater) {
  Reply kept;
  Start([&](const Call&, Reply reply) { kept = std::move(reply); });
  std::thread later([&] {
    bool called = false;
    while (!called) OnLoop([&] { called = kept != nullptr; });
    OnLoop([&] {
      EXPECT_EQ(server_->pending(), 1);
      kept(Answer{});
      EXPECT_EQ(server_->pending(), 0);
    });
  });
  EXPECT_TRUE(Connect().Status().ok());
  later.join();
}

TEST_F(ServerTest, ASilentDaemonIsDeadlineExceeded) {
  Reply kept;
  Start([&](const Call&, Reply reply) { kept = std::move(reply); });
  EXPECT_EQ(Connect(absl::Milliseconds(50)).Status().code(),
            absl::StatusCode::kDeadlineExceeded);
  OnLoop([&] { kept(Answer{}); });
}

TEST_F(ServerTest, AClientThatLeftWhileItWaitedDoesNoHarm) {
  Reply kept;
  Start([&](const Call&, Reply reply) { kept = std::move(reply); });
  EXPECT_FALSE(Connect(absl::Milliseconds(20)).Status().ok());
  for (int i = 0; i < 20; ++i) OnLoop([] {});
  OnLoop([&] {
    kept(Answer{std::string(1 << 20, 'x')});
    EXPECT_EQ(server_->pending(), 0);
  });
  bool closed = false;
  for (int i = 0; i < 500 && !closed; ++i) {
    OnLoop([&] { closed = closed_.size() == 1; });
    usleep(1000);
  }
  EXPECT_TRUE(closed);
}

TEST_F(ServerTest, ADaemonThatGoesAwayIsToldFromOneThatSaysTryAgain) {
  Start([](const Call&, Reply reply) {
    reply(absl::UnavailableError("try again"));
  });
  Client client = Connect();
  EXPECT_FALSE(WentAway(client.Status()));
  OnLoop([this] { server_.reset(); });
  EXPECT_TRUE(WentAway(client.Status()));
}

TEST_F(ServerTest, NobodyThereIsNotFound) {
  EXPECT_EQ(Client::Connect(path_ + ".none", absl::Seconds(1)).status().code(),
            absl::StatusCode::kNotFound);
  Start([](const Call&, Reply reply) { reply(Answer{}); });
  OnLoop([this] { server_->StopListening(); });
  EXPECT_EQ(Client::Connect(path_, absl::Seconds(1)).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ServerTest, ALivingDaemonsSocketIsNotTaken) {
  Start([](const Call&, Reply reply) { reply(Answer{}); });
  auto other_loop = base::Loop::Create().value();
  const auto second = Server::Listen(*other_loop, path_, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Connect().Status().ok());
}

TEST_F(ServerTest, TheSocketIsForOwnerAndGroupOnly) {
  Start([](const Call&, Reply reply) { reply(Answer{}); });
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0660u);
}

}  // namespace
}  // namespace applets::rpc
