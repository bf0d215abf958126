#include "applets/ctl/redact.h"

#include <random>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kSecret[] = "s3cr3t+VALUE/with=signs";

// Everything that surrounds a secret, with @ for it.
constexpr absl::string_view kPlanted[] = {
    R"({"publicKey":"@"})",
    R"({"PrivateKey" : "@", "a": 1})",
    "{\"securityToken\":\n  \"@\"}",
    R"({"auth":{"clientSecret":["x","@"]}})",
    R"({"credentials":{"a":"b \" }","c":"@"},"rest":1})",
    R"(text="{\"token\":\"@\"}" more)",
    "UCLOUD_API_PUBKEY=@",
    "export UCLOUD_API_PRIKEY='@'",
    "ipamd --peer-token=@ --v=1",
    "ipamd --api-key @ --v=1",
    "password: @",
    "GET /?Action=X&Signature=@&Region=cn HTTP/1.1",
    "Authorization: Bearer @",
    "authorization: Basic @\nnext",
    "got Bearer @ from",
    "Cookie: a=b; session=@",
    "https://user:@@host/path",
    "-----BEGIN EC PRIVATE KEY-----\n@\n-----END EC PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\\n@\\n-----END PRIVATE KEY-----\\n",
    "-----BEGIN RSA PRIVATE KEY-----\n@",
};

TEST(RedactTest, NoPlantedSecretSurvives) {
  for (const absl::string_view plant : kPlanted) {
    // The at sign of user:password@host is not a place.
    std::string text =
        plant == kPlanted[16]
            ? absl::StrCat("https://user:", "pa55w0rd", "@host/path")
            : absl::StrReplaceAll(plant, {{"@", "pa55w0rd"}});
    const std::string redacted = Redact(text);
    EXPECT_THAT(redacted, Not(HasSubstr("pa55w0rd"))) << text;
    EXPECT_THAT(redacted, HasSubstr(kRedacted)) << text;
  }
}

TEST(RedactTest, SignsInAQuotedSecretDoNotEndIt) {
  EXPECT_EQ(Redact(absl::StrCat("{\"key\":\"", kSecret, "\",\"n\":1}")),
            "{\"key\":\"<redacted>\",\"n\":1}");
  EXPECT_EQ(Redact(R"({"key":"a\"b\\","n":1})"),
            R"({"key":"<redacted>","n":1})");
}

TEST(RedactTest, WhatStandsAroundStays) {
  EXPECT_EQ(Redact("a=1 token=x b=2\nc: 3"), "a=1 token=<redacted> b=2\nc: 3");
  EXPECT_EQ(Redact("GET /?Signature=x&Region=cn"),
            "GET /?Signature=<redacted>&Region=cn");
  EXPECT_EQ(Redact("http://u:p@h/x http://h:80/y"),
            "http://<redacted>@h/x http://h:80/y");
  EXPECT_EQ(Redact(R"({"credentials":{"a":"}"},"rest":1})"),
            R"({"credentials":<redacted>,"rest":1})");
}

TEST(RedactTest, ThePathOfASecretIsNoSecret) {
  for (const char* text : {"--peer-token-file=/etc/token", "keyPath: /etc/key",
                           "{\"credentialsFile\":\"/etc/x\"}"}) {
    EXPECT_EQ(Redact(text), text);
  }
}

constexpr char kAlias[] =
    "cnivpc:net:3f1e5b0c9a7d2e4f6081a3c5e7f90b1d2c3e4f5061728394a5b6c7d8e9f0a1"
    "b2/eth0";

TEST(RedactTest, UsualTextIsLeftAlone) {
  for (const char* text :
       {"I1124 04:34:11.305997 77 keeper.cc:120] allocated count=3 warm=3",
        "{\"address\":\"10.126.64.2\",\"state\":\"leased\",\"recycled\":0}",
        "keys are not values", "a token is a token", kAlias,
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", ""}) {
    EXPECT_EQ(Redact(text), text);
  }
}

TEST(RedactTest, SecretsAreKnownByTheirLooks) {
  const std::string signature(40, 'a');
  for (const std::string& text :
       {absl::StrCat("Signature VerifyAC Error [", signature, "]"),
        absl::StrCat("wrong ", signature, "."),
        absl::StrCat("\"line\\n", signature, "\"")}) {
    EXPECT_THAT(Redact(text), Not(HasSubstr(signature))) << text;
  }
  EXPECT_THAT(Redact("it is eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.SflKxwRJSMeKKF2"),
              testing::Eq("it is <redacted>"));
}

TEST(RedactTest, WhatIsRedactedStaysSo) {
  for (const absl::string_view plant : kPlanted) {
    const std::string once = Redact(plant);
    EXPECT_EQ(Redact(once), once);
  }
}

// Whatever is around it, and cut off anywhere.
TEST(RedactTest, AnyTextIsRead) {
  absl::BitGen random(std::seed_seq{9});
  std::string pieces;
  for (const absl::string_view plant : kPlanted) {
    absl::StrAppend(&pieces, plant);
  }
  for (int i = 0; i < 3000; ++i) {
    const size_t from = absl::Uniform(random, 0u, pieces.size());
    const size_t size = absl::Uniform(random, 0u, 60u);
    const std::string before = pieces.substr(from, size);
    const std::string redacted =
        Redact(absl::StrCat(before, "\n{\"secret\":\"pa55w0rd\"}"));
    EXPECT_THAT(redacted, Not(HasSubstr("pa55w0rd"))) << before;
  }
}

}  // namespace
}  // namespace applets::ctl
