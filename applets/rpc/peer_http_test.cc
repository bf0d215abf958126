#include "applets/rpc/peer_http.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

constexpr char kGet[] = "GET /v1/spare HTTP/1.1\r\nHost: b\r\n\r\n";

absl::Status RefusalOf(std::string bytes) {
  return TakeRequest(&bytes).status();
}

TEST(PeerHttpTest, TakesARequestAndLeavesTheNext) {
  std::string buffer = absl::StrCat(
      "POST /v1/lend?x=1%2f2 HTTP/1.1\r\nhost: b\r\nAuthorization:  Bearer t "
      "\r\n"
      "content-length: 2\r\nConnection: close\r\n\r\n{}",
      kGet);
  const auto first = TakeRequest(&buffer);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(first->has_value());
  EXPECT_EQ(**first,
            (PeerRequest{
                "POST", "/v1/lend", {{"x", "1/2"}}, "Bearer t", "{}", false}));
  EXPECT_EQ(buffer, kGet);
  const auto second = TakeRequest(&buffer);
  ASSERT_TRUE(second.ok() && second->has_value());
  EXPECT_EQ(**second, (PeerRequest{"GET", "/v1/spare", {}, "", "", true}));
  EXPECT_EQ(buffer, "");
}

TEST(PeerHttpTest, WaitsForTheLastByte) {
  const std::string whole =
      "POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc";
  for (size_t size = 0; size < whole.size(); ++size) {
    std::string buffer = whole.substr(0, size);
    const auto request = TakeRequest(&buffer);
    ASSERT_TRUE(request.ok()) << size;
    EXPECT_FALSE(request->has_value()) << size;
    EXPECT_EQ(buffer.size(), size);
  }
}

TEST(PeerHttpTest, EndlessHeadIsCutOff) {
  EXPECT_TRUE(absl::IsResourceExhausted(
      RefusalOf(std::string(kMaxPeerHeadBytes, 'x'))));
  EXPECT_TRUE(absl::IsResourceExhausted(RefusalOf(
      absl::StrCat(std::string(kMaxPeerHeadBytes, 'x'), "\r\n\r\n"))));
}

TEST(PeerHttpTest, LongBodyIsRefusedBeforeItComes) {
  EXPECT_TRUE(absl::IsResourceExhausted(RefusalOf(
      "POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 65537\r\n\r\n")));
}

// Each of these would let two readers disagree on where a request ends.
TEST(PeerHttpTest, AmbiguousLengthsAreRefused) {
  for (const char* field :
       {"Content-Length: 1\r\nContent-Length: 1", "Content-Length: +1",
        "Content-Length: 0x1", "Content-Length:", "Content-Length: 1,1",
        "Content-Length: 99999999999999999999", "Content-Length : 1",
        "Transfer-Encoding: chunked", " Content-Length: 1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(RefusalOf(
        absl::StrCat("POST / HTTP/1.1\r\nHost: b\r\n", field, "\r\n\r\n"))))
        << field;
  }
}

TEST(PeerHttpTest, WhatIsNotHttpIsRefused) {
  for (const char* head :
       {"", "GET / HTTP/1.0\r\nHost: b", "GET / HTTP/2\r\nHost: b",
        "PUT / HTTP/1.1\r\nHost: b", "GET  / HTTP/1.1\r\nHost: b",
        "GET http://b/ HTTP/1.1\r\nHost: b", "GET / HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: b\r\nHost: c", "GET /\nx HTTP/1.1\r\nHost: b",
        "GET / HTTP/1.1\r\nHost: b\r\nno colon"}) {
    EXPECT_TRUE(
        absl::IsInvalidArgument(RefusalOf(absl::StrCat(head, "\r\n\r\n"))))
        << head;
  }
}

TEST(PeerHttpTest, ResponseHasItsLength) {
  EXPECT_EQ(FormatResponse(200, "application/json", "{}", true),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n{}");
  EXPECT_EQ(FormatResponse(401, "text/plain", "", false),
            "HTTP/1.1 401 Error\r\nContent-Type: text/plain\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace applets::rpc
