#include "applets/vpcsim/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "applets/vpcsim/ret_code.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Method = WireRequest::Method;

WireRequest Form(absl::string_view body) {
  return {Method::kPost, "", "application/x-www-form-urlencoded", body};
}
WireRequest JsonBody(absl::string_view body) {
  return {Method::kPost, "", "application/json; charset=utf-8", body};
}

WireCall Good(const WireRequest& request) {
  Result<WireCall> result = ReadCall(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&result)) {
    ADD_FAILURE() << refusal->message;
    return {};
  }
  return std::get<WireCall>(std::move(result));
}

std::string Refused(const WireRequest& request) {
  const Result<WireCall> result = ReadCall(request);
  const Refusal* refusal = std::get_if<Refusal>(&result);
  if (refusal == nullptr) return "taken";
  EXPECT_EQ(refusal->ret_code, kBadParameter);
  return refusal->message;
}

TEST(WireTest, ReadsTheQueryOfAGet) {
  const WireCall read =
      Good({Method::kGet,
            "Action=DescribeSubnet&Limit=10&Name=a%20b+c%2B&E=", "", ""});
  EXPECT_EQ(read.call.action, "DescribeSubnet");
  EXPECT_THAT(read.call.params, ElementsAre(Pair("E", ""), Pair("Limit", "10"),
                                            Pair("Name", "a b c+")));
  EXPECT_EQ(read.signed_text, "ActionDescribeSubnetELimit10Namea b c+");
}

TEST(WireTest, KeepsWhoCallsApart) {
  const WireCall read = Good(
      Form("Signature=s&PublicKey=p%40q&SecurityToken=t&Action=A&Region=r"));
  EXPECT_EQ(read.signature, "s");
  EXPECT_EQ(read.public_key, "p@q");
  EXPECT_EQ(read.security_token, "t");
  EXPECT_THAT(read.call.params, ElementsAre(Pair("Region", "r")));
  EXPECT_EQ(read.signed_text, "ActionAPublicKeyp@qRegionrSecurityTokent");
}

TEST(WireTest, SortsNamesByTheirBytes) {
  EXPECT_EQ(Good(Form("b=1&a=2&B=3&Ip.2=x&Ip.10=y&Ip=z")).signed_text,
            "B3IpzIp.10yIp.2xa2b1");
}

TEST(WireTest, QueryOfAPostIsForLogsOnly) {
  WireRequest request = Form("Action=A");
  request.query = "Action=B&Extra=1";
  const WireCall read = Good(request);
  EXPECT_EQ(read.call.action, "A");
  EXPECT_EQ(read.signed_text, "ActionA");
}

TEST(WireTest, PostWithoutBodyHasItsParametersInTheQuery) {
  EXPECT_EQ(Good({Method::kPost, "Action=A", "", ""}).call.action, "A");
}

TEST(WireTest, FlattensJsonAsFormsNameIt) {
  const WireCall read = Good(JsonBody(
      R"({"Action":"A","Ip":["x","y"],"P":[{"B":1,"A":"q"},{"B":2}],"E":[]})"));
  EXPECT_EQ(read.call.action, "A");
  EXPECT_THAT(
      read.call.params,
      ElementsAre(Pair("Ip.0", "x"), Pair("Ip.1", "y"), Pair("P.0.A", "q"),
                  Pair("P.0.B", "1"), Pair("P.1.B", "2")));
}

TEST(WireTest, SignsListsInOrderAndMapsByTheirNames) {
  EXPECT_EQ(Good(JsonBody(R"({"Z":{"b":"1","a":["y","x"],"c":{}},"A":["2","1"],
                              "E":[]})"))
                .signed_text,
            "A21EZayxb1c");
}

TEST(WireTest, SignsJsonValuesAsTheirShortestText) {
  EXPECT_EQ(Good(JsonBody(R"({"a":true,"b":false,"c":42,"d":42.0,"e":0.1,
                              "f":1e21,"g":1e-7,"h":-3.50,
                              "i":18446744073709551615,
                              "j":0.30000000000000004})"))
                .signed_text,
            "atruebfalsec42d42e0.1f1000000000000000000000g0.0000001h-3.5"
            "i18446744073709551615j0.30000000000000004");
}

