#include "netlink/netns.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"

namespace netlink {
namespace {

using ::testing::HasSubstr;

ino_t InodeOf(const std::string& path) {
  struct stat status;
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_ino;
}

ino_t OwnInode() { return InodeOf("/proc/thread-self/ns/net"); }

TEST(OpenNetnsTest, OpensOne) {
  EXPECT_TRUE(OpenNetns("/proc/self/ns/net").ok());
}

TEST(OpenNetnsTest, SaysWhenNothingIsThere) {
  const auto netns = OpenNetns("/run/netns/no-such-namespace");
  EXPECT_TRUE(absl::IsNotFound(netns.status()));
  EXPECT_THAT(netns.status().message(), HasSubstr("no-such-namespace"));
}

TEST(OpenNetnsTest, RefusesWhatIsNone) {
  const std::string file = ::testing::TempDir() + "unmounted";
  ASSERT_TRUE(base::WriteFileAtomically(file, "").ok());
  const std::string fifo = ::testing::TempDir() + "fifo";
  unlink(fifo.c_str());
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& path :
       {file, fifo, std::string("/dev/null"), std::string("/proc/self/ns/mnt"),
        std::string("/")}) {
    const auto netns = OpenNetns(path);
    EXPECT_TRUE(absl::IsInvalidArgument(netns.status())) << path;
    EXPECT_EQ(netns.status().message(), path + " is not a network namespace");
  }
}

TEST(NetnsScopeTest, ReturnsToWhereItCameFrom) {
  const ino_t home = OwnInode();
  const base::Fd other = MakeNetns();
  {
    const auto scope = NetnsScope::Enter(other.get());
    ASSERT_TRUE(scope.ok()) << scope.status();
    EXPECT_NE(OwnInode(), home);
  }
  EXPECT_EQ(OwnInode(), home);
}

TEST(NetnsScopeTest, StaysWhereItIsWhenItCannotEnter) {
  const ino_t home = OwnInode();
  const base::Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(NetnsScope::Enter(null.get()).ok());
  EXPECT_FALSE(NetnsScope::Enter(-1).ok());
  EXPECT_EQ(OwnInode(), home);
}

TEST(SocketInTest, WorksOnThatNamespaceFromOutside) {
  const FreshNetns here;
  const base::Fd other = MakeNetns();
  Socket socket = *SocketIn(other.get());
  ASSERT_EQ(socket.Transact(
                CreateVeth({.inner = {.name = "a"}, .outer = {.name = "b"}})),
            absl::OkStatus());
  Socket own = *Socket::Open();
  EXPECT_TRUE(GetLink(socket, "a").ok());
  EXPECT_FALSE(GetLink(own, "a").ok());
}

}  // namespace
}  // namespace netlink
