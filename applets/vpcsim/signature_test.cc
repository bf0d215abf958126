#include "applets/vpcsim/signature.h"

#include <gtest/gtest.h>

#include "applets/vpcsim/wire.h"

namespace applets::vpcsim {
namespace {

// The vectors of UCloud's API reference.
constexpr char kPrivateKey[] = "46f09bb9fab4f12dfc160dae12273d5332b5debe";

std::string Signature(absl::string_view query) {
  const Result<WireCall> call =
      ReadCall({WireRequest::Method::kGet, query, "", ""});
  return Sign(std::get<WireCall>(call).signed_text, kPrivateKey);
}

TEST(SignatureTest, PublishedVectorsComeOut) {
  EXPECT_EQ(
      Signature("Action=DescribeUHostInstance&Limit=10&Region=cn-bj2&PublicKey="
                "ucloudsomeone@example.com1296235120854146120"),
      "cba5cf5ec4d4233d206b1b54951e3787350a642f");
  EXPECT_EQ(
      Signature("Action=DescribeUHostInstance&Limit=10&Region=cn-bj2&PublicKey="
                "someone@example.com1296235120854146120"),
      "4201919d267504385deb93af19e0197870fed36b");
  EXPECT_EQ(
      Signature("Action=DescribeUHostInstance&Limit=10&Region=vn-sng&PublicKey="
                "john.doe@example.com1296235120854146120"),
      "52fc1191f026532c9100946c6a863a90d5f766ed");
  EXPECT_EQ(
      Signature("Action=CreateUHostInstance&Region=cn-bj2&Zone=cn-bj2-04"
                "&ImageId=f43736e1-65a5-4bea-ad2e-8a46e18883c2&CPU=2"
                "&Memory=2048&DiskSpace=10&LoginMode=Password"
                "&Password=VUNsb3VkLmNu&Name=Host01&ChargeType=Month&Quantity=1"
                "&PublicKey=ucloudsomeone%40example.com1296235120854146120"),
      "4f9ef5df2abab2c6fccd1e9515cb7e2df8c6bb65");
}

TEST(SignatureTest, JsonIsSignedAsTheFormIs) {
  const Result<WireCall> call = ReadCall(
      {WireRequest::Method::kPost, "", "application/json",
       R"({"Action":"CreateUHostInstance","Region":"cn-bj2","Zone":"cn-bj2-04",
           "ImageId":"f43736e1-65a5-4bea-ad2e-8a46e18883c2","CPU":2,
           "Memory":2048.0,"DiskSpace":10,"LoginMode":"Password",
           "Password":"VUNsb3VkLmNu","Name":"Host01","ChargeType":"Month",
           "Quantity":1,
           "PublicKey":"ucloudsomeone@example.com1296235120854146120"})"});
  EXPECT_EQ(Sign(std::get<WireCall>(call).signed_text, kPrivateKey),
            "4f9ef5df2abab2c6fccd1e9515cb7e2df8c6bb65");
}

TEST(SignatureTest, OnlyTheSameIsTheSame) {
  EXPECT_TRUE(IsSameSignature("abc", "abc"));
  EXPECT_FALSE(IsSameSignature("abc", "abd"));
  EXPECT_FALSE(IsSameSignature("abc", "ab"));
  EXPECT_FALSE(IsSameSignature("", "a"));
}

}  // namespace
}  // namespace applets::vpcsim
