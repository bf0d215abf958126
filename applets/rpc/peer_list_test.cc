#include "applets/rpc/peer_list.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

using base::Ipv4;

const Peer kB{"node-b", Ipv4(0x0a000002), kPeerPort};
const Peer kC{"node-c", Ipv4(0x0a000003), 7000};

std::string WhyNot(absl::string_view text) {
  const auto peers = ParsePeers(text);
  EXPECT_TRUE(absl::IsInvalidArgument(peers.status())) << text;
  return std::string(peers.status().message());
}

TEST(PeerListTest, AFlagHasCommasBetweenNodes) {
  EXPECT_EQ(*ParsePeers("node-b=10.0.0.2,node-c=10.0.0.3:7000"),
            (std::vector<Peer>{kB, kC}));
}

TEST(PeerListTest, AFileHasLinesAndComments) {
  EXPECT_EQ(*ParsePeers("# ours\n\n  node-b=10.0.0.2 # the large one\r\n"
                        "node-c=10.0.0.3:7000\n"),
            (std::vector<Peer>{kB, kC}));
}

TEST(PeerListTest, NobodyIsAListToo) {
  EXPECT_TRUE(ParsePeers("")->empty());
  EXPECT_TRUE(ParsePeers("\n , ,\n#node-b=10.0.0.2").value().empty());
}

TEST(PeerListTest, WhatIsWrongIsQuoted) {
  EXPECT_EQ(WhyNot("node-b"),
            "\"node-b\": must be NODE=ADDRESS or NODE=ADDRESS:PORT");
  EXPECT_EQ(WhyNot("=10.0.0.2"), "\"=10.0.0.2\": not the name of a node");
  EXPECT_EQ(WhyNot("a/b=10.0.0.2"), "\"a/b=10.0.0.2\": not the name of a node");
  EXPECT_EQ(WhyNot("node-b=10.0.0.2,node-b=10.0.0.3"),
            "\"node-b=10.0.0.3\": the node stands there twice");
  for (const char* port : {"", "0", "65536", "+80", "-1", "7312x", " 80"}) {
    const std::string entry = absl::StrCat("b=10.0.0.2:", port);
    EXPECT_EQ(WhyNot(entry), absl::StrCat("\"", entry,
                                          "\": the port isn't "
                                          "from 1 to 65535"));
  }
  EXPECT_NE(WhyNot("node-b=10.0.0").find("\"node-b=10.0.0\": "),
            std::string::npos);
}

TEST(PeerListTest, ThereIsALimit) {
  std::string text;
  for (size_t i = 0; i < kMaxPeers; ++i) {
    absl::StrAppend(&text, "n", i, "=10.0.0.1\n");
  }
  EXPECT_EQ(ParsePeers(text)->size(), kMaxPeers);
  EXPECT_EQ(WhyNot(text + "one-more=10.0.0.1"), "more than 10000 nodes");
}

}  // namespace
}  // namespace applets::rpc
