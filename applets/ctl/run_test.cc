// Run against a real server on a unix socket.
#include "applets/ctl/run.h"

#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/ctl/connect.h"
#include "applets/ctl/ctl_main.h"
#include "applets/rpc/messages_pool.h"
#include "applets/rpc/server.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1700794140);

rpc::PoolReply Node() {
  rpc::PoolEntry warm;
  warm.address = *base::Ipv4::Parse("10.0.0.9");
  warm.subnet = "subnet-a";
  warm.state = "warm";
  warm.since = kNow - absl::Seconds(5);
  warm.until = absl::InfiniteFuture();
  rpc::PoolEntry leased = warm;
  leased.address = *base::Ipv4::Parse("10.0.0.5");
  leased.state = "leased";
  leased.since = kNow - absl::Seconds(192);
  leased.attachment = {"net", "c1", "eth0"};
  leased.pod = {"default", "web-0", "u"};
  return {"node-1", {warm, leased}, "subnet-a"};
}

Host HostWith(
    std::function<absl::StatusOr<Connection>(const Options&)> connect) {
  Host host;
  host.connect = std::move(connect);
  host.now = [] { return kNow; };
  return host;
}

class RunTest : public testing::Test {
 protected:
  void Listen(std::function<void(const rpc::Call&, rpc::Reply)> on_call) {
    server_ = rpc::Server::Listen(*loop_, path_,
                                  {std::move(on_call), [](uint64_t) {}})
                  .value();
    thread_ = std::thread([this] { loop_->Run(); });
  }
  void Answer(const absl::StatusOr<rpc::Answer>& answer) {
    Listen([answer](const rpc::Call& call, const rpc::Reply& reply) {
      EXPECT_EQ(call.method, "GET");
      EXPECT_EQ(call.path, "/v1/pool");
      reply(answer);
    });
  }
  void TearDown() override {
    if (!thread_.joinable()) return;
    loop_->Post([this] { loop_->Stop(); });
    thread_.join();
  }
  Outcome Ask(std::vector<std::string> arguments) {
    arguments.push_back("--socket=" + path_);
    return ctl::Run(arguments, host_);
  }

  // Short enough for a sockaddr_un, which Bazel's own folder isn't.
  const std::string path_ = "/tmp/ctl_test." + std::to_string(getpid());
  const Host host_ = HostWith(ConnectToSocket);
  std::unique_ptr<base::Loop> loop_ = base::Loop::Create().value();
  std::unique_ptr<rpc::Server> server_;
  std::thread thread_;
};

TEST_F(RunTest, ShowsThePool) {
  Answer(rpc::Answer{rpc::ToJson(Node())});
  const Outcome outcome = Ask({"pool", "list"});
  EXPECT_EQ(outcome.exit_status, kDone);
  EXPECT_EQ(outcome.out,
            "IP         STATE    POD             SUBNET     AGE\n"
            "10.0.0.5   leased   default/web-0   subnet-a   3m12s\n"
            "10.0.0.9   warm     <none>          subnet-a   5s\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(RunTest, ShowsUk8sColumns) {
  Answer(rpc::Answer{rpc::ToJson(Node())});
  EXPECT_EQ(Ask({"get", "pool"}).out,
            "IP         RECYCLED   COOLDOWN   AGE\n"
            "10.0.0.9   0          <none>     5s\n");
  EXPECT_EQ(Ask({"get", "pod"}).out,
            "NAMESPACE   NAME    IP         AGE\n"
            "default     web-0   10.0.0.5   3m12s\n");
}

TEST_F(RunTest, ShowsTheNode) {
  Answer(rpc::Answer{rpc::ToJson(Node())});
  EXPECT_EQ(Ask({"get", "node"}).out,
            "NODE     SUBNET     POOL\n"
            "node-1   subnet-a   1\n");
}

kube::Ipamd NodeOfCluster() {
  kube::Ipamd node;
  node.node = "node-1";
  node.address = "10.0.0.1:7312";
  node.subnet = "subnet-a";
  node.current = 2;
  node.low = 3;
  node.high = 50;
  node.fill = kube::Ipamd::Fill::kHungry;
  return node;
}

TEST(ClusterTest, ShowsAllNodesThatTheApiServerKnows) {
  Host host;
  host.nodes = [](const Options& options) {
    EXPECT_EQ(options.kubeconfig, "admin.conf");
    return std::vector<kube::Ipamd>{NodeOfCluster()};
  };
  EXPECT_EQ(ctl::Run({"get", "node", "--kubeconfig=admin.conf"}, host).out,
            "NODE     SUBNET     POOL   STATUS\n"
            "node-1   subnet-a   2      hungry\n");
  EXPECT_EQ(
      ctl::Run({"get", "node", "--kubeconfig=admin.conf", "-o", "wide"}, host)
          .out,
      "NODE     SUBNET     POOL   STATUS   LOW   HIGH   IPAMD\n"
      "node-1   subnet-a   2      hungry   3     50     10.0.0.1:7312\n");
  EXPECT_EQ(
      ctl::Run({"get", "node", "--kubeconfig=admin.conf", "-o", "json"}, host)
          .out,
      R"({
    "nodes": [
        {
            "node": "node-1",
            "subnet": "subnet-a",
            "pool": 2,
            "status": "hungry",
            "low": 3,
            "high": 50,
            "ipamd": "10.0.0.1:7312"
        }
    ]
}
)");
}

