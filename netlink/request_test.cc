#include "netlink/request.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace netlink {
namespace {

using ::testing::ElementsAre;

std::vector<uint8_t> Bytes(absl::Span<const char> bytes) {
  return std::vector<uint8_t>(bytes.begin(), bytes.end());
}

nlmsghdr HeaderOf(absl::Span<const char> bytes) {
  nlmsghdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header;
}

TEST(RequestTest, WritesHeaderFamilyHeaderAndPaddedAttributes) {
  Request request(RTM_NEWLINK, NLM_F_CREATE);
  request.PutHeader(uint32_t{0x04030201})
      .PutString(IFLA_IFNAME, "eth0")
      .PutU8(2, 9)
      .PutMac(IFLA_ADDRESS, base::Mac({2, 0, 0, 0, 0, 7}));
  const std::vector<uint8_t> expected = {
      52, 0, 0, 0, 16,  0,   0x01, 0x04,              // length, type, flags
      0,  0, 0, 0, 0,   0,   0,    0,                 // sequence, port
      1,  2, 3, 4,                                    // family header
      9,  0, 3, 0, 'e', 't', 'h',  '0',  0, 0, 0, 0,  //
      5,  0, 2, 0, 9,   0,   0,    0,                 //
      10, 0, 1, 0, 2,   0,   0,    0,    0, 7, 0, 0};
  EXPECT_EQ(Bytes(request.bytes()), expected);
}

TEST(RequestTest, NestsKnowTheirLength) {
  Request request(RTM_NEWLINK, 0);
  request.PutNest(18, [](Request& info) {
    info.PutString(1, "veth");
    info.PutNest(2, [](Request& data) { data.PutU32(7, 1); });
  });
  const auto bytes = Bytes(request.bytes());
  ASSERT_EQ(bytes.size(), 44u);
  EXPECT_EQ(bytes[16], 28);  // the outer nest: 4 + 12 + 12
  EXPECT_EQ(bytes[32], 12);  // the inner one: 4 + 8
}

TEST(RequestTest, AddressesGoOutInNetworkOrder) {
  Request request(RTM_NEWADDR, 0);
  request.PutIpv4(IFA_LOCAL, base::Ipv4(0x0a000001));
  EXPECT_THAT(Bytes(request.bytes().subspan(20)), ElementsAre(10, 0, 0, 1));
}

TEST(RequestTest, TellsWhenSomethingDidNotFit) {
  Request request(RTM_NEWLINK, 0);
  request.PutString(20, std::string(Request::kMaxBytes - 40, 'x'));
  EXPECT_FALSE(request.overflowed());
  request.PutString(20, "one too many for what is left over");
  EXPECT_TRUE(request.overflowed());
  EXPECT_LE(request.bytes().size(), Request::kMaxBytes);
}

TEST(BatchTest, NumbersEachRequestAndAsksForItsAcknowledgement) {
  Batch batch;
  batch.Add(Request(RTM_NEWLINK, NLM_F_EXCL).PutU32(4, 1));
  batch.Add(Request(RTM_NEWRULE, 0));
  batch.Add(Request(RTM_NEWROUTE, 0).PutU32(4, 1));
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.Number(0, 3, 100).size(), 24u + 16u + 24u);
  EXPECT_EQ(HeaderOf(batch.bytes(0)).nlmsg_seq, 100u);
  EXPECT_EQ(HeaderOf(batch.bytes(2)).nlmsg_seq, 102u);
  EXPECT_EQ(HeaderOf(batch.bytes(0)).nlmsg_flags,
            NLM_F_REQUEST | NLM_F_EXCL | NLM_F_ACK);
  EXPECT_EQ(batch.type(1), RTM_NEWRULE);
}

TEST(BatchTest, APieceIsTheBytesOfItsRequestsOnly) {
  Batch batch;
  for (int i = 0; i < 4; ++i) batch.Add(Request(RTM_NEWRULE, 0));
  const auto piece = batch.Number(1, 2, 7);
  EXPECT_EQ(piece.data(), batch.bytes(1).data());
  EXPECT_EQ(piece.size(), 32u);
  EXPECT_EQ(batch.Number(2, 9, 7).size(), 32u);
}

TEST(BatchTest, RemembersThatARequestWasTooLong) {
  Batch batch;
  batch.Add(Request(RTM_NEWLINK, 0).PutString(3, std::string(2000, 'x')));
  EXPECT_TRUE(batch.overflowed());
}

TEST(TypeNameTest, NamesWhatWeSendAndNumbersTheRest) {
  EXPECT_EQ(TypeName(RTM_NEWLINK), "RTM_NEWLINK");
  EXPECT_EQ(TypeName(999), "message type 999");
}

}  // namespace
}  // namespace netlink
