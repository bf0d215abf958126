#include "applets/upgrade/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::optional<IpamdHealth> Ready(AddCounts adds) {
  return IpamdHealth{.ready = true, .adds = adds};
}

std::string Calls(const std::string& path, const std::string& code,
                  const std::string& count) {
  return absl::StrCat("cnivpc_rpc_requests_total{code=\"", code, "\",path=\"",
                      path, "\"} ", count, "\n");
}

TEST(HealthTest, AnAddThatGotNoAddressOrNeverSaidItsDoneHasFailed) {
  const AddCounts counts = AddCountsIn(absl::StrCat(
      "# TYPE cnivpc_rpc_requests_total counter\n",
      Calls("/v1/leases/acquire", "OK", "120"),
      Calls("/v1/leases/acquire", "UNAVAILABLE", "7"),
      Calls("/v1/leases/attached", "OK", "115"),
      Calls("/v1/leases/attached", "NOT_FOUND", "2"),
      Calls("/v1/leases/release", "INTERNAL", "9"), "cnivpc_adds_waiting 3\n"));
  EXPECT_EQ(counts, (AddCounts{.all = 127, .failed = 12}));
}

TEST(HealthTest, WhatIsntUnderstoodDoesntCount) {
  EXPECT_EQ(AddCountsIn(absl::StrCat(Calls("/v1/leases/acquire", "OK", "x"),
                                     Calls("/v1/leases/acquire", "OK", "-1"),
                                     Calls("/v1/leases/attached", "OK", "5"))),
            (AddCounts{}));
}

TEST(HealthTest, ANodeWithoutIpamdIsWell) {
  EXPECT_THAT(WhyUnwell(std::nullopt, std::nullopt, 10), IsEmpty());
}

TEST(HealthTest, AnIpamdThatIsGoneOrNotReadyIsSaidSo) {
  EXPECT_THAT(WhyUnwell(AddCounts(), std::nullopt, 10),
              HasSubstr("doesn't answer"));
  EXPECT_EQ(WhyUnwell(AddCounts(), IpamdHealth{.why = "dry"}, 10),
            "ipamd isn't ready: dry");
}

TEST(HealthTest, OnlyWhatFailedSinceTheLookBeforeCounts) {
  const AddCounts before{.all = 100, .failed = 8};
  EXPECT_THAT(WhyUnwell(before, Ready({110, 8}), 10), IsEmpty());
  EXPECT_THAT(WhyUnwell(before, Ready({110, 12}), 10),
              HasSubstr("4 of 10 ADDs have failed"));
}

TEST(HealthTest, FewFailuresAndANodeThatWasAsBadBeforeAreNoSign) {
  EXPECT_THAT(WhyUnwell(AddCounts{0, 0}, Ready({2, 2}), 10), IsEmpty());
  EXPECT_THAT(WhyUnwell(AddCounts{100, 50}, Ready({120, 60}), 10), IsEmpty());
}

TEST(HealthTest, AnIpamdThatWasStartedAnewCountsFromZero) {
  const AddCounts before{.all = 1000, .failed = 900};
  EXPECT_THAT(WhyUnwell(before, Ready({10, 0}), 10), IsEmpty());
  EXPECT_THAT(WhyUnwell(AddCounts{1000, 0}, Ready({10, 5}), 10),
              HasSubstr("5 of 10"));
}

TEST(HealthTest, IsReadAsItIsWritten) {
  const IpamdHealth health{.ready = true, .why = "x", .adds = {5, 2}};
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  Write(writer, "ipamd", health);
  writer.EndObject();
  const auto json = base::Json::Parse(text.GetString());
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*ReadIpamdHealth(*json->Get("ipamd")), health);
  EXPECT_FALSE(ReadAddCounts(*json->Get("ipamd")).ok());
}

}  // namespace
}  // namespace applets::upgrade
