#include "applets/rpc/query.h"

#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

TEST(QueryTest, NamesAndValuesAreUnescaped) {
  EXPECT_EQ(*ParseQuery("pod=default%2Fweb-1&since=7"),
            (Query{{"pod", "default/web-1"}, {"since", "7"}}));
  EXPECT_EQ(*ParseQuery("a%3db=c%3Dd=e"), (Query{{"a=b", "c=d=e"}}));
  EXPECT_EQ(*ParseQuery("a+b=%00"), (Query{{"a+b", std::string(1, '\0')}}));
}

TEST(QueryTest, WhatIsMissingIsEmpty) {
  EXPECT_TRUE(ParseQuery("")->empty());
  EXPECT_TRUE(ParseQuery("&&")->empty());
  EXPECT_EQ(*ParseQuery("follow&x="), (Query{{"follow", ""}, {"x", ""}}));
}

TEST(QueryTest, TheLastOfANameCounts) {
  EXPECT_EQ(*ParseQuery("a=1&a=2"), (Query{{"a", "2"}}));
}

TEST(QueryTest, APercentWithoutDigitsIsRefused) {
  for (const char* text : {"%", "a=%", "a=%4", "a=%4g", "a=%%41", "%zz=1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseQuery(text).status())) << text;
  }
}

TEST(QueryTest, WhatIsWrittenReadsTheSame) {
  EXPECT_EQ(FormatQuery({}), "");
  EXPECT_EQ(FormatQuery({{"a", "1"}, {"pod", "x/y z"}}), "?a=1&pod=x%2fy%20z");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const Query query{{all, all}, {"", "&=?%"}};
  EXPECT_EQ(*ParseQuery(FormatQuery(query).substr(1)), query);
}

}  // namespace
}  // namespace applets::rpc
