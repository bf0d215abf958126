#include "vpc/ucloud/credentials.h"

#include <utility>

#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

// Gives what it is told to, and notes what was refused.
class Source : public Credentials {
 public:
  explicit Source(absl::StatusOr<Keys>* answer) : answer_(answer) {}
  absl::StatusOr<Keys> Get() override { return *answer_; }
  void Expired(const Keys& used) override {
    *answer_ = absl::UnavailableError(used.public_key + " has expired");
  }

 private:
  absl::StatusOr<Keys>* const answer_;
};

class CredentialsChainTest : public ::testing::Test {
 protected:
  static CredentialsChain ChainOf(absl::StatusOr<Keys>& first,
                                  absl::StatusOr<Keys>& second) {
    std::vector<std::unique_ptr<Credentials>> sources;
    sources.push_back(std::make_unique<Source>(&first));
    sources.push_back(std::make_unique<Source>(&second));
    return CredentialsChain(std::move(sources));
  }

  absl::StatusOr<Keys> role_ = Keys{.public_key = "role"};
  absl::StatusOr<Keys> file_ = Keys{.public_key = "file"};
  CredentialsChain chain_ = ChainOf(role_, file_);
};

TEST_F(CredentialsChainTest, TakesTheFirstThatHasKeys) {
  EXPECT_EQ(chain_.Get()->public_key, "role");
  role_ = absl::NotFoundError("no role");
  EXPECT_EQ(chain_.Get()->public_key, "file");
  role_ = absl::UnavailableError("away");
  EXPECT_EQ(chain_.Get()->public_key, "file");
  role_ = Keys{.public_key = "role"};
  EXPECT_EQ(chain_.Get()->public_key, "role");
}

TEST_F(CredentialsChainTest, SaysWhatEachSourceLacks) {
  role_ = absl::NotFoundError("no role");
  file_ = absl::InvalidArgumentError("line 3");
  EXPECT_EQ(
      chain_.Get().status(),
      absl::InvalidArgumentError("no keys for the VPC's API: no role; line 3"));
  file_ = absl::NotFoundError("no file");
  EXPECT_TRUE(absl::IsNotFound(chain_.Get().status()));
}

TEST_F(CredentialsChainTest, TellsItsSourcesWhatWasRefused) {
  chain_.Expired(Keys{.public_key = "role"});
  EXPECT_EQ(role_.status().message(), "role has expired");
}

TEST(EmptyCredentialsChainTest, HasNone) {
  CredentialsChain chain({});
  EXPECT_TRUE(absl::IsNotFound(chain.Get().status()));
}

TEST(PermanentCredentialsTest, StayWhateverIsRefused) {
  PermanentCredentials credentials({.public_key = "a", .private_key = "b"});
  credentials.Expired(credentials.Get().value());
  EXPECT_TRUE(SameKeys(credentials.Get().value(),
                       {.public_key = "a", .private_key = "b"}));
}

TEST(SameKeysTest, LooksAtAllThatSigns) {
  const Keys keys{.public_key = "a", .private_key = "b", .security_token = "c"};
  Keys other = keys;
  other.project_id = "p";
  other.expires = absl::UnixEpoch();
  EXPECT_TRUE(SameKeys(keys, other));
  for (std::string Keys::*part :
       {&Keys::public_key, &Keys::private_key, &Keys::security_token}) {
    other = keys;
    other.*part = "x";
    EXPECT_FALSE(SameKeys(keys, other));
  }
}

}  // namespace
}  // namespace vpc::ucloud
