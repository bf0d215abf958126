#include "applets/rpc/http.h"

#include <string>

#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

constexpr char kAnswer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: x\r\ncontent-length: 3\r\n\r\nabc";

TEST(HttpTest, WritesARequest) {
  EXPECT_EQ(FormatRequest("POST", "/v1/x", "{}"),
            "POST /v1/x HTTP/1.1\r\nHost: ipamd\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(HttpTest, TakesAResponseAndLeavesTheRest) {
  std::string buffer = std::string(kAnswer) + "HTTP";
  const auto response = TakeResponse(&buffer, 100);
  ASSERT_TRUE(response.ok() && response->has_value());
  EXPECT_EQ((*response)->status, 200);
  EXPECT_EQ((*response)->body, "abc");
  EXPECT_EQ(buffer, "HTTP");
}

TEST(HttpTest, WaitsForEveryByte) {
  const std::string whole = kAnswer;
  for (size_t n = 0; n < whole.size(); ++n) {
    std::string buffer = whole.substr(0, n);
    const auto response = TakeResponse(&buffer, 100);
    ASSERT_TRUE(response.ok());
    EXPECT_FALSE(response->has_value()) << n;
    EXPECT_EQ(buffer.size(), n);
  }
}

TEST(HttpTest, RefusesWhatIsNoAnswer) {
  for (std::string bad :
       {"HTTP/2 200 OK\r\n\r\n", "nonsense\r\n\r\n", "HTTP/1.1 xx\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    EXPECT_FALSE(TakeResponse(&bad, 100).ok()) << bad;
  }
  std::string endless(20000, 'x');
  EXPECT_FALSE(TakeResponse(&endless, 100).ok());
}

TEST(HttpTest, NoLengthMeansNoBody) {
  std::string buffer = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_EQ((*TakeResponse(&buffer, 9))->body, "");
}

}  // namespace
}  // namespace applets::rpc
