#include "netlink/rule.h"

#include <cerrno>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/fresh_netns.h"

namespace netlink {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Rule ToPod(uint32_t address) {
  return {.priority = 512,
          .to = base::Ipv4Prefix::Containing(base::Ipv4(address), 32)};
}

class RuleTest : public ::testing::Test {
 protected:
  FreshNetns netns_;
  Socket socket_ = *Socket::Open();
};

TEST_F(RuleTest, AddsFindsAndRemoves) {
  const Rule rule = ToPod(0x0a090005);
  EXPECT_FALSE(*HasRule(socket_, rule));
  ASSERT_EQ(socket_.Transact(AddRule(rule)), absl::OkStatus());
  EXPECT_TRUE(*HasRule(socket_, rule));
  EXPECT_FALSE(*HasRule(socket_, ToPod(0x0a090006)));
  EXPECT_EQ(base::ErrnoOf(socket_.Transact(AddRule(rule))), EEXIST);
  EXPECT_THAT(*ListRules(socket_, 512), ElementsAre(rule));
  ASSERT_EQ(socket_.Transact(RemoveRule(rule)), absl::OkStatus());
  EXPECT_EQ(base::ErrnoOf(socket_.Transact(RemoveRule(rule))), ENOENT);
}

TEST_F(RuleTest, KeepsSourceMarkAndTable) {
  const Rule from = {
      .priority = 2048,
      .from = base::Ipv4Prefix::Containing(base::Ipv4(0x0a090005), 32),
      .table = 1001};
  const Rule marked = {.priority = 1024, .mark = 0x80, .mark_mask = 0x80};
  ASSERT_EQ(socket_.Transact(AddRule(from)), absl::OkStatus());
  ASSERT_EQ(socket_.Transact(AddRule(marked)), absl::OkStatus());
  EXPECT_TRUE(*HasRule(socket_, from));
  EXPECT_TRUE(*HasRule(socket_, marked));
  EXPECT_EQ(socket_.Transact(RemoveRule(from)), absl::OkStatus());
  EXPECT_EQ(socket_.Transact(RemoveRule(marked)), absl::OkStatus());
}

TEST_F(RuleTest, RemovesOnlyThatRule) {
  ASSERT_EQ(socket_.Transact(AddRule(ToPod(1))), absl::OkStatus());
  ASSERT_EQ(socket_.Transact(AddRule(ToPod(2))), absl::OkStatus());
  ASSERT_EQ(socket_.Transact(RemoveRule(ToPod(1))), absl::OkStatus());
  EXPECT_THAT(*ListRules(socket_, 512), ElementsAre(ToPod(2)));
}

TEST_F(RuleTest, ListsOnePriorityOnly) {
  EXPECT_THAT(*ListRules(socket_, 512), IsEmpty());
  EXPECT_THAT(*ListRules(socket_, 32766), SizeIs(1));
}

TEST_F(RuleTest, ManyRulesComeInSeveralDatagrams) {
  Batch batch;
  for (uint32_t i = 1; i <= 1000; ++i) batch.Add(AddRule(ToPod(i)));
  for (const absl::Status& status : socket_.Transact(batch)) {
    ASSERT_EQ(status, absl::OkStatus());
  }
  EXPECT_THAT(*ListRules(socket_, 512), SizeIs(1000));
}

}  // namespace
}  // namespace netlink