TEST(ClusterTest, SaysWhatItMayNotRead) {
  Host host;
  host.nodes = [](const Options&) {
    return absl::PermissionDeniedError("GET /apis/…: no");
  };
  const Outcome outcome =
      ctl::Run({"get", "node", "--kubeconfig=admin.conf"}, host);
  EXPECT_EQ(outcome.exit_status, kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("may get and list ipamds"));
}

TEST(ClusterTest, SaysWhatIsMissing) {
  const auto err = [](std::vector<std::string> arguments) {
    const Outcome outcome = ctl::Run(arguments, Host());
    EXPECT_EQ(outcome.exit_status, kUsage);
    return outcome.err;
  };
  EXPECT_THAT(err({"status", "--kubeconfig=a"}), HasSubstr("-n NODE"));
  EXPECT_THAT(err({"status", "-n", "b", "--kubeconfig=a"}),
              HasSubstr("--peer-token-file, or --peer-cert"));
  EXPECT_THAT(err({"status", "-n", "b", "--kubeconfig=a", "--peer-cert=c"}),
              HasSubstr("--peer-key"));
  EXPECT_THAT(err({"status", "--peer-ca=c"}), HasSubstr("--kubeconfig"));
  EXPECT_THAT(err({"status", "--kubeconfig="}), HasSubstr("must be a file"));
  EXPECT_THAT(err({"gc", "--kubeconfig=a"}), HasSubstr("takes no"));
}

TEST_F(RunTest, ShowsOnePodOrOneAddress) {
  Answer(rpc::Answer{rpc::ToJson(Node())});
  EXPECT_EQ(Ask({"get", "pod", "default/web-0", "--no-headers"}).out,
            "default   web-0   10.0.0.5   3m12s\n");
  EXPECT_EQ(Ask({"pool", "list", "10.0.0.9", "--no-headers"}).out,
            "10.0.0.9   warm   <none>   subnet-a   5s\n");
  EXPECT_EQ(Ask({"get", "pod", "web-1"}).err, "No resources found.\n");
}

// A daemon that answers anything with `body`, and says what it was asked.
class AskTest : public RunTest {
 protected:
  void AnswerAlways(const std::string& body) {
    Listen([this, body](const rpc::Call& call, const rpc::Reply& reply) {
      asked_ = absl::StrCat(call.method, " ", call.path, " ", call.body);
      for (const auto& [key, value] : call.query) {
        absl::StrAppend(&asked_, key, "=", value, ";");
      }
      reply(rpc::Answer{body});
    });
  }
  std::string asked_;
};

TEST_F(AskTest, StatusSaysNoByItsExitStatus) {
  AnswerAlways(R"({"node":"node-1","address":"10.0.0.1","ready":false,
      "reason":"subnet-exhausted","problem":"57000","level":"dry"})");
  const Outcome outcome = Ask({"status"});
  EXPECT_EQ(outcome.exit_status, kNo);
  EXPECT_THAT(outcome.out, HasSubstr("ready   no, subnet-exhausted: 57000\n"));
  EXPECT_EQ(asked_, "GET /v1/node ");
}

