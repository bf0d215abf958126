#include "base/json.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace base {
namespace {

TEST(JsonTest, ReadsMembersByType) {
  const auto json = Json::Parse(R"({"s":"x","n":-7,"b":true,"a":[1,2]})");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->String("s").value(), "x");
  EXPECT_EQ(json->Int("n").value(), -7);
  EXPECT_TRUE(json->Bool("b", false).value());
  EXPECT_EQ(json->Array("a")->size(), 2u);
}

TEST(JsonTest, MissingAndNullTakeTheDefault) {
  const auto json = Json::Parse(R"({"s":null})");
  EXPECT_EQ(json->String("s", "d").value(), "d");
  EXPECT_EQ(json->Int("n", 3).value(), 3);
  EXPECT_TRUE(json->Array("a")->empty());
}

TEST(JsonTest, ErrorsNameThePath) {
  const auto json = Json::Parse(R"({"ips":[{"address":5}],"n":1.5})");
  const auto ips = json->Array("ips");
  EXPECT_EQ((*ips)[0].String("address").status().message(),
            "ips[0].address: must be a string");
  EXPECT_EQ((*ips)[0].String("gateway").status().message(),
            "ips[0].gateway: missing");
  EXPECT_EQ(json->Int("n", 0).status().message(), "n: must be a whole number");
  EXPECT_EQ(json->Array("n").status().message(), "n: must be an array");
  EXPECT_EQ(json->String("x").status().message(), "x: missing");
}

TEST(JsonTest, SaysWhereParsingStopped) {
  EXPECT_EQ(Json::Parse("{nonsense").status().message(),
            "not JSON: Missing a name for object member. (at byte 1)");
  EXPECT_FALSE(Json::Parse("").ok());
  EXPECT_FALSE(Json::Parse("{} x").ok());
}

TEST(JsonTest, RefusesSurrogatesThatAreNoPair) {
  EXPECT_EQ(Json::Parse(R"({"s":"\\\ud83d\ude00"})")->String("s").value(),
            "\\\xf0\x9f\x98\x80");
  for (const char* text :
       {R"(["\ude00"])", R"(["\ud38d\ude00"])", R"(["\ud83d"])",
        R"(["\ud83d\ude00\udc00"])", R"(["\ud83d\ud83d"])"}) {
    EXPECT_FALSE(Json::Parse(text).ok()) << text;
  }
  EXPECT_TRUE(Json::Parse(R"(["\\ude00"])").ok());
}

TEST(JsonTest, RefusesDeepNesting) {
  EXPECT_FALSE(Json::Parse(std::string(100000, '[')).ok());
  EXPECT_TRUE(Json::Parse(R"({"s":"[[[[[[[[[[{{{{\"{{"})").ok());
}

TEST(JsonTest, KeepsEveryBitOfANumber) {
  for (const char* number :
       {"0", "-7", "0.1", "2.2250738585072014e-308", "5e-324",
        "1.7976931348623157e308", "-9223372036854775808",
        "18446744073709551615", "4.35624178412459e-165"}) {
    const auto json = Json::Parse(absl::StrCat("[", number, "]"));
    ASSERT_TRUE(json.ok()) << json.status();
    const std::string written = json->Dump();
    EXPECT_EQ(Json::Parse(written)->Dump(), written) << number;
    double as_read = 0;
    ASSERT_TRUE(absl::SimpleAtod(number, &as_read));
    EXPECT_EQ(json->raw()[0].GetDouble(), as_read) << number;
  }
}

TEST(JsonTest, RefusesANumberThatNoDoubleHolds) {
  EXPECT_EQ(Json::Parse("[17976931348623159e292]").status().message(),
            "not JSON: Number too big to be stored in double. (at byte 1)");
  EXPECT_FALSE(Json::Parse("[1e309]").ok());
  const auto tiny = Json::Parse(
      absl::StrCat("[0.", std::string(400, '0'), "1e-400,1e-99999999999]"));
  ASSERT_TRUE(tiny.ok()) << tiny.status();
  EXPECT_EQ(tiny->Dump(), "[0.0,0.0]");
}

TEST(JsonTest, ArrayElementsOutliveTheirParent) {
  std::vector<Json> elements;
  {
    auto json = Json::Parse(R"([{"a":"b"}])");
    elements = json->AsArray().value();
  }
  EXPECT_EQ(elements[0].String("a").value(), "b");
  EXPECT_EQ(elements[0].Dump(), R"({"a":"b"})");
}

}  // namespace
}  // namespace base
