#include "base/address.h"

#include "gtest/gtest.h"

namespace base {
namespace {

TEST(Ipv4Test, ParsesAndPrints) {
  const auto a = Ipv4::Parse("10.126.0.255");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->bits(), 0x0a7e00ffu);
  EXPECT_EQ(a->ToString(), "10.126.0.255");
  EXPECT_EQ(Ipv4::FromNetworkOrder(a->network_order()), *a);
}

TEST(Ipv4Test, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ",
        "1.2.3.-4", "a.b.c.d", "1..2.3", "1.2.3.4/32", "::1"}) {
    const auto a = Ipv4::Parse(text);
    ASSERT_FALSE(a.ok()) << text;
    EXPECT_EQ(a.status().message(),
              std::string("not an IPv4 address: \"") + text + "\"");
  }
}

TEST(Ipv4PrefixTest, KnowsItsFirstLastAndMembers) {
  const auto p = Ipv4Prefix::Parse("10.0.4.0/22");
  ASSERT_TRUE(p.ok());
  EXPECT_EQ(p->first().ToString(), "10.0.4.0");
  EXPECT_EQ(p->last().ToString(), "10.0.7.255");
  EXPECT_TRUE(p->Contains(*Ipv4::Parse("10.0.7.1")));
  EXPECT_FALSE(p->Contains(*Ipv4::Parse("10.0.8.0")));
  EXPECT_EQ(p->ToString(), "10.0.4.0/22");
}

TEST(Ipv4PrefixTest, HandlesTheExtremes) {
  EXPECT_TRUE(Ipv4Prefix::Parse("0.0.0.0/0")->Contains(Ipv4(~0u)));
  EXPECT_EQ(Ipv4Prefix::Parse("1.2.3.4/32")->last().ToString(), "1.2.3.4");
}

TEST(Ipv4PrefixTest, SaysWhatIsWrong) {
  EXPECT_EQ(Ipv4Prefix::Parse("10.0.0.1/16").status().message(),
            "host bits are set in \"10.0.0.1/16\"; did you mean 10.0.0.0/16?");
  for (const char* text : {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "/8"}) {
    EXPECT_FALSE(Ipv4Prefix::Parse(text).ok()) << text;
  }
}

TEST(MacTest, ParsesEitherCaseAndPrintsLower) {
  EXPECT_EQ(Mac::Parse("52:54:00:7E:00:1a")->ToString(), "52:54:00:7e:00:1a");
  for (const char* text :
       {"", "52:54:00:7e:00", "52-54-00-7e-00-1a", "52:54:00:7e:00:1g"}) {
    EXPECT_FALSE(Mac::Parse(text).ok()) << text;
  }
}

TEST(MacTest, LocallyAdministeredIsUnicastAndLocal) {
  for (const uint64_t bits :
       {uint64_t{0}, ~uint64_t{0}, uint64_t{0x0102030405}}) {
    const uint8_t first = Mac::LocallyAdministered(bits).bytes()[0];
    EXPECT_EQ(first & 3, 2);
  }
}

}  // namespace
}  // namespace base
