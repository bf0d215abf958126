#include "netlink/delete_link.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"

namespace netlink {
namespace {

using ::testing::SizeIs;

constexpr absl::Duration kLimit = absl::Seconds(10);

class DeleteLinkTest : public ::testing::Test {
 protected:
  // Pair number `i`: a0, b0; the index of its outer end.
  uint32_t MakePair(uint32_t i) {
    const uint32_t outer = 70000 + 2 * i;
    EXPECT_EQ(host_.Transact(
                  CreateVeth({.inner = {outer + 1, absl::StrCat("a", i), {}, 0},
                              .outer = {outer, absl::StrCat("b", i), {}, 0}})),
              absl::OkStatus());
    return outer;
  }

  FreshNetns netns_;
  Socket host_ = *Socket::Open();
};

TEST_F(DeleteLinkTest, DeletesManyTogetherAndNoOthers) {
  std::vector<uint32_t> doomed;
  for (uint32_t i = 0; i < 50; ++i) doomed.push_back(MakePair(i));
  const uint32_t kept = MakePair(50);
  EXPECT_EQ(DeleteLinks(host_, doomed), absl::OkStatus());
  EXPECT_THAT(*ListLinks(host_, "veth"), SizeIs(2));
  EXPECT_TRUE(GetLink(host_, kept).ok());
}

TEST_F(DeleteLinkTest, ManyMayBeGoneAlready) {
  EXPECT_EQ(DeleteLinks(host_, {}), absl::OkStatus());
  EXPECT_EQ(DeleteLinks(host_, {4711, 4712}), absl::OkStatus());
  const uint32_t pair = MakePair(0);
  EXPECT_EQ(DeleteLinks(host_, {4711, pair}), absl::OkStatus());
  EXPECT_FALSE(GetLink(host_, pair).ok());
}

TEST_F(DeleteLinkTest, ReturnsWhenTheLinkIsGone) {
  const uint32_t pair = MakePair(0);
  EXPECT_EQ(DeleteLinkUntilGone(pair, kLimit), absl::OkStatus());
  EXPECT_EQ(host_.Transact(DeleteLink(pair)).code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(GetLink(host_, "a0").ok());
}

TEST_F(DeleteLinkTest, AMissingLinkIsGone) {
  EXPECT_EQ(DeleteLinkUntilGone(4711, kLimit), absl::OkStatus());
}

TEST_F(DeleteLinkTest, TheKernelsRefusalIsReported) {
  EXPECT_TRUE(absl::IsUnimplemented(DeleteLinkUntilGone(1 /* lo */, kLimit)));
}

// Plays the runtime: the plugin is a child that exits as soon as it is done,
// and whatever it leaves behind comes to us.
TEST_F(DeleteLinkTest, LeavesNoProcessAndNoOpenStreamBehind) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  const uint32_t pair = MakePair(0);
  int stream[2];
  ASSERT_EQ(pipe2(stream, O_CLOEXEC), 0);
  const pid_t plugin = fork();
  if (plugin == 0) {
    dup2(stream[1], STDOUT_FILENO);
    close(stream[1]);
    _exit(DeleteLinkUntilGone(pair, kLimit).ok() ? 0 : 1);
  }
  close(stream[1]);
  int ended = 0;
  ASSERT_EQ(waitpid(plugin, &ended, 0), plugin);
  EXPECT_EQ(ended, 0);
  EXPECT_FALSE(GetLink(host_, pair).ok());
  char byte;
  EXPECT_EQ(read(stream[0], &byte, 1), 0);  // everybody has closed it
  close(stream[0]);
  while (waitpid(-1, &ended, 0) > 0) EXPECT_EQ(ended, 0);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace netlink
