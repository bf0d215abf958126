// The plugin with the node's own store, with and without an ipamd.
#include "applets/cni/system_leasing.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/cni/fake_leasing.h"
#include "applets/cni/node_lab.h"
#include "applets/cni/plugin.h"
#include "applets/ledger/queue.h"
#include "base/fd.h"
#include "gtest/gtest.h"
#include "pool/store.h"

namespace applets::cni {
namespace {

class SystemLeasingTest : public testing::Test {
 protected:
  SystemLeasingTest() : pod_(NodeLab::NewNetns()) {
    std::string folder = absl::StrCat(getenv("TEST_TMPDIR"), "/XXXXXX");
    state_dir_ = mkdtemp(folder.data());
    folder_ = base::Fd(open(state_dir_.c_str(), O_PATH | O_CLOEXEC));
  }

  // One second to wait, version 1.1.0.
  std::string Config(absl::string_view more = "") const {
    return absl::StrCat(
        R"({"cniVersion":"1.1.0","name":"net","timeout":1,"vpc":"embedded",)",
        R"("subnet":"10.126.0.0/16","interface":"eth0","stateDir":")",
        state_dir_, R"(","socket":")", socket(), "\"", more, "}");
  }

  // Short enough for a socket, wherever the folder is.
  std::string socket() const {
    return absl::StrCat("/proc/self/fd/", folder_.get(), "/s");
  }

  Outcome Call(const std::string& verb, const std::string& config) {
    return CallPluginNow({{"CNI_COMMAND", verb},
                          {"CNI_CONTAINERID", "c1"},
                          {"CNI_NETNS", NodeLab::PathOf(pod_)},
                          {"CNI_IFNAME", "eth0"},
                          {"CNI_PATH", "/opt/cni/bin"}},
                         config, leasing_);
  }

  // A socket that takes connections and never answers.
  base::Fd Listen() const {
    base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = socket();
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(
        bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)),
        0);
    EXPECT_EQ(listen(fd.get(), 8), 0);
    return fd;
  }

  size_t Queued() const {
    const auto queue = ledger::ReadQueue(state_dir_);
    return queue.ok() ? queue->entries.size() : 0;
  }

  NodeLab lab_;
  base::Fd pod_;
  std::string state_dir_;
  base::Fd folder_;
  SystemLeasing leasing_;
};

TEST_F(SystemLeasingTest, WithoutIpamdThePluginLeasesByItself) {
  const Outcome added = Call("ADD", Config());
  ASSERT_EQ(added.exit_status, 0) << added.out;
  EXPECT_EQ(NodeLab::HostEnds(), 1u);

  const std::string with_result =
      Config(absl::StrCat(R"(,"prevResult":)", added.out));
  EXPECT_EQ(Call("CHECK", with_result).exit_status, 0);
  EXPECT_EQ(Call("STATUS", Config()).exit_status, 0);

  for (int i = 0; i < 3; ++i) {
    const Outcome deleted = Call("DEL", with_result);
    EXPECT_EQ(deleted.exit_status, 0) << deleted.out;
    EXPECT_EQ(deleted.log, "");
  }
  EXPECT_EQ(NodeLab::HostEnds(), 0u);
  EXPECT_EQ(NodeLab::Rules(), 0u);
  EXPECT_EQ(CodeIn(Call("CHECK", with_result)), 3);
  EXPECT_EQ(Queued(), 0u);
}

TEST_F(SystemLeasingTest, WithoutIpamdGarbageIsCollectedToo) {
  ASSERT_EQ(Call("ADD", Config()).exit_status, 0);
  const char* valid =
      R"(,"cni.dev/valid-attachments":[{"containerID":"c1","ifname":"eth0"}])";
  EXPECT_EQ(Call("GC", Config(valid)).exit_status, 0);
  EXPECT_EQ(NodeLab::HostEnds(), 1u);
  const Outcome collected =
      Call("GC", Config(R"(,"cni.dev/valid-attachments":[])"));
  EXPECT_EQ(collected.exit_status, 0) << collected.out;
  EXPECT_EQ(NodeLab::HostEnds(), 0u);
}

TEST_F(SystemLeasingTest, WithoutIpamdASubnetThatIsFullIsToldOf) {
  std::string config = Config();
  // No more than two addresses for hosts.
  config.replace(config.find("10.126.0.0/16"), 13, "10.126.7.0/30");
  ASSERT_EQ(Call("ADD", config).exit_status, 0);
  int code = 0;
  for (int i = 0; i < 2 && code == 0; ++i) {
    const base::Fd pod = NodeLab::NewNetns();
    code = CodeIn(CallPluginNow({{"CNI_COMMAND", "ADD"},
                                 {"CNI_CONTAINERID", absl::StrCat("next-", i)},
                                 {"CNI_NETNS", NodeLab::PathOf(pod)},
                                 {"CNI_IFNAME", "eth0"}},
                                config, leasing_));
  }
  EXPECT_EQ(code, 50);
  EXPECT_EQ(CodeIn(Call("STATUS", config)), 50);
}

TEST_F(SystemLeasingTest, ASilentIpamdIsNeverPassedOver) {
  ASSERT_EQ(Call("ADD", Config()).exit_status, 0);
  const base::Fd silent = Listen();
  const base::Fd first = std::move(pod_);
  pod_ = NodeLab::NewNetns();
  EXPECT_EQ(CodeIn(Call("ADD", Config())), 11);
  EXPECT_EQ(NodeLab::HostEnds(), 1u);
  EXPECT_EQ(CodeIn(Call("STATUS", Config())), 50);
}

TEST_F(SystemLeasingTest, ASilentIpamdsDelIsQueued) {
  ASSERT_EQ(Call("ADD", Config()).exit_status, 0);
  const base::Fd silent = Listen();
  const Outcome deleted = Call("DEL", Config());
  EXPECT_EQ(deleted.exit_status, 0) << deleted.out;
  EXPECT_TRUE(absl::StrContains(deleted.log, "WARNING verb=DEL"));
  EXPECT_EQ(NodeLab::HostEnds(), 0u);
  EXPECT_EQ(Queued(), 1u);
}

TEST_F(SystemLeasingTest, AStoreInUseMeansTryAgainAndQueuesDels) {
  ASSERT_EQ(Call("ADD", Config()).exit_status, 0);
  const auto lock = pool::StoreLock::Take(state_dir_, absl::Now());
  ASSERT_TRUE(lock.ok()) << lock.status();
  const Outcome deleted = Call("DEL", Config());
  EXPECT_EQ(deleted.exit_status, 0) << deleted.out;
  EXPECT_EQ(Queued(), 1u);
  EXPECT_EQ(NodeLab::HostEnds(), 0u);
  EXPECT_EQ(CodeIn(Call("ADD", Config())), 11);
}

TEST_F(SystemLeasingTest, AnIpamdThatStartsMeanwhileIsAsked) {
  const auto lock = pool::StoreLock::Take(state_dir_, absl::Now());
  ASSERT_TRUE(lock.ok()) << lock.status();
  std::thread ipamd([&] {
    const base::Fd listening = Listen();
    const base::Fd peer(accept(listening.get(), nullptr, nullptr));
    char request[4096];
    EXPECT_GT(recv(peer.get(), request, sizeof(request), 0), 0);
    constexpr char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    EXPECT_GT(send(peer.get(), kAnswer, sizeof(kAnswer) - 1, MSG_NOSIGNAL), 0);
  });
  EXPECT_EQ(Call("STATUS", Config()).exit_status, 0);
  ipamd.join();
}

}  // namespace
}  // namespace applets::cni
