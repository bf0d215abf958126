#include "vpc/ucloud/value.h"

#include <limits>

#include "base/json.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

TEST(ValueTest, ReadsAsText) {
  EXPECT_EQ(Value("a b").Text(), "a b");
  EXPECT_EQ(Value("").Text(), "");
  EXPECT_EQ(Value(0).Text(), "0");
  EXPECT_EQ(Value(std::numeric_limits<int64_t>::min()).Text(),
            "-9223372036854775808");
  EXPECT_EQ(Value(true).Text(), "true");
  EXPECT_EQ(Value(false).Text(), "false");
}

TEST(ValueTest, AFloatHasNeitherAnEmptyFractionNorAnExponent) {
  EXPECT_EQ(Value(42.0).Text(), "42");
  EXPECT_EQ(Value(42.5).Text(), "42.5");
  EXPECT_EQ(Value(-0.1).Text(), "-0.1");
  EXPECT_EQ(Value(1e21).Text(), "1000000000000000000000");
  EXPECT_EQ(Value(1e-7).Text(), "0.0000001");
  EXPECT_EQ(Value(std::numeric_limits<double>::max()).Text().size(), 309U);
  EXPECT_EQ(Value(std::numeric_limits<double>::denorm_min()).Text().size(),
            326U);
}

TEST(ValueDeathTest, WhatIsNoNumberIsABug) {
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_DEATH({ const Value value(infinite); }, "no such");
}

Params Nested() {
  Params params;
  params.emplace("Zone", "cn-bj2-04");
  params.emplace("Ip", Value::Array{Value("10.0.0.1"), Value("10.0.0.2")});
  params.emplace("Group",
                 Value::Array{Value(Value::Map{{"SecGroupId", Value("sg-1")},
                                               {"Priority", Value(1)}})});
  params.emplace("Wanted", true);
  params.emplace("Share", 0.5);
  params.emplace("None", Value::Array());
  return params;
}

TEST(ValueTest, AFormNumbersWhatIsInArrays) {
  const std::map<std::string, std::string> want = {
      {"Group.0.Priority", "1"}, {"Group.0.SecGroupId", "sg-1"},
      {"Ip.0", "10.0.0.1"},      {"Ip.1", "10.0.0.2"},
      {"Share", "0.5"},          {"Wanted", "true"},
      {"Zone", "cn-bj2-04"}};
  EXPECT_EQ(FormFields(Nested()), want);
}

TEST(ValueTest, AFormIsEscaped) {
  Params params;
  params.emplace("Name", "a b&c=d+e%\xe4\xb8\xad");
  params.emplace("Ip", Value::Array{Value("1.2.3.4")});
  EXPECT_EQ(BodyOf(params, Encoding::kForm),
            "Ip.0=1.2.3.4&Name=a%20b%26c%3Dd%2Be%25%E4%B8%AD");
}

TEST(ValueTest, JsonKeepsTypes) {
  EXPECT_EQ(BodyOf(Nested(), Encoding::kJson),
            R"({"Group":[{"Priority":1,"SecGroupId":"sg-1"}],)"
            R"("Ip":["10.0.0.1","10.0.0.2"],"None":[],"Share":0.5,)"
            R"("Wanted":true,"Zone":"cn-bj2-04"})");
}

TEST(ValueTest, JsonEscapesStrings) {
  Params params;
  params.emplace("Name", "a\"b\\c\n\xe4\xb8\xad");
  const auto json = base::Json::Parse(BodyOf(params, Encoding::kJson));
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(json->String("Name").value(), "a\"b\\c\n\xe4\xb8\xad");
}

}  // namespace
}  // namespace vpc::ucloud
