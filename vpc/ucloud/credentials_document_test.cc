#include "vpc/ucloud/credentials_document.h"

#include <string>

#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string Example(const std::string& name) {
  auto text = base::ReadFile("testdata/vpc/metadata/" + name, 1 << 16);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

TEST(ParseKeysTest, BothVersionsSayTheSame) {
  for (const auto& keys : {ParseKeysV1(Example("keys-v1.json")),
                           ParseKeysV2(Example("keys-v2.json"))}) {
    ASSERT_TRUE(keys.ok()) << keys.status();
    EXPECT_EQ(keys->public_key, "EXAMPLE-PUBLIC-90b2c7");
    EXPECT_TRUE(keys->private_key == "EXAMPLE-PRIVATE-4f1b0d6e27c94a53");
    EXPECT_EQ(keys->security_token, "EXAMPLE-TOKEN-c2Vzc2lvbg==");
    EXPECT_EQ(keys->project_id, "org-e1x4ya");
    EXPECT_EQ(keys->expires, absl::FromUnixSeconds(1796083200));
  }
}

TEST(ParseKeysTest, GivesTheReasonOfARefusal) {
  for (const auto& keys : {ParseKeysV1(Example("keys-refused.json")),
                           ParseKeysV2(Example("keys-refused.json"))}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(keys.status()));
    EXPECT_EQ(keys.status().message(),
              "no temporary keys: RetCode 8039: no role is bound to this host");
  }
}

TEST(ParseKeysTest, DoesntQuoteARefusalThatHasData) {
  const auto keys = ParseKeysV1(
      R"({"RetCode": 1, "Message": "EXAMPLE", "Data": {"PublicKey": "x"}})");
  EXPECT_EQ(keys.status().message(), "no temporary keys: RetCode 1");
}

struct Broken {
  absl::string_view from;
  absl::string_view to;
  absl::string_view error;
};

void ExpectBroken(const absl::StatusOr<Keys>& keys, const Broken& broken) {
  EXPECT_TRUE(absl::IsInvalidArgument(keys.status()));
  EXPECT_EQ(keys.status().message(), broken.error);
}

TEST(ParseKeysV1Test, NamesThePathAndNoValue) {
  const std::string good = Example("keys-v1.json");
  for (const Broken& broken : {
           Broken{"\"Data\"", "\"D\"", "Data: missing"},
           Broken{"\"PublicKey\"", "\"P\"", "Data.PublicKey: missing"},
           Broken{"\"EXAMPLE-PUBLIC-90b2c7\"", "\"\"", "Data.PublicKey: empty"},
           Broken{"\"PrivateKey\"", "\"P\"", "Data.PrivateKey: missing"},
           Broken{"\"EXAMPLE-PRIVATE-4f1b0d6e27c94a53\"", "17",
                  "Data.PrivateKey: must be a string"},
           Broken{"\"SecurityToken\"", "\"S\"", "Data.SecurityToken: missing"},
           Broken{"1796083200", "\"EXAMPLE\"",
                  "Data.Expiration: must be a whole number"},
           Broken{"1796083200", "0",
                  "Data.Expiration: not a time in seconds since 1970"},
           Broken{"1796083200", "1796083200000",
                  "Data.Expiration: not a time in seconds since 1970"},
       }) {
    ExpectBroken(
        ParseKeysV1(absl::StrReplaceAll(good, {{broken.from, broken.to}})),
        broken);
  }
}

TEST(ParseKeysV2Test, NamesThePathAndNoValue) {
  const std::string good = Example("keys-v2.json");
  const absl::string_view time = "2026-12-01T08:00:00+08:00";
  for (const Broken& broken : {
           Broken{"\"AccessKeyId\"", "\"P\"", "Data.AccessKeyId: missing"},
           Broken{"\"AccessKeySecret\"", "\"P\"",
                  "Data.AccessKeySecret: missing"},
           Broken{time, "EXAMPLE", "Data.Expiration: not an RFC 3339 time"},
           Broken{time, "infinite-future",
                  "Data.Expiration: not an RFC 3339 time"},
           Broken{time, "1969-12-01T08:00:00Z",
                  "Data.Expiration: not an RFC 3339 time"},
       }) {
    ExpectBroken(
        ParseKeysV2(absl::StrReplaceAll(good, {{broken.from, broken.to}})),
        broken);
  }
}

// Wherever a document breaks off or is bent, the error doesn't quote it.
TEST(ParseKeysTest, NoErrorQuotesASecret) {
  int errors = 0;
  const auto expect_no_secret = [&errors](const absl::StatusOr<Keys>& keys) {
    if (keys.ok()) return;
    ++errors;
    EXPECT_THAT(keys.status().ToString(), Not(HasSubstr("EXAMPLE")));
    EXPECT_THAT(keys.status().ToString(), Not(HasSubstr("4f1b0d6e")));
  };
  for (const char* name : {"keys-v1.json", "keys-v2.json"}) {
    const std::string good = Example(name);
    for (size_t i = 0; i < good.size(); ++i) {
      std::string bent = good;
      bent[i] = bent[i] == '"' ? '{' : '"';
      for (const std::string& bad : {good.substr(0, i), bent}) {
        expect_no_secret(ParseKeysV1(bad));
        expect_no_secret(ParseKeysV2(bad));
      }
    }
  }
  EXPECT_GT(errors, 1000);
}

}  // namespace
}  // namespace vpc::ucloud
