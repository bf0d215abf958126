#include "applets/ipamd/publisher.h"

#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

class PublisherTest : public testing::Test {
 protected:
  void Have(int current) {
    kube::Ipamd ipamd;
    ipamd.meta.key = {"kube-system", "node-a"};
    ipamd.current = current;
    publisher_.Set(ipamd);
  }
  // Writes what there is to write.
  bool Write(const absl::Status& status = absl::OkStatus()) {
    const auto call = publisher_.Next(now_);
    if (call) publisher_.OnWritten(status, now_);
    return call.has_value();
  }

  absl::Time now_ = absl::FromUnixSeconds(1767323045);
  Publisher publisher_;
};

TEST_F(PublisherTest, BeginsByAdoptingWhatThereMayBe) {
  Have(3);
  const auto call = publisher_.Next(now_);
  ASSERT_TRUE(call.has_value());
  EXPECT_TRUE(call->adopt);
  EXPECT_EQ(call->ipamd.current, 3);
}

TEST_F(PublisherTest, WritesOnlyWhatIsNew) {
  Have(3);
  EXPECT_TRUE(Write());
  now_ += absl::Minutes(1);
  Have(3);
  EXPECT_FALSE(Write());
  Have(4);
  const auto call = publisher_.Next(now_);
  ASSERT_TRUE(call.has_value());
  EXPECT_FALSE(call->adopt);
}

TEST_F(PublisherTest, WritesNoMoreThanOnceInTheInterval) {
  int written = 0;
  for (int i = 0; i < 1000; ++i) {
    Have(i);
    if (Write()) ++written;
    now_ += absl::Milliseconds(100);
  }
  EXPECT_EQ(written, 20);  // 100 s, 0.2/s
}

TEST_F(PublisherTest, OneWriteAtATime) {
  Have(1);
  ASSERT_TRUE(publisher_.Next(now_).has_value());
  Have(2);
  now_ += absl::Minutes(1);
  EXPECT_FALSE(publisher_.Next(now_).has_value());
  publisher_.OnWritten(absl::OkStatus(), now_);
  EXPECT_EQ(publisher_.deadline(), now_ + Publisher::kInterval);
  now_ = publisher_.deadline();
  EXPECT_EQ(publisher_.Next(now_)->ipamd.current, 2);
}

TEST_F(PublisherTest, WhatSomebodyDeletedComesBack) {
  Have(1);
  ASSERT_TRUE(Write());
  EXPECT_EQ(publisher_.deadline(), now_ + Publisher::kRefresh);
  now_ = publisher_.deadline();
  ASSERT_TRUE(Write(absl::NotFoundError("gone")));
  now_ = publisher_.deadline();
  EXPECT_TRUE(publisher_.Next(now_)->adopt);
}

TEST_F(PublisherTest, ErrorsMakeItWaitLongerEachTime) {
  Have(1);
  absl::Duration wait = Publisher::kInterval;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(Write(absl::UnavailableError("down")));
    EXPECT_EQ(publisher_.deadline(), now_ + wait);
    now_ = publisher_.deadline();
    wait = std::min(wait * 2, Publisher::kMaxBackoff);
  }
  EXPECT_TRUE(Write());
}

}  // namespace
}  // namespace applets::ipamd
