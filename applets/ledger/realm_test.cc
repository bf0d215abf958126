#include "applets/ledger/realm.h"

#include <fstream>

#include "gtest/gtest.h"

namespace applets::ledger {
namespace {

using absl::StatusCode;
using Stage = RealmRecord::Stage;

Realm RealmOf(const std::string& subnet, std::vector<std::string> groups) {
  return *MakeRealm(subnet, std::move(groups));
}

RealmRecord Attached() {
  return {.realm = RealmOf("subnet-2", {"firewall-1"}),
          .stage = Stage::kAttached,
          .interface_id = "uni-1",
          .mac = base::Mac({0x52, 0x54, 0, 0, 0, 2}),
          .address = *base::Ipv4::Parse("10.1.0.5"),
          .prefix_length = 16,
          .gateway = *base::Ipv4::Parse("10.1.0.1")};
}

TEST(RealmTest, ASubnetWithoutGroupsIsCalledByItsId) {
  EXPECT_EQ(RealmOf("subnet-2", {}).Name(), "subnet-2");
}

TEST(RealmTest, GroupsHaveNoOrderAndCountOnce) {
  EXPECT_EQ(RealmOf("subnet-2", {"b", "a", "b"}),
            RealmOf("subnet-2", {"a", "b"}));
}

TEST(RealmTest, OtherGroupsAreAnotherRealmOfAnotherName) {
  const std::string name = RealmOf("subnet-2", {"a"}).Name();
  EXPECT_NE(name, RealmOf("subnet-2", {"b"}).Name());
  EXPECT_NE(name, RealmOf("subnet-2", {"a", "b"}).Name());
  EXPECT_NE(name, "subnet-2");
}

// Files and interfaces that exist are found by it.
TEST(RealmTest, ANameNeverChanges) {
  EXPECT_EQ(RealmOf("subnet-2", {"firewall-1"}).Name(),
            "subnet-2-959fd5213ec7c92f");
}

TEST(RealmTest, WhatCanBeNoIdIsRefused) {
  for (const char* subnet : {"", "..", "a/b", ".a", "a b", "a\n"}) {
    EXPECT_EQ(MakeRealm(subnet, {}).status().code(),
              StatusCode::kInvalidArgument)
        << subnet;
  }
  EXPECT_EQ(MakeRealm("subnet-2", {""}).status().code(),
            StatusCode::kInvalidArgument);
}

TEST(RealmTest, ARecordIsReadAsItWasWritten) {
  const RealmRecord wanted = {.realm = RealmOf("subnet-2", {})};
  EXPECT_EQ(*ParseRealmRecord(ToJson(wanted)), wanted);
  RealmRecord record = Attached();
  EXPECT_EQ(*ParseRealmRecord(ToJson(record)), record);
  record.stage = Stage::kUnwanted;
  EXPECT_EQ(*ParseRealmRecord(ToJson(record)), record);
}

TEST(RealmTest, ARecordThatLacksSomethingIsRefused) {
  const std::string whole = ToJson(Attached());
  for (const char* key : {"subnet", "stage", "\"id", "mac", "address",
                          "prefixLength", "gateway"}) {
    std::string broken = whole;
    broken.replace(broken.find(key), 1, "x");
    EXPECT_EQ(ParseRealmRecord(broken).status().code(),
              StatusCode::kInvalidArgument)
        << broken;
  }
  EXPECT_FALSE(
      ParseRealmRecord(R"({"subnet":"a","securityGroups":[],"stage":"odd"})")
          .ok());
}

TEST(RealmTest, DirectoriesAreListedMadeAndRemoved) {
  const std::string state = testing::TempDir() + "/realm_test";
  EXPECT_TRUE(RealmsIn(state)->empty());
  ASSERT_TRUE(MakeRealmDir(state, "subnet-3").ok());
  ASSERT_TRUE(MakeRealmDir(state, "subnet-2").ok());
  ASSERT_TRUE(MakeRealmDir(state, "subnet-2").ok());
  std::ofstream(RealmDir(state, "subnet-2") + "/store.db") << "x";
  EXPECT_EQ(*RealmsIn(state),
            (std::vector<std::string>{"subnet-2", "subnet-3"}));
  ASSERT_TRUE(RemoveRealmDir(state, "subnet-2").ok());
  ASSERT_TRUE(RemoveRealmDir(state, "subnet-2").ok());
  EXPECT_EQ(*RealmsIn(state), (std::vector<std::string>{"subnet-3"}));
}

}  // namespace
}  // namespace applets::ledger
