#include "applets/upgrade/page/orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace applets::upgrade::page {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename T>
T Read(absl::string_view path, absl::string_view body) {
  const auto order = ParseOrder(path, body);
  EXPECT_TRUE(order.ok()) << order.status();
  if (!order.ok()) return {};
  EXPECT_TRUE(std::holds_alternative<T>(*order));
  return std::get<T>(*order);
}

std::string Wrong(absl::string_view path, absl::string_view body) {
  const auto order = ParseOrder(path, body);
  EXPECT_TRUE(absl::IsInvalidArgument(order.status())) << order.status();
  return std::string(order.status().message());
}

TEST(OrdersTest, EachPathHasItsOrder) {
  EXPECT_EQ(Read<LogIn>("/api/login", R"({"token": "t"})").token, "t");
  Read<LogOut>("/api/logout", "{}");
  EXPECT_TRUE(Read<Switch>("/api/service", R"({"on": true})").on);
  EXPECT_EQ(Read<Steer>("/api/run", R"({"do": "abort"})").what,
            Steer::What::kAbort);
  EXPECT_TRUE(absl::IsNotFound(ParseOrder("/api/other", "{}").status()));
}

TEST(OrdersTest, OneNodeIsUpgradedWithoutRules) {
  const Begin begin =
      Read<Begin>("/api/runs", R"({"kind": "upgrade", "nodes": ["a"]})");
  EXPECT_EQ(begin.kind, Begin::Kind::kUpgrade);
  EXPECT_THAT(begin.nodes, ElementsAre("a"));
  EXPECT_FALSE(begin.force);
  EXPECT_EQ(begin.canaries.number, 1);
  EXPECT_FALSE(begin.stop_only);
}

TEST(OrdersTest, ABatchHasRules) {
  const Begin begin = Read<Begin>("/api/runs", R"({
    "kind": "upgrade", "nodes": ["a", "b"], "force": true, "canary": 2,
    "batchSize": "10%", "maxFailures": "3", "soak": "30s", "deadline": "2h",
    "onFailure": "stop"})");
  EXPECT_TRUE(begin.force);
  EXPECT_EQ(begin.canaries.number, 2);
  EXPECT_EQ(begin.batch_size.number, 10);
  EXPECT_TRUE(begin.batch_size.percent);
  EXPECT_EQ(begin.max_failures.number, 3);
  EXPECT_EQ(begin.soak, absl::Seconds(30));
  EXPECT_EQ(begin.deadline, absl::Hours(2));
  EXPECT_TRUE(begin.stop_only);
}

TEST(OrdersTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(Wrong("/api/service", R"({"on": 1})"), HasSubstr("on"));
  EXPECT_THAT(Wrong("/api/run", R"({"do": "dance"})"), HasSubstr("do"));
  EXPECT_THAT(Wrong("/api/runs", R"({"kind": "upgrade", "nodes": []})"),
              HasSubstr("nodes"));
  EXPECT_THAT(Wrong("/api/runs", R"({"kind": "upgrade", "nodes": ["a", "a"]})"),
              HasSubstr("twice"));
  EXPECT_THAT(Wrong("/api/runs", R"({"kind": "upgrade", "nodes": [""]})"),
              HasSubstr("nodes[0]"));
  const auto with = [](absl::string_view more) {
    return absl::StrCat(R"({"kind": "upgrade", "nodes": ["a"], )", more, "}");
  };
  EXPECT_THAT(Wrong("/api/runs", with(R"("batchSize": "101%")")),
              HasSubstr("batchSize"));
  EXPECT_THAT(Wrong("/api/runs", with(R"("canary": -1)")), HasSubstr("canary"));
  EXPECT_THAT(Wrong("/api/runs", with(R"("soak": "soon")")), HasSubstr("soak"));
  EXPECT_THAT(Wrong("/api/runs", with(R"("deadline": "inf")")),
              HasSubstr("deadline"));
  EXPECT_THAT(Wrong("/api/runs", with(R"("onFailure": "cry")")),
              HasSubstr("onFailure"));
}

TEST(OrdersTest, WhatIsNoObjectIsNoOrder) {
  Wrong("/api/logout", "[]");
  Wrong("/api/logout", "");
  Wrong("/api/logout", std::string(kMaxOrderBytes + 1, ' '));
}

}  // namespace
}  // namespace applets::upgrade::page
