#include "vpc/embedded.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "gtest/gtest.h"

namespace vpc {
namespace {

using base::Ipv4;

class EmbeddedTest : public testing::Test {
 protected:
  EmbeddedTest() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      unlink((path_ + suffix).c_str());
    }
  }

  absl::StatusOr<std::unique_ptr<Embedded>> Open(const std::string& subnet,
                                                 uint64_t id) {
    return Embedded::Open({path_, base::Ipv4Prefix::Parse(subnet).value(),
                           base::Mac::LocallyAdministered(id << 40),
                           owner_address_, reserved_});
  }
  std::unique_ptr<Embedded> Node(const std::string& subnet, uint64_t id) {
    auto opened = Open(subnet, id);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return *std::move(opened);
  }

  const std::string path_ =
      testing::TempDir() + "/embedded." + std::to_string(getpid()) + "." +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  Ipv4 owner_address_ = *Ipv4::Parse("192.168.0.1");
  std::vector<base::Ipv4Prefix> reserved_;
};

TEST_F(EmbeddedTest, GivesEachAddressOnce) {
  const auto node = Node("10.0.0.0/29", 1);
  const auto first = node->Allocate(4, Priority::kFill).value();
  const auto second = node->Allocate(4, Priority::kFill).value();
  EXPECT_EQ(first.size(), 4u);
  EXPECT_EQ(second.size(), 1u);  // 10.0.0.2 to .6 in all
  EXPECT_EQ(node->Allocate(1, Priority::kFill).status().message(),
            "subnet 10.0.0.0/29 has no address left");
  EXPECT_EQ(node->List()->size(), 5u);
  EXPECT_EQ(node->Describe()->available, 0);
}

TEST_F(EmbeddedTest, NeverGivesReservedAddresses) {
  reserved_ = {*base::Ipv4Prefix::Parse("10.0.0.2/31"),
               *base::Ipv4Prefix::Parse("10.9.9.9/32")};
  const auto node = Node("10.0.0.0/29", 1);
  EXPECT_EQ(node->Describe()->available, 3);
  const auto given = node->Allocate(10, Priority::kFill).value();
  EXPECT_EQ(given.front().ToString(), "10.0.0.4");
  EXPECT_EQ(given.size(), 3u);
}

TEST_F(EmbeddedTest, NeverGivesANodesOwnAddress) {
  owner_address_ = *Ipv4::Parse("10.0.0.2");
  const auto a = Node("10.0.0.0/29", 1);
  owner_address_ = *Ipv4::Parse("10.0.0.4");
  const auto b = Node("10.0.0.0/29", 2);
  EXPECT_EQ(a->Describe()->available, 3);
  EXPECT_EQ(a->Allocate(1, Priority::kFill)->front().ToString(), "10.0.0.3");
  EXPECT_EQ(b->Allocate(1, Priority::kFill)->front().ToString(), "10.0.0.5");
}

