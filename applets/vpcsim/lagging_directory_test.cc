#include "applets/vpcsim/lagging_directory.h"

#include "applets/vpcsim/table_directory.h"
#include "gtest/gtest.h"

namespace applets::vpcsim {
namespace {

constexpr base::Ipv4 kAddress(0x0a000015);
constexpr absl::Duration kLag = absl::Seconds(2);

class LaggingDirectoryTest : public ::testing::Test {
 protected:
  // As the API does it: the table changes, and it is noted who had it.
  void Give(std::optional<Nic> nic, const std::string& vpc = "one") {
    auto& owners = cloud_.owners;
    const auto had = owners.find({vpc, kAddress});
    std::optional<Nic> before;
    if (had != owners.end()) before = had->second;
    if (nic) {
      owners[{vpc, kAddress}] = *nic;
    } else {
      owners.erase({vpc, kAddress});
    }
    seen_.Note(vpc, kAddress, before);
  }
  std::optional<Nic> Owner(const std::string& vpc = "one") const {
    return seen_.OwnerOf(vpc, kAddress);
  }

  const Nic a_{base::Mac({2, 0, 0, 0, 0, 0xa}), "one", "node-a"};
  const Nic b_{base::Mac({2, 0, 0, 0, 0, 0xb}), "one", "node-b"};
  absl::Time now_ = absl::FromUnixSeconds(1000);
  TableDirectory cloud_;
  LaggingDirectory seen_{cloud_, kLag, [this] { return now_; }};
};

TEST_F(LaggingDirectoryTest, AnAllocationIsSeenLater) {
  Give(a_);
  EXPECT_EQ(Owner(), std::nullopt);
  now_ += kLag - absl::Nanoseconds(1);
  EXPECT_EQ(Owner(), std::nullopt);
  now_ += absl::Nanoseconds(1);
  EXPECT_EQ(Owner(), a_);
}

TEST_F(LaggingDirectoryTest, AReleaseIsSeenLater) {
  Give(a_);
  now_ += kLag;
  Give(std::nullopt);
  EXPECT_EQ(Owner(), a_);
  now_ += kLag;
  EXPECT_EQ(Owner(), std::nullopt);
}

TEST_F(LaggingDirectoryTest, ChangesAreSeenOneAfterAnother) {
  Give(a_);
  now_ += absl::Seconds(1);
  Give(b_);
  now_ += absl::Seconds(1);
  EXPECT_EQ(Owner(), a_);
  now_ += absl::Seconds(1);
  EXPECT_EQ(Owner(), b_);
}

TEST_F(LaggingDirectoryTest, VpcsAreApart) {
  Give(a_);
  now_ += kLag;
  Give(b_, "two");
  EXPECT_EQ(Owner("one"), a_);
  EXPECT_EQ(Owner("two"), std::nullopt);
  Give(std::nullopt);
  EXPECT_EQ(Owner("one"), a_);
  EXPECT_EQ(Owner(""), a_);
}

TEST_F(LaggingDirectoryTest, ForgetsWhatHasBeenSeen) {
  for (int i = 0; i < 100; ++i) {
    Give(i % 2 == 0 ? a_ : b_);
    now_ += absl::Milliseconds(100);
  }
  EXPECT_LE(seen_.pending(), 21);
  now_ += kLag;
  Give(a_);
  EXPECT_EQ(seen_.pending(), 1);
}

TEST_F(LaggingDirectoryTest, AllElseIsAsItIs) {
  cloud_.nics["node-a"] = a_;
  cloud_.nets = {
      {base::Ipv4Prefix::Containing(kAddress, 24), base::Ipv4(0x0a000001)}};
  EXPECT_EQ(seen_.AtPort("node-a"), a_);
  EXPECT_EQ(seen_.Ports(), cloud_.Ports());
  EXPECT_EQ(seen_.Nets(), cloud_.nets);
  EXPECT_EQ(seen_.NetOf("one", kAddress), cloud_.nets[0]);
}

}  // namespace
}  // namespace applets::vpcsim
