#include "applets/rpc/peer_access.h"

#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

std::string Written(const std::string& name, const std::string& text) {
  std::string path = testing::TempDir() + "/" + name;
  EXPECT_TRUE(base::WriteFileAtomically(path, text).ok());
  return path;
}

TEST(PeerAccessTest, CertificatesAreAllThreeOrNone) {
  EXPECT_TRUE(Validate({}).ok());
  EXPECT_TRUE(Validate({.certificate = "c", .key = "k", .ca = "a"}).ok());
  EXPECT_TRUE(Validate({.token_file = "t"}).ok());
  EXPECT_FALSE(Validate({.certificate = "c", .key = "k"}).ok());
  EXPECT_FALSE(Validate({.ca = "a"}).ok());
}

TEST(PeerAccessTest, TokenBesidesCertificatesIsRefused) {
  EXPECT_FALSE(
      Validate({.certificate = "c", .key = "k", .ca = "a", .token_file = "t"})
          .ok());
}

TEST(PeerAccessTest, ATokenIsALine) {
  const auto tokens = ReadTokens(
      Written("two", "  0123456789abcdef\r\n\nfedcba9876543210\n\n"));
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(*tokens,
            (std::vector<std::string>{"0123456789abcdef", "fedcba9876543210"}));
}

TEST(PeerAccessTest, AFileWithoutATokenLetsNobodyIn) {
  EXPECT_FALSE(ReadTokens(Written("empty", "\n \n")).ok());
  EXPECT_FALSE(ReadTokens(Written("spaces", "0123456789 abcdef")).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadTokens("/nowhere/token").status()));
}

TEST(PeerAccessTest, AShortTokenIsRefusedAndNotQuoted) {
  const auto tokens = ReadTokens(Written("short", "hunter2hunter2"));
  EXPECT_TRUE(absl::IsInvalidArgument(tokens.status()));
  EXPECT_EQ(tokens.status().message().find("hunter2"), std::string::npos);
}

TEST(PeerAccessTest, OnlyAWholeTokenOpens) {
  const std::vector<std::string> tokens = {"0123456789abcdef",
                                           "fedcba9876543210"};
  EXPECT_TRUE(ShowsToken("Bearer 0123456789abcdef", tokens));
  EXPECT_TRUE(ShowsToken("Bearer fedcba9876543210", tokens));
  for (const char* header :
       {"", "Bearer ", "Bearer 0123456789abcde", "0123456789abcdef",
        "Bearer 0123456789abcdef0", "Basic 0123456789abcdef",
        "bearer 0123456789abcdef", "Bearer  0123456789abcdef"}) {
    EXPECT_FALSE(ShowsToken(header, tokens)) << header;
  }
  EXPECT_FALSE(ShowsToken("Bearer ", {}));
}

TEST(PeerAccessTest, AReplacedFileHasAnotherStamp) {
  const std::string path = Written("stamped", "one");
  const std::string before = StampOf({path, "/nowhere"});
  EXPECT_EQ(StampOf({path, "/nowhere"}), before);
  Written("stamped", "two");
  EXPECT_NE(StampOf({path, "/nowhere"}), before);
}

}  // namespace
}  // namespace applets::rpc
