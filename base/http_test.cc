#include "base/http.h"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/http_lab.h"
#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace base {
namespace {

using Then = LabAnswer::Then;
using testing::HasSubstr;
using testing::Not;

// Answers with what it was asked.
LabAnswer Echo(const LabRequest& request) {
  return {.status = 201,
          .body = absl::StrCat(request.method, " ", request.target, " ",
                               request.body),
          .headers = {{"X-Request-UUID", " a b "}}};
}

HttpLab::Answers Always(LabAnswer answer) {
  return [answer](const LabRequest&) { return answer; };
}

HttpRequest Post(const std::string& url, const std::string& body) {
  return {.method = "POST",
          .url = url,
          .headers = {{"Content-Type", "text/plain"}, {"X-Empty", ""}},
          .body = body};
}

TEST(HttpTest, SendsTheRequestAndReadsTheAnswer) {
  const HttpLab lab(Echo);
  HttpClient client({.user_agent = "cnivpc/9"});
  const auto answer = client.Do(Post(lab.url() + "/a?b=c", "hello"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "POST /a?b=c hello");
  EXPECT_EQ(answer->Header("x-request-uuid"), "a b");
  EXPECT_EQ(answer->Header("x-other"), "");
  const LabRequest sent = lab.requests().at(0);
  EXPECT_EQ(sent.headers.at("content-type"), "text/plain");
  EXPECT_EQ(sent.headers.at("x-empty"), "");
  EXPECT_EQ(sent.headers.at("user-agent"), "cnivpc/9");
  EXPECT_EQ(sent.headers.at("content-length"), "5");
  EXPECT_EQ(sent.headers.count("expect"), 0U);
}

TEST(HttpTest, SendsEachMethodWithAndWithoutABody) {
  const HttpLab lab(Echo);
  HttpClient client({});
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    for (const std::string body : {"", "x"}) {
      const auto answer =
          client.Do({.method = method, .url = lab.url() + "/", .body = body});
      ASSERT_TRUE(answer.ok()) << answer.status();
      EXPECT_EQ(answer->body, absl::StrCat(method, " / ", body));
    }
  }
}

TEST(HttpTest, SendsALargeBodyWhole) {
  const HttpLab lab([](const LabRequest& request) {
    return LabAnswer{.body = absl::StrCat(request.body.size())};
  });
  HttpClient client({});
  const auto answer = client.Do(Post(lab.url(), std::string(3'000'000, 'x')));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->body, "3000000");
}

TEST(HttpTest, UsesAConnectionAgain) {
  const HttpLab lab(Echo);
  HttpClient client({});
  ASSERT_TRUE(client.Do(Post(lab.url(), "1")).ok());
  ASSERT_TRUE(client.Do({.url = lab.url()}).ok());
  ASSERT_TRUE(client.Do(Post(lab.url(), "3")).ok());
  ASSERT_EQ(lab.requests().size(), 3U);
  for (const LabRequest& request : lab.requests()) {
    EXPECT_EQ(request.connection, 1);
  }
}

TEST(HttpTest, ConnectsAgainWhenTheServerHasClosed) {
  const HttpLab lab(Always({.body = "bye", .then = Then::kClose}));
  HttpClient client({});
  for (int i = 1; i <= 3; ++i) {
    const auto answer = client.Do(Post(lab.url(), "x"));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(lab.requests().back().connection, i);
  }
}

TEST(HttpTest, DoesNotFollowARedirect) {
  const HttpLab lab(
      Always({.status = 302, .headers = {{"Location", "/elsewhere"}}}));
  HttpClient client({});
  const auto answer = client.Do({.url = lab.url() + "/here"});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(lab.requests().size(), 1U);
}

TEST(HttpTest, IgnoresProxiesOfTheEnvironment) {
  const std::string proxy = absl::StrCat("http://127.0.0.1:", ClosedPort());
  setenv("http_proxy", proxy.c_str(), 1);
  setenv("all_proxy", proxy.c_str(), 1);
  const HttpLab lab(Echo);
  HttpClient client({});
  EXPECT_TRUE(client.Do({.url = lab.url()}).ok());
  unsetenv("http_proxy");
  unsetenv("all_proxy");
}

TEST(HttpTest, ARefusedConnectionWasNotSent) {
  HttpClient client({});
  const auto answer = client.Do(Post(
      absl::StrCat("http://127.0.0.1:", ClosedPort(), "/p?key=secret"), "x"));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(WasNotSent(answer.status()));
  EXPECT_TRUE(WasNotSent(Annotate(answer.status(), "context")));
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("/p: "));
  EXPECT_THAT(answer.status().ToString(), Not(HasSubstr("secret")));
}

