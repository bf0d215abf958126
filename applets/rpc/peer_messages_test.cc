#include "applets/rpc/peer_messages.h"

#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

using base::Ipv4;
using base::Mac;

const Mac kMac({0x52, 0x54, 0, 0x12, 0x34, 0x56});

TEST(PeerMessagesTest, EveryMessageSurvivesTheWire) {
  const auto lend =
      ParseLendRequest(ToJson(LendRequest{"3f0c", "node-a", kMac, "subnet-1"}));
  ASSERT_TRUE(lend.ok()) << lend.status();
  EXPECT_EQ(lend->key, "3f0c");
  EXPECT_EQ(lend->node, "node-a");
  EXPECT_EQ(lend->mac, kMac);
  EXPECT_EQ(lend->subnet, "subnet-1");

  const auto lent = ParseLendReply(
      ToJson(LendReply{Ipv4(0x0a000005), kMac, absl::Milliseconds(59500)}));
  ASSERT_TRUE(lent.ok()) << lent.status();
  EXPECT_EQ(lent->address, Ipv4(0x0a000005));
  EXPECT_EQ(lent->mac, kMac);
  EXPECT_EQ(lent->held_for, absl::Milliseconds(59500));

  const auto settle =
      ParseSettleRequest(ToJson(SettleRequest{"3f0c", "node-a", true}));
  ASSERT_TRUE(settle.ok()) << settle.status();
  EXPECT_EQ(settle->key, "3f0c");
  EXPECT_TRUE(settle->taken);

  const auto spare =
      ParseSpareReply(ToJson(SpareReply{"node-b", "subnet-1", 12}));
  ASSERT_TRUE(spare.ok()) << spare.status();
  EXPECT_EQ(spare->node, "node-b");
  EXPECT_EQ(spare->subnet, "subnet-1");
  EXPECT_EQ(spare->spare, 12);
}

TEST(PeerMessagesTest, UnknownFieldsAreIgnored) {
  const auto spare = ParseSpareReply(
      R"({"node":"b","subnet":"s","spare":1,"later":{"more":[1]}})");
  EXPECT_TRUE(spare.ok()) << spare.status();
}

// Whether an address was taken is never guessed.
TEST(PeerMessagesTest, SettlingWithoutAnOutcomeIsRefused) {
  const auto settle = ParseSettleRequest(R"({"key":"k","node":"a"})");
  EXPECT_EQ(settle.status().message(), "taken: missing");
}

TEST(PeerMessagesTest, ErrorsNameTheField) {
  EXPECT_EQ(
      ParseLendRequest(R"({"key":"k","node":"a","mac":"no","subnet":"s"})")
          .status()
          .message()
          .substr(0, 5),
      "mac: ");
  EXPECT_EQ(ParseLendReply(R"({"address":"10.0.0.1","mac":"52:54:00:12:34:56",)"
                           R"("heldForMs":-1})")
                .status()
                .message(),
            "heldForMs: must be between 0 and 3600000");
  EXPECT_EQ(ParseSpareReply(R"({"node":"a","subnet":"s","spare":99999999})")
                .status()
                .message(),
            "spare: must be between 0 and 16777216");
}

TEST(PeerMessagesTest, NamesThatWouldSpoilALogAreRefused) {
  for (const char* name : {"", "a b", "a\\nb", "a\\u0000b", "\\\"", "\\\\"}) {
    const std::string json =
        std::string(R"({"key":"k","taken":true,"node":")") + name + "\"}";
    EXPECT_TRUE(absl::IsInvalidArgument(ParseSettleRequest(json).status()))
        << json;
  }
  const std::string long_name(kMaxNameBytes + 1, 'x');
  EXPECT_FALSE(
      ParseSettleRequest(ToJson(SettleRequest{long_name, "node-a", true}))
          .ok());
}

}  // namespace
}  // namespace applets::rpc
