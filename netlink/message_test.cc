#include "netlink/message.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <string>

#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace netlink {
namespace {

using ::testing::HasSubstr;

std::string Captured(const std::string& name) {
  auto bytes = base::ReadFile("testdata/netlink/" + name + ".bin", 1 << 16);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

constexpr AttributePolicy kPolicy[] = {
    {1, AttributeKind::kU8},     {2, AttributeKind::kU32},
    {3, AttributeKind::kString}, {4, AttributeKind::kBytes, 6},
    {5, AttributeKind::kNest},
};

std::string Attribute(uint16_t type, const std::string& value) {
  const uint16_t head[] = {static_cast<uint16_t>(4 + value.size()), type};
  std::string bytes(reinterpret_cast<const char*>(head), 4);
  bytes += value;
  bytes.resize((bytes.size() + 3) & ~size_t{3});
  return bytes;
}

TEST(SplitMessagesTest, FindsEveryMessageOfADatagram) {
  const std::string dump = Captured("rule_dump");
  const auto messages = SplitMessages(dump);
  ASSERT_TRUE(messages.ok()) << messages.status();
  ASSERT_EQ(messages->size(), 6u);
  for (const Message& message : *messages) {
    EXPECT_EQ(message.sequence, 7u);
    EXPECT_TRUE(message.flags & NLM_F_MULTI);
  }
  EXPECT_EQ(messages->front().type, RTM_NEWRULE);
  EXPECT_EQ(messages->back().type, NLMSG_DONE);
}

TEST(SplitMessagesTest, AnEmptyDatagramHasNone) {
  EXPECT_TRUE(SplitMessages({})->empty());
}

TEST(SplitMessagesTest, RefusesADatagramCutAnywhere) {
  const std::string whole = Captured("neighbor_permanent");
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(SplitMessages(absl::MakeSpan(whole).first(size)).ok()) << size;
  }
}

TEST(SplitMessagesTest, RefusesALengthShorterThanAHeader) {
  std::string bytes = Captured("neighbor_permanent");
  bytes[0] = 15;
  EXPECT_THAT(SplitMessages(bytes).status().message(),
              HasSubstr("message of length 15"));
}

TEST(SplitMessagesTest, RefusesBytesLeftOver) {
  const std::string bytes = Captured("neighbor_permanent") + "xxxx";
  EXPECT_THAT(SplitMessages(bytes).status().message(),
              HasSubstr("4 bytes left over"));
}

TEST(MessageTest, RefusesAFamilyHeaderThatIsCutOff) {
  const Message message{.type = RTM_NEWLINK, .payload = "abc"};
  EXPECT_THAT(message.FamilyHeader<uint64_t>().status().message(),
              HasSubstr("RTM_NEWLINK: "));
}

TEST(AttributesTest, ReadsEveryKind) {
  const std::string bytes =
      Attribute(1, "\x07") + Attribute(2, "\x01\x02\x03\x04") +
      Attribute(3, std::string("eth0\0", 5)) + Attribute(4, "123456");
  const auto attributes = Attributes::Parse(bytes, kPolicy);
  ASSERT_TRUE(attributes.ok()) << attributes.status();
  EXPECT_EQ(attributes->U8(1), 7);
  EXPECT_EQ(attributes->U32(2), 0x04030201u);
  EXPECT_EQ(attributes->Ipv4(2), base::Ipv4(0x01020304));
  EXPECT_EQ(attributes->String(3), "eth0");
  EXPECT_EQ(attributes->Mac(4), base::Mac({'1', '2', '3', '4', '5', '6'}));
}

TEST(AttributesTest, WhatIsMissingIsEmpty) {
  const auto attributes = Attributes::Parse({}, kPolicy);
  ASSERT_TRUE(attributes.ok());
  EXPECT_FALSE(attributes->Has(1));
  EXPECT_FALSE(attributes->U32(2));
  EXPECT_FALSE(attributes->Mac(4));
  EXPECT_EQ(attributes->String(3), "");
  EXPECT_FALSE(attributes->U32(60000));
}

TEST(AttributesTest, SkipsTypesItDoesNotKnow) {
  const std::string bytes = Attribute(77, "x") + Attribute(1, "\x07");
  EXPECT_EQ(Attributes::Parse(bytes, kPolicy)->U8(1), 7);
}

TEST(AttributesTest, IgnoresTheNestedFlag) {
  const std::string bytes = Attribute(5 | NLA_F_NESTED, "");
  EXPECT_TRUE(Attributes::Parse(bytes, kPolicy)->Has(5));
}

TEST(AttributesTest, RefusesWrongLengths) {
  for (const std::string& bytes :
       {Attribute(1, ""), Attribute(1, "ab"), Attribute(2, "abc"),
        Attribute(2, "abcde"), Attribute(3, ""), Attribute(3, "no NUL"),
        Attribute(4, "12345")}) {
    EXPECT_THAT(Attributes::Parse(bytes, kPolicy).status().message(),
                HasSubstr("malformed"));
  }
}

TEST(AttributesTest, RefusesALengthPastTheEndOrTooShort) {
  std::string bytes = Attribute(2, "abcd");
  bytes[0] = 9;
  EXPECT_FALSE(Attributes::Parse(bytes, kPolicy).ok());
  bytes[0] = 3;
  EXPECT_FALSE(Attributes::Parse(bytes, kPolicy).ok());
  EXPECT_FALSE(Attributes::Parse("ab", kPolicy).ok());
}

TEST(AcknowledgementTest, FindsTheKernelsTextBehindAQuotedRequest) {
  const std::string bytes = Captured("error_quoted");
  const auto messages = SplitMessages(bytes);
  ASSERT_EQ(messages->size(), 1u);
  EXPECT_FALSE(messages->front().flags & NLM_F_CAPPED);
  const auto answer = ParseAcknowledgement(messages->front());
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->error_number, ENETUNREACH);
  EXPECT_EQ(answer->text, "Nexthop has invalid gateway");
}

TEST(AcknowledgementTest, FindsTheKernelsTextBehindACappedRequest) {
  const std::string bytes = Captured("error_capped");
  const auto messages = SplitMessages(bytes);
  EXPECT_TRUE(messages->front().flags & NLM_F_CAPPED);
  EXPECT_EQ(ParseAcknowledgement(messages->front())->text,
            "Nexthop has invalid gateway");
}

TEST(AcknowledgementTest, RefusesWhatIsNone) {
  EXPECT_FALSE(ParseAcknowledgement({.type = RTM_NEWLINK, .payload = ""}).ok());
  EXPECT_FALSE(ParseAcknowledgement({.type = NLMSG_ERROR, .payload = ""}).ok());
}

}  // namespace
}  // namespace netlink