TEST(HttpTest, AResetAfterTheRequestMayHaveBeenSeen) {
  const HttpLab lab(Always({.then = Then::kReset}));
  HttpClient client({});
  const auto answer = client.Do(Post(lab.url() + "/p?key=secret", "body"));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(WasNotSent(answer.status()));
  EXPECT_EQ(lab.requests().size(), 1U);
  EXPECT_THAT(std::string(answer.status().message()),
              HasSubstr("POST " + lab.url() + "/p: "));
  EXPECT_THAT(answer.status().ToString(), Not(HasSubstr("secret")));
}

// libcurl by itself sends any request again when a kept connection dies.
TEST(HttpTest, DoesNotRepeatAPostThatDiedOnAKeptConnection) {
  for (const std::string body : {"allocate", ""}) {
    int count = 0;
    const HttpLab lab([&](const LabRequest&) {
      return ++count == 1 ? LabAnswer{.body = "ok"}
                          : LabAnswer{.then = Then::kReset};
    });
    HttpClient client({});
    ASSERT_TRUE(client.Do(Post(lab.url(), "first")).ok());
    const auto answer = client.Do(Post(lab.url(), body));
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_FALSE(WasNotSent(answer.status()));
    EXPECT_EQ(lab.requests().size(), 2U);
  }
}

TEST(HttpTest, RepeatsAGetThatDiedOnAKeptConnection) {
  int count = 0;
  const HttpLab lab([&](const LabRequest&) {
    return ++count == 2 ? LabAnswer{.then = Then::kReset}
                        : LabAnswer{.body = "ok"};
  });
  HttpClient client({});
  ASSERT_TRUE(client.Do({.url = lab.url()}).ok());
  const auto answer = client.Do({.url = lab.url()});
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(lab.requests().size(), 3U);
}

TEST(HttpTest, SilenceIsATimeOutThatMayHaveBeenSeen) {
  const HttpLab lab(Always({.then = Then::kSilence}));
  HttpClient client({});
  HttpRequest request = Post(lab.url(), "x");
  request.timeout = absl::Milliseconds(50);
  const absl::Time started = absl::Now();
  const auto answer = client.Do(request);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(WasNotSent(answer.status()));
  EXPECT_GE(absl::Now() - started, absl::Milliseconds(50));
}

// The lab speaks HTTP only, and waits for a request's end.
TEST(HttpTest, ATimeOutOfTheTlsHandshakeWasNotSent) {
  const HttpLab lab(Echo);
  HttpClient client({.connect_timeout = absl::Milliseconds(50)});
  const auto answer =
      client.Do(Post(absl::StrCat("https://127.0.0.1:", lab.port(), "/"), "x"));
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(WasNotSent(answer.status()));
}

TEST(HttpTest, ReadsAsMuchAsTheLimitAndNoMore) {
  const HttpLab lab(Always({.body = std::string(1000, 'x')}));
  HttpClient enough({.max_body_bytes = 1000});
  const auto whole = enough.Do({.url = lab.url()});
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->body.size(), 1000U);
  HttpClient small({.max_body_bytes = 999});
  const auto answer = small.Do({.url = lab.url()});
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(WasNotSent(answer.status()));
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("999 bytes"));
}

TEST(HttpTest, ANameThatDoesNotResolveWasNotSent) {
  HttpClient client({.connect_timeout = absl::Seconds(2)});
  const auto answer = client.Do({.url = "http://no-such-name.invalid/"});
  EXPECT_FALSE(answer.ok());
  EXPECT_TRUE(WasNotSent(answer.status())) << answer.status();
}

TEST(HttpTest, RefusesWhatItCannotSend) {
  const HttpLab lab(Echo);
  HttpClient client({});
  const std::vector<HttpRequest> wrong = {
      {.url = ""},
      {.url = "secret"},
      {.url = "ftp://127.0.0.1/secret"},
      {.url = "file:///etc/secret"},
      {.url = "http://user:secret@127.0.0.1/"},
      {.url = "http://user:sec/ret@127.0.0.1:secret/"},
      {.method = "GET /secret HTTP/1.1\r\nX:", .url = lab.url()},
      {.method = "", .url = lab.url()},
      {.url = lab.url(), .headers = {{"A", "secret\r\nB: c"}}},
      {.url = lab.url(), .headers = {{"A: secret\r\nB", "c"}}},
      {.url = lab.url(), .headers = {{"", "secret"}}},
  };
  for (const HttpRequest& request : wrong) {
    const auto answer = client.Do(request);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument)
        << request.url;
    EXPECT_TRUE(WasNotSent(answer.status()));
    EXPECT_THAT(answer.status().ToString(), Not(HasSubstr("secret")));
  }
  EXPECT_TRUE(lab.requests().empty());
}

class HttpsTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& content) {
    std::string path =
        absl::StrCat(testing::TempDir(), "/http_test.", getpid(), ".", name);
    EXPECT_TRUE(WriteFileAtomically(path, content).ok());
    return path;
  }

  const LabCertificate certificate_ = MakeLabCertificate();
  const HttpLab lab_{Echo, certificate_};
};

TEST_F(HttpsTest, TrustsTheCaBundle) {
  HttpClient client({.ca_bundle = Write("ca", certificate_.certificate)});
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.Do(Post(lab_.url() + "/s", "tls"));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->body, "POST /s tls");
  }
  EXPECT_EQ(lab_.requests().back().connection, 1);
}

TEST_F(HttpsTest, RefusesAStranger) {
  const std::string other = MakeLabCertificate().certificate;
  for (const std::string& bundle : {std::string(), Write("other", other)}) {
    HttpClient client({.ca_bundle = bundle});
    const auto answer = client.Do(Post(lab_.url() + "/", "x"));
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(WasNotSent(answer.status())) << answer.status();
  }
  EXPECT_TRUE(lab_.requests().empty());
}

TEST_F(HttpsTest, RefusesACertificateOfAnotherName) {
  HttpClient client({.ca_bundle = Write("ca", certificate_.certificate)});
  const auto answer = client.Do(
      Post(absl::StrCat("https://localhost:", lab_.port(), "/"), "x"));
  EXPECT_TRUE(WasNotSent(answer.status())) << answer.status();
  EXPECT_THAT(std::string(answer.status().message()),
              HasSubstr("matches target host name"));
  EXPECT_TRUE(lab_.requests().empty());
}

TEST_F(HttpsTest, ABundleThatCannotBeReadIsAFaultOfTheSetup) {
  for (const HttpOptions& options :
       {HttpOptions{.ca_bundle = "/nonexistent"},
        HttpOptions{.ca_bundle = Write("ca", certificate_.certificate),
        .certificate = "/nonexistent"}}) {
    HttpClient client(options);
    const auto answer = client.Do(Post(lab_.url(), "x"));
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(WasNotSent(answer.status())) << answer.status();
  }
}

TEST_F(HttpsTest, TakesAuthoritiesAsText) {
  HttpClient client(
      {.ca_bundle = "/nonexistent", .ca_pem = certificate_.certificate});
  const auto answer = client.Do({.url = lab_.url()});
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST_F(HttpsTest, TextThatIsNoPemIsAFaultOfTheSetup) {
  for (const HttpOptions& options :
       {HttpOptions{.ca_pem = "secret"},
        HttpOptions{.ca_pem = certificate_.certificate,
        .certificate_pem = certificate_.certificate,
        .key_pem = "secret"}}) {
    HttpClient client(options);
    const auto answer = client.Do({.url = lab_.url()});
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_TRUE(WasNotSent(answer.status())) << answer.status();
    EXPECT_THAT(answer.status().ToString(), Not(HasSubstr("secret")));
  }
}

TEST_F(HttpsTest, BelievesAnyoneOnlyWhenAskedTo) {
  const std::string other_name =
      absl::StrCat("https://localhost:", lab_.port(), "/");
  HttpClient credulous({.skip_verification = true});
  EXPECT_TRUE(credulous.Do({.url = other_name}).ok());
  HttpClient careful({});
  EXPECT_FALSE(careful.Do({.url = other_name}).ok());
}

TEST_F(HttpsTest, ShowsItsCertificate) {
  const LabCertificate own = MakeLabCertificate();
  const HttpLab lab(Echo, certificate_, own.certificate);
  const HttpOptions stranger = {.ca_pem = certificate_.certificate};
  HttpOptions text = stranger;
  text.certificate_pem = own.certificate;
  text.key_pem = own.key;
  HttpOptions files = stranger;
  files.certificate = Write("both", own.certificate + own.key);
  HttpOptions two_files = stranger;
  two_files.certificate = Write("cert", own.certificate);
  two_files.key = Write("key", own.key);
  EXPECT_FALSE(HttpClient(stranger).Do({.url = lab.url()}).ok());
  for (const HttpOptions& options : {text, files, two_files}) {
    const auto answer = HttpClient(options).Do({.url = lab.url()});
    EXPECT_TRUE(answer.ok()) << answer.status();
  }
}

TEST(PercentEncodeTest, LeavesUnreservedCharactersAlone) {
  EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(PercentEncode("a b+&=/\xc3\xa9"), "a%20b%2B%26%3D%2F%C3%A9");
}

}  // namespace
}  // namespace base