TEST_F(AskTest, WhyAsksForThePod) {
  AnswerAlways(
      R"({"subject":"shop/web","reason":"leased","summary":"it has"})");
  EXPECT_EQ(Ask({"why", "shop/web"}).out, "it has\n  reason: leased\n");
  EXPECT_EQ(asked_, "GET /v1/why pod=shop/web;");
}

TEST_F(AskTest, PopAndPushNameNodeAndAddress) {
  AnswerAlways(R"({"address":"10.0.0.5","state":"fresh"})");
  EXPECT_EQ(Ask({"pop", "node-1", "10.0.0.5"}).out, "popped 10.0.0.5\n");
  EXPECT_EQ(asked_,
            "POST /v1/addresses/pop "
            "{\"node\":\"node-1\",\"address\":\"10.0.0.5\"}");
  EXPECT_EQ(Ask({"push", "node-1"}).out, "pushed 10.0.0.5, now fresh\n");
  EXPECT_EQ(asked_, "POST /v1/addresses/push {\"node\":\"node-1\"}");
}

TEST_F(AskTest, ARehearsalIsAskedForAndToldSo) {
  AnswerAlways(R"({"dryRun":true,"findings":[
      {"kind":"orphan","subject":"net/c1/eth0","text":"would be removed"}]})");
  const Outcome outcome = Ask({"gc", "--dry-run"});
  EXPECT_EQ(outcome.out,
            "KIND     SUBJECT       TEXT\n"
            "orphan   net/c1/eth0   would be removed\n");
  EXPECT_EQ(outcome.err, "Nothing was changed: --dry-run.\n");
  EXPECT_EQ(asked_, "POST /v1/sweep {\"dryRun\":true}");
}

TEST_F(AskTest, UnusedIsUk8sColumns) {
  AnswerAlways(R"({"node":"n","addresses":[
      {"address":"10.0.0.5","subnet":"subnet-a","why":"popped",
       "since":"2023-11-24T02:48:00Z"}]})");
  EXPECT_EQ(Ask({"get", "unuse"}).out,
            "IP         SUBNET\n10.0.0.5   subnet-a\n");
  EXPECT_EQ(Ask({"get", "unuse", "-o", "wide"}).out,
            "IP         SUBNET     WHY      SINCE\n"
            "10.0.0.5   subnet-a   popped   60s\n");
}

TEST_F(AskTest, AnotherNodeIsAskedByWayOfThisOnes) {
  AnswerAlways(rpc::ToJson(Node()));
  EXPECT_THAT(Ask({"get", "pool", "-n", "node-1"}).out, HasSubstr("10.0.0.9"));
  EXPECT_EQ(asked_, "GET /v1/nodes/node-1/v1/pool ");
  EXPECT_THAT(Ask({"get", "node", "-n", "node-1"}).out,
              HasSubstr("node-1   subnet-a   1"));
  Ask({"why", "web-0", "-n", "node/2"});
  EXPECT_EQ(asked_, "GET /v1/nodes/node%2f2/v1/why pod=default/web-0;");
}

TEST_F(RunTest, JsonCanBeReadBackAsTheDaemonsMessage) {
  Answer(rpc::Answer{rpc::ToJson(Node())});
  const auto reply = rpc::ParsePoolReply(Ask({"get", "pod", "-o", "json"}).out);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->node, "node-1");
  ASSERT_EQ(reply->entries.size(), 1u);
  EXPECT_EQ(reply->entries[0].pod.name, "web-0");
}

TEST_F(RunTest, NothingToShowIsNoError) {
  Answer(rpc::Answer{rpc::ToJson(rpc::PoolReply{"node-1", {}})});
  const Outcome outcome = Ask({"get", "pod"});
  EXPECT_EQ(outcome.exit_status, kDone);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "No resources found.\n");
}

