#include "applets/vpcsim/keys.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "applets/vpcsim/ret_code.h"
#include "applets/vpcsim/signature.h"

namespace applets::vpcsim {
namespace {

constexpr absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const KeyPair kPair = {"pub", "priv"};

WireCall Signed(const KeyPair& pair, absl::string_view token = "",
                absl::string_view project = "") {
  WireCall call;
  call.public_key = pair.public_key;
  call.security_token = token;
  if (!project.empty()) call.call.params["ProjectId"] = project;
  call.signed_text = absl::StrCat("ActionAPublicKey", pair.public_key, token);
  call.signature = Sign(call.signed_text, pair.private_key);
  return call;
}

int CodeOf(const Keys& keys, const WireCall& call, absl::Time now = kNow) {
  const std::optional<Refusal> refusal = keys.Check(call, now);
  return refusal ? refusal->ret_code : 0;
}

class KeysTest : public ::testing::Test {
 protected:
  KeysTest() { keys_.Add(kPair); }

  Keys keys_{"org-1"};
  std::mt19937_64 random_{1};
};

TEST_F(KeysTest, TakesWhatWasSignedWithTheKey) {
  EXPECT_EQ(CodeOf(keys_, Signed(kPair)), 0);
  EXPECT_EQ(CodeOf(keys_, Signed(kPair, "", "org-1")), 0);
}

TEST_F(KeysTest, RefusesMissingAndWrongSignatures) {
  WireCall call = Signed(kPair);
  call.signed_text += "x";
  EXPECT_EQ(CodeOf(keys_, call), kWrongSignature);
  call.signature = "short";
  EXPECT_EQ(CodeOf(keys_, call), kWrongSignature);
  call.signature = "";
  EXPECT_EQ(CodeOf(keys_, call), kNoSignature);
}

TEST_F(KeysTest, RefusesUnknownUsersBeforeTheirSignature) {
  WireCall call = Signed({"who", "priv"});
  EXPECT_EQ(CodeOf(keys_, call), kNoUser);
  call.signature = "wrong";
  EXPECT_EQ(CodeOf(keys_, call), kNoUser);
}

TEST_F(KeysTest, RefusesAnotherProject) {
  EXPECT_EQ(CodeOf(keys_, Signed(kPair, "", "org-2")), kUnknownProject);
}

TEST_F(KeysTest, TemporaryKeysNeedTheirToken) {
  const TemporaryKey key =
      keys_.Issue("uhost-1", absl::Minutes(15), random_, kNow);
  EXPECT_EQ(CodeOf(keys_, Signed(key.pair, key.token)), 0);
  EXPECT_EQ(CodeOf(keys_, Signed(key.pair)), kNoToken);
  EXPECT_EQ(CodeOf(keys_, Signed(key.pair, "another")), kNoToken);
  EXPECT_EQ(CodeOf(keys_, Signed(kPair, key.token)), kNoToken);
  EXPECT_EQ(CodeOf(keys_, Signed({key.pair.public_key, "wrong"}, key.token)),
            kWrongSignature);
}

TEST_F(KeysTest, TemporaryKeysEndAtTheirTime) {
  const TemporaryKey key =
      keys_.Issue("uhost-1", absl::Minutes(15), random_, kNow);
  EXPECT_EQ(key.expires, kNow + absl::Minutes(15));
  const WireCall call = Signed(key.pair, key.token);
  EXPECT_EQ(CodeOf(keys_, call, key.expires - absl::Nanoseconds(1)), 0);
  EXPECT_EQ(CodeOf(keys_, call, key.expires), kNoToken);
  // Also when it has been forgotten since.
  keys_.Issue("uhost-1", absl::Minutes(15), random_, key.expires);
  EXPECT_EQ(CodeOf(keys_, call, key.expires), kNoToken);
}

TEST_F(KeysTest, KeysOfSeveralHostsLiveSideBySide) {
  const TemporaryKey a = keys_.Issue("a", absl::Minutes(15), random_, kNow);
  const TemporaryKey b = keys_.Issue("b", absl::Minutes(15), random_, kNow);
  EXPECT_NE(a.pair.public_key, b.pair.public_key);
  EXPECT_NE(a.pair.private_key, b.pair.private_key);
  EXPECT_NE(a.token, b.token);
  EXPECT_EQ(CodeOf(keys_, Signed(a.pair, a.token)), 0);
  EXPECT_EQ(CodeOf(keys_, Signed(b.pair, b.token)), 0);
  EXPECT_EQ(CodeOf(keys_, Signed(a.pair, b.token)), kNoToken);
  EXPECT_EQ(keys_.Valid(kNow).size(), 2u);
}

TEST_F(KeysTest, ExpiresOneOrAll) {
  const TemporaryKey a = keys_.Issue("a", absl::Minutes(15), random_, kNow);
  const TemporaryKey b = keys_.Issue("b", absl::Minutes(15), random_, kNow);
  EXPECT_TRUE(keys_.Expire(a.pair.public_key));
  EXPECT_FALSE(keys_.Expire(a.pair.public_key));
  EXPECT_EQ(CodeOf(keys_, Signed(a.pair, a.token)), kNoToken);
  EXPECT_EQ(CodeOf(keys_, Signed(b.pair, b.token)), 0);
  EXPECT_EQ(keys_.ExpireAll(), 1u);
  EXPECT_EQ(CodeOf(keys_, Signed(b.pair, b.token)), kNoToken);
  EXPECT_EQ(CodeOf(keys_, Signed(kPair)), 0);
  keys_.Issue("c", absl::Minutes(15), random_, kNow + absl::Hours(1));
}

TEST(KeyPairTest, IsReadFromText) {
  const auto pair = ParseKeyPair("a:b@c:secret");
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->public_key, "a:b@c");
  EXPECT_EQ(pair->private_key, "secret");
  for (const absl::string_view bad : {"", "a", ":b", "a:"}) {
    EXPECT_FALSE(ParseKeyPair(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace applets::vpcsim
