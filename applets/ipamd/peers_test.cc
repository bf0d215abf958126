#include "applets/ipamd/peers.h"

#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using base::Ipv4;
using testing::UnitTest;

class PeersTest : public testing::Test {
 protected:
  void Write(const std::string& text) {
    ASSERT_TRUE(base::WriteFileAtomically(file_, text).ok());
  }

  const std::string file_ =
      absl::StrCat(testing::TempDir(), "/peers.", getpid(), ".",
                   UnitTest::GetInstance()->current_test_info()->name());
  const rpc::Peer b_{"node-b", Ipv4(0x0a000002)};
};

TEST_F(PeersTest, TheListNeedsNoFile) {
  Peers peers({b_}, "");
  peers.LookAgain();
  EXPECT_EQ(peers.names(), std::vector<std::string>{"node-b"});
  EXPECT_EQ(*peers.Find("node-b"), b_);
  EXPECT_EQ(peers.Find("node-c"), nullptr);
}

TEST_F(PeersTest, TheFileMayComeChangeAndGo) {
  Peers peers({}, file_);
  EXPECT_EQ(peers.size(), 0u);
  Write("node-b=10.0.0.2");
  peers.LookAgain();
  EXPECT_EQ(*peers.Find("node-b"), b_);
  Write("node-c=10.0.0.3\nnode-d=10.0.0.4");
  peers.LookAgain();
  EXPECT_EQ(peers.names(), (std::vector<std::string>{"node-c", "node-d"}));
  ASSERT_EQ(unlink(file_.c_str()), 0);
  peers.LookAgain();
  EXPECT_EQ(peers.size(), 0u);
}

TEST_F(PeersTest, AFileThatCannotBeReadLeavesEverythingAsItWas) {
  Write("node-b=10.0.0.2");
  Peers peers({}, file_);
  Write("node-b=10.0.0.2\nnode-c");
  peers.LookAgain();
  EXPECT_EQ(peers.names(), std::vector<std::string>{"node-b"});
}

TEST_F(PeersTest, WhatTheClusterListsComesLast) {
  Write("node-c=10.0.0.3");
  Peers peers({b_}, file_);
  peers.SetListed({{"node-b", Ipv4(0x0a090909)},
                   {"node-c", Ipv4(0x0a090909)},
                   {"node-d", Ipv4(0x0a000004)}});
  EXPECT_EQ(peers.size(), 3u);
  EXPECT_EQ(*peers.Find("node-b"), b_);
  EXPECT_EQ(peers.Find("node-c")->address, Ipv4(0x0a000003));
  EXPECT_EQ(peers.Find("node-d")->address, Ipv4(0x0a000004));
  peers.SetListed({});
  EXPECT_EQ(peers.names(), (std::vector<std::string>{"node-b", "node-c"}));
}

TEST_F(PeersTest, TheListHasPrecedence) {
  Write("node-b=10.9.9.9\nnode-c=10.0.0.3");
  const Peers peers({b_}, file_);
  EXPECT_EQ(peers.size(), 2u);
  EXPECT_EQ(*peers.Find("node-b"), b_);
}

}  // namespace
}  // namespace applets::ipamd