TEST(WireTest, NothingIsACallWithoutAction) {
  for (const absl::string_view body : {"", "&", "&&"}) {
    const WireCall read = Good(Form(body));
    EXPECT_EQ(read.call.action, "");
    EXPECT_THAT(read.call.params, IsEmpty());
  }
}

TEST(WireTest, RefusesWhatIsGivenTwice) {
  EXPECT_EQ(Refused(Form("a=1&a=1")), "Params [a] given twice");
  EXPECT_EQ(Refused(JsonBody(R"({"a":1,"a":2})")), "Params [a] given twice");
  EXPECT_EQ(Refused(JsonBody(R"({"a":{"b":1,"b":2}})")),
            "Params [a.b] given twice");
  EXPECT_EQ(Refused(JsonBody(R"({"Ip":["1"],"Ip.0":"2"})")),
            "Params [Ip.0] given twice");
}

TEST(WireTest, RefusesBrokenEscapes) {
  for (const absl::string_view body :
       {"a=%", "a=%1", "a=%zz", "%=1", "a=%-1"}) {
    EXPECT_EQ(Refused(Form(body)), "% without two hex digits") << body;
  }
}

TEST(WireTest, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(Refused(Form("a=%ff")), "Params [a] isn't UTF-8");
  EXPECT_EQ(Refused(Form("%c3=1")), "a parameter's name isn't UTF-8");
  EXPECT_EQ(Refused(JsonBody("{\"a\":\"\xff\"}")),
            "the body: not JSON: Invalid encoding in string. (at byte 6)");
  EXPECT_EQ(Refused(JsonBody(R"({"a":"\udc00"})")),
            "the body: not JSON: a lone surrogate in a string");
  EXPECT_EQ(Good(Form("a=%e4%bd%a0")).signed_text, "a你");
}

TEST(WireTest, RefusesNamelessNullAndOtherBodies) {
  EXPECT_EQ(Refused(Form("=1")), "a parameter has no name");
  EXPECT_EQ(Refused(JsonBody(R"({"a":null})")), "Params [a] is null");
  EXPECT_EQ(Refused(JsonBody(R"([1])")), "the body must be a JSON object");
  EXPECT_EQ(
      Refused(JsonBody(R"({"a":1)")),
      "the body: not JSON: Missing a comma or '}' after an object member. "
      "(at byte 6)");
  EXPECT_THAT(Refused({Method::kPost, "", "text/plain", "Action=A"}),
              HasSubstr("Content-Type must be"));
  EXPECT_THAT(Refused({Method::kPost, "", "", "Action=A"}),
              HasSubstr("Content-Type must be"));
}

TEST(WireTest, IsBounded) {
  std::string many;
  for (size_t i = 0; i <= kMaxParams; ++i) absl::StrAppend(&many, "p", i, "&");
  EXPECT_EQ(Refused(Form(many)), "too many parameters");
  EXPECT_EQ(Refused(Form(std::string(kMaxNameBytes + 1, 'n'))),
            "a parameter's name is too long");
  const std::string large(kMaxValueBytes + 1, 'v');
  EXPECT_EQ(Refused(Form("a=" + large)), "Params [a] is too long");
  const std::string deep(100000, '[');
  EXPECT_EQ(
      Refused(JsonBody(R"({"a":)" + deep + std::string(100000, ']') + "}")),
      "the body: JSON nested deeper than 64");
}

TEST(WireTest, TakesNumbersAtTheEndsOfADoublesRange) {
  EXPECT_EQ(Good(JsonBody(R"({"a":5e-324})")).signed_text.size(), 1 + 326u);
  EXPECT_EQ(Good(JsonBody("{\"a\":0." + std::string(400, '1') + "e-400}"))
                .signed_text,
            "a0");
  EXPECT_EQ(Refused(JsonBody(R"({"a":17976931348623159e292})")),
            "the body: not JSON: Number too big to be stored in double. "
            "(at byte 5)");
}

}  // namespace
}  // namespace applets::vpcsim