TEST_F(EmbeddedTest, RefusesANodeWhoseAddressAPodHas) {
  Node("10.0.0.0/29", 1)->Allocate(1, Priority::kFill).value();
  owner_address_ = *Ipv4::Parse("10.0.0.2");
  EXPECT_EQ(Open("10.0.0.0/29", 2).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(EmbeddedTest, NodesThatShareAFileShareTheSubnet) {
  const auto a = Node("10.0.0.0/29", 1);
  const auto b = Node("10.0.0.0/29", 2);
  const auto of_a = a->Allocate(3, Priority::kFill).value();
  const auto of_b = b->Allocate(2, Priority::kFill).value();
  EXPECT_EQ(of_b.size(), 2u);
  for (const Ipv4 ip : of_a) {
    EXPECT_EQ(std::count(of_b.begin(), of_b.end(), ip), 0);
  }
  EXPECT_EQ(a->List().value(), of_a);
  EXPECT_TRUE(b->Release(of_a[0]).ok());  // not its own: no effect
  EXPECT_EQ(a->List()->size(), 3u);
}

TEST_F(EmbeddedTest, WhatWasGivenStaysGivenOverARestart) {
  const auto given =
      Node("10.0.0.0/24", 1)->Allocate(5, Priority::kFill).value();
  const auto again = Node("10.0.0.0/24", 1);
  EXPECT_EQ(again->List().value(), given);
}

TEST_F(EmbeddedTest, AReleasedAddressIsTheLastToBeGivenAgain) {
  const auto node = Node("10.0.0.0/29", 1);
  const auto first = node->Allocate(2, Priority::kFill).value();
  ASSERT_TRUE(node->Release(first[0]).ok());
  ASSERT_TRUE(node->Release(first[0]).ok());
  EXPECT_NE(node->Allocate(1, Priority::kFill)->front(), first[0]);
  EXPECT_EQ(node->Allocate(10, Priority::kFill)->back(), first[0]);
}

TEST_F(EmbeddedTest, ClaimsWhatNobodyElseHas) {
  const auto a = Node("10.0.0.0/29", 1);
  const auto b = Node("10.0.0.0/29", 2);
  const Ipv4 ip = *Ipv4::Parse("10.0.0.3");
  EXPECT_TRUE(a->Claim(ip).ok());
  EXPECT_TRUE(a->Claim(ip).ok());
  EXPECT_EQ(b->Claim(ip).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(a->List()->size(), 1u);
}

TEST_F(EmbeddedTest, TakesOverOnlyFromWhoHasIt) {
  const auto a = Node("10.0.0.0/29", 1);
  const auto b = Node("10.0.0.0/29", 2);
  const auto mac_of_a = base::Mac::LocallyAdministered(uint64_t{1} << 40);
  const Ipv4 ip = a->Allocate(1, Priority::kFill)->front();
  const Ipv4 free = *Ipv4::Parse("10.0.0.6");
  EXPECT_EQ(b->TakeOver(free, mac_of_a).code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(b->TakeOver(ip, mac_of_a).ok());
  EXPECT_TRUE(b->TakeOver(ip, mac_of_a).ok());  // repeated
  EXPECT_TRUE(a->List()->empty());
  EXPECT_EQ(b->List().value(), std::vector<Ipv4>{ip});
}

TEST_F(EmbeddedTest, AnotherNodesAddressIsGivenBackOnlyFromThere) {
  const auto a = Node("10.0.0.0/24", 1);
  const auto b = Node("10.0.0.0/24", 2);
  const auto mac_of_a = base::Mac::LocallyAdministered(uint64_t{1} << 40);
  const Ipv4 ip = a->Allocate(1, Priority::kFill)->front();
  EXPECT_TRUE(b->ReleaseFor({ip, base::Mac(), "", "", ""}).ok());
  EXPECT_EQ(a->List()->size(), 1u);
  EXPECT_TRUE(b->ReleaseFor({ip, mac_of_a, "", "", ""}).ok());
  EXPECT_TRUE(a->List()->empty());
}

TEST_F(EmbeddedTest, TellsWhatItWasAsked) {
  const auto node = Node("10.0.0.0/29", 1);
  node->Allocate(5, Priority::kFill).IgnoreError();
  node->Allocate(1, Priority::kPod).IgnoreError();
  const Usage usage = node->usage();
  EXPECT_EQ(usage.calls.at({"Allocate", "0"}).count, 1u);
  EXPECT_EQ(usage.calls.at({"Allocate", "RESOURCE_EXHAUSTED"}).count, 1u);
  EXPECT_EQ(usage.last_error, "subnet 10.0.0.0/29 has no address left");
}

TEST_F(EmbeddedTest, RefusesASubnetWithoutRoom) {
  const auto opened = Embedded::Open(
      {path_, *base::Ipv4Prefix::Parse("10.0.0.0/31"), {}, {}, {}});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vpc
