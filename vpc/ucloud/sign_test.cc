#include "vpc/ucloud/sign.h"

#include <string>

#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

// Of the four vectors that UCloud publishes.
constexpr absl::string_view kPrivateKey =
    "46f09bb9fab4f12dfc160dae12273d5332b5debe";

Params Describe(absl::string_view public_key, absl::string_view region) {
  Params params;
  params.emplace("Action", "DescribeUHostInstance");
  params.emplace("Limit", 10);
  params.emplace("PublicKey", public_key);
  params.emplace("Region", region);
  return params;
}

Params Create() {
  Params params;
  for (const auto& [name, value] :
       {std::pair<const char*, const char*>{"Action", "CreateUHostInstance"},
        {"Region", "cn-bj2"},
        {"Zone", "cn-bj2-04"},
        {"ImageId", "f43736e1-65a5-4bea-ad2e-8a46e18883c2"},
        {"LoginMode", "Password"},
        {"Password", "VUNsb3VkLmNu"},
        {"Name", "Host01"},
        {"ChargeType", "Month"},
        {"PublicKey", "ucloudsomeone@example.com1296235120854146120"}}) {
    params.emplace(name, value);
  }
  params.emplace("CPU", 2);
  params.emplace("Memory", 2048);
  params.emplace("DiskSpace", 10.0);
  params.emplace("Quantity", 1);
  return params;
}

// Flat parameters are signed alike in both encodings.
void ExpectSignature(const Params& params, absl::string_view signature) {
  EXPECT_EQ(Sign(params, Encoding::kForm, kPrivateKey), signature);
  EXPECT_EQ(Sign(params, Encoding::kJson, kPrivateKey), signature);
}

TEST(SignTest, AgreesWithThePublishedVectors) {
  ExpectSignature(
      Describe("ucloudsomeone@example.com1296235120854146120", "cn-bj2"),
      "cba5cf5ec4d4233d206b1b54951e3787350a642f");
  ExpectSignature(Describe("someone@example.com1296235120854146120", "cn-bj2"),
                  "4201919d267504385deb93af19e0197870fed36b");
  ExpectSignature(Describe("john.doe@example.com1296235120854146120", "vn-sng"),
                  "52fc1191f026532c9100946c6a863a90d5f766ed");
  ExpectSignature(Create(), "4f9ef5df2abab2c6fccd1e9515cb7e2df8c6bb65");
}

TEST(SignTest, LeavesTheSignatureItselfOut) {
  Params params =
      Describe("ucloudsomeone@example.com1296235120854146120", "cn-bj2");
  params.emplace("Signature", "whatever");
  ExpectSignature(params, "cba5cf5ec4d4233d206b1b54951e3787350a642f");
}

TEST(SignTest, AFormIsSignedByItsFields) {
  Params params;
  Value::Array ips;
  for (int i = 0; i < 11; ++i) ips.emplace_back(i);
  params.emplace("Ip", ips);
  params.emplace("Zone", "z");
  // In byte order: Ip.10 stands before Ip.2.
  EXPECT_EQ(SigningText(params, Encoding::kForm),
            "Ip.00Ip.11Ip.1010Ip.22Ip.33Ip.44Ip.55Ip.66Ip.77Ip.88Ip.99Zonez");
}

TEST(SignTest, JsonIsSignedByWhatIsInIt) {
  Params params;
  params.emplace("Ips", Value::Array{Value("b"), Value("a"), Value(2.0)});
  params.emplace(
      "Groups",
      Value::Array{Value(Value::Map{{"Z", Value(true)}, {"A", Value(1.5)}}),
                   Value(Value::Map{{"M", Value(Value::Array{Value("x")})}})});
  params.emplace("Action", "X");
  EXPECT_EQ(SigningText(params, Encoding::kJson),
            "ActionXGroupsA1.5ZtrueMxIpsba2");
}

TEST(SignTest, NothingIsEscaped) {
  Params params;
  params.emplace("Name", "a b&c=/\xe4\xb8\xad");
  EXPECT_EQ(SigningText(params, Encoding::kForm), "Namea b&c=/\xe4\xb8\xad");
}

}  // namespace
}  // namespace vpc::ucloud