TEST_F(RunTest, WithoutADaemonItSaysWhatToDo) {
  const Outcome outcome = Ask({"get", "pod"});
  EXPECT_EQ(outcome.exit_status, kFailed);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err,
              StartsWith("cnivpctl: ipamd isn't running: nobody listens at " +
                         path_ + "\n"));
}

TEST_F(RunTest, ADaemonsNoIsPassedOn) {
  Answer(absl::FailedPreconditionError("the store is damaged"));
  const Outcome outcome = Ask({"get", "pod"});
  EXPECT_EQ(outcome.exit_status, kFailed);
  EXPECT_EQ(outcome.err,
            "cnivpctl: ipamd said no: the store is damaged "
            "(FAILED_PRECONDITION)\n");
}

TEST_F(RunTest, AnAnswerThatMakesNoSenseIsAnError) {
  Answer(rpc::Answer{R"({"addresses":[{"address":"10.0.0.5"}]})"});
  const Outcome outcome = Ask({"get", "pod"});
  EXPECT_EQ(outcome.exit_status, kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("addresses[0].state: missing"));
}

TEST_F(RunTest, ASilentDaemonIsWaitedForAsLongAsAsked) {
  rpc::Reply kept;
  Listen([&](const rpc::Call&, rpc::Reply reply) { kept = std::move(reply); });
  const Outcome outcome = Ask({"get", "pod", "--timeout", "50ms"});
  EXPECT_EQ(outcome.exit_status, kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("didn't answer in time\n"));
  loop_->Post([&] {
    kept(rpc::Answer{});
    loop_->Stop();
  });
  thread_.join();
}

TEST_F(RunTest, ASocketForRootOnlyIsNotAMissingDaemon) {
  const Host host = HostWith([](const Options&) -> absl::StatusOr<Connection> {
    return absl::PermissionDeniedError("connect /s: no");
  });
  const Outcome outcome = ctl::Run({"get", "pod"}, host);
  EXPECT_EQ(outcome.exit_status, kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("as root"));
}

// Whatever doesn't need the daemon doesn't ask for it.
Outcome RunAlone(const std::vector<std::string>& arguments) {
  const Host nobody =
      HostWith([](const Options&) -> absl::StatusOr<Connection> {
        ADD_FAILURE() << "connects";
        return absl::NotFoundError("");
      });
  return Run(arguments, nobody);
}

TEST(RunAloneTest, HelpGoesToStandardOutput) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {}, {"help"}, {"--help"}, {"get", "--help"}}) {
    const Outcome outcome = RunAlone(arguments);
    EXPECT_EQ(outcome.exit_status, kDone);
    EXPECT_THAT(outcome.out, HasSubstr("Usage: cnivpctl"));
    EXPECT_EQ(outcome.err, "");
  }
}

TEST(RunAloneTest, AWrongCommandLineAsksNobody) {
  const Outcome outcome = RunAlone({"get", "pdo"});
  EXPECT_EQ(outcome.exit_status, kUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "cnivpctl: unknown command after \"get\": \"pdo\"; did you mean "
            "\"pod\"?\nSee cnivpctl --help.\n");
}

TEST(RunAloneTest, TheVersionIsThisBuilds) {
  EXPECT_THAT(RunAlone({"version"}).out, StartsWith("CNI Version:    "));
  const auto json = base::Json::Parse(RunAlone({"version", "-o", "json"}).out);
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_TRUE(json->String("version").ok());
  EXPECT_TRUE(json->String("gitCommit").ok());
}

TEST(RunAloneTest, CompletionIsForTheShellAskedFor) {
  EXPECT_THAT(RunAlone({"completion", "bash"}).out, HasSubstr("complete -F"));
  EXPECT_THAT(RunAlone({"completion", "zsh"}).out, StartsWith("#compdef"));
}

TEST(CtlMainTest, ReturnsTheExitStatus) {
  char program[] = "cnivpctl";
  char command[] = "nonsense";
  char* argv[] = {program, command, nullptr};
  EXPECT_EQ(CtlMain(2, argv), kUsage);
  EXPECT_EQ(CtlMain(1, argv), kDone);
  EXPECT_EQ(CtlMain(0, argv + 2), kDone);
}

}  // namespace
}  // namespace applets::ctl
