#include "applets/upgrade/page/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "applets/upgrade/page/assets.h"

namespace applets::upgrade::page {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "0123456789abcdef";
constexpr absl::Time kNow = absl::UnixEpoch();

std::string HeaderOf(const Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

class RouterTest : public testing::Test {
 protected:
  static Request Get(const std::string& path) {
    return {.method = "GET", .path = path, .host = "127.0.0.1:8080"};
  }
  static Request Post(const std::string& path, const std::string& body) {
    return {.method = "POST",
            .path = path,
            .body = body,
            .host = "127.0.0.1:8080",
            .content_type = "application/json"};
  }
  static Request Bearer(Request request) {
    request.authorization = absl::StrCat("Bearer ", kToken);
    return request;
  }
  Verdict Route(const Request& request) {
    return router_.Route(request, kNow, {1, 2, 3});
  }
  // That must be a response.
  Response Answer(const Request& request) {
    Verdict verdict = Route(request);
    EXPECT_TRUE(std::holds_alternative<Response>(verdict));
    return std::get<Response>(std::move(verdict));
  }
  bool IsCarried(const Request& request) {
    return std::holds_alternative<Carry>(Route(request));
  }
  // As a browser that has logged in sends it.
  Request Browser(Request request) {
    const Response in = Answer(
        Post("/api/login", absl::StrCat("{\"token\":\"", kToken, "\"}")));
    const std::string cookie = HeaderOf(in, "Set-Cookie");
    request.cookie =
        absl::StrCat("other=1; ", cookie.substr(0, cookie.find(';')));
    const size_t at = in.body.find("\"csrf\":\"") + 8;
    request.csrf = in.body.substr(at, in.body.find('"', at) - at);
    request.origin = "http://127.0.0.1:8080";
    request.fetch_site = "same-origin";
    return request;
  }

  Router router_{{.token = kToken,
                  .cookie_name = "cnivpc_1",
                  .names = {"plugins.example"}}};
};

const std::string kOn = R"({"on": true})";

TEST_F(RouterTest, ThePageIsShown) {
  const Response page = Answer(Get("/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.type, HasSubstr("text/html"));
  EXPECT_THAT(page.body, HasSubstr("<!doctype html>"));
  EXPECT_EQ(Answer(Get("/app.js")).status, 200);
  EXPECT_EQ(Answer(Get("/text.js")).status, 200);
  EXPECT_EQ(Answer(Get("/style.css")).status, 200);
  EXPECT_EQ(Answer(Get("/nothing")).status, 404);
}

TEST_F(RouterTest, AFileIsntSentTwice) {
  Request request = Get("/app.js");
  request.if_none_match = HeaderOf(Answer(request), "ETag");
  const Response again = Answer(request);
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
}

TEST_F(RouterTest, ThePageRunsNothingThatTheSafeHeadersForbid) {
  const std::string html = Answer(Get("/")).body;
  EXPECT_THAT(html, Not(HasSubstr("style=")));
  EXPECT_THAT(html, Not(HasSubstr("onclick=")));
  EXPECT_THAT(html, Not(HasSubstr("://")));
  EXPECT_EQ(html.find("<script"), html.rfind("<script"));
  const std::string script = Answer(Get("/app.js")).body;
  EXPECT_THAT(script, Not(HasSubstr("innerHTML")));
  EXPECT_THAT(script, Not(HasSubstr("eval(")));
}

// The names before `: "`.
std::set<std::string> KeysOf(absl::string_view text) {
  std::set<std::string> keys;
  for (size_t at = text.find(": \""); at != absl::string_view::npos;
       at = text.find(": \"", at + 1)) {
    const absl::string_view before = text.substr(0, at);
    const size_t begin = before.find_last_of(" \n");
    keys.insert(absl::StrReplaceAll(before.substr(begin + 1), {{"\"", ""}}));
  }
  return keys;
}

TEST_F(RouterTest, BothLanguagesSayTheSameThings) {
  const std::string texts = Answer(Get("/text.js")).body;
  const size_t zh = texts.find("zh: {");
  ASSERT_NE(zh, std::string::npos);
  const std::set<std::string> english = KeysOf(texts.substr(0, zh));
  EXPECT_GT(english.size(), 80);
  EXPECT_EQ(english, KeysOf(texts.substr(zh)));
}

// What the page and its script ask for is there.
TEST_F(RouterTest, EveryTextThatIsAskedForIsThere) {
  const std::set<std::string> texts = KeysOf(Answer(Get("/text.js")).body);
  for (const char* path : {"/index.html", "/app.js"}) {
    const std::string page = Answer(Get(path)).body;
    const std::string mark =
        path == std::string("/app.js") ? " t(\"" : "data-text=\"";
    int found = 0;
    for (size_t at = page.find(mark); at != std::string::npos;
         at = page.find(mark, at + 1), ++found) {
      const size_t begin = at + mark.size();
      const std::string key = page.substr(begin, page.find('"', begin) - begin);
      if (absl::EndsWith(key, ".")) continue;
      EXPECT_TRUE(texts.contains(key)) << path << ": " << key;
    }
    EXPECT_GT(found, 10) << path;
  }
}

TEST_F(RouterTest, TheAssetsAreSmall) {
  size_t size = 0;
  for (const Asset& asset : Assets()) size += asset.body.size();
  EXPECT_LT(size, 60 << 10);
}

TEST_F(RouterTest, AnybodyMayLook) {
  Request request = Get("/api/view");
  request.query = {{"state", "failed"}};
  const Verdict verdict = Route(request);
  ASSERT_TRUE(std::holds_alternative<Show>(verdict));
  EXPECT_EQ(std::get<Show>(verdict).what, Show::What::kView);
  EXPECT_EQ(std::get<Show>(verdict).question.state, RowState::kFailed);
  request.query = {{"state", "?"}};
  EXPECT_EQ(Answer(request).status, 400);
  EXPECT_EQ(std::get<Show>(Route(Get("/api/events"))).what,
            Show::What::kEvents);
  EXPECT_EQ(std::get<Show>(Route(Get("/api/names"))).what, Show::What::kNames);
  EXPECT_EQ(Answer(Get("/healthz")).body, "ok\n");
  EXPECT_EQ(Answer(Get("/api/session")).body, "{\"authenticated\":false}");
}

TEST_F(RouterTest, AHeadIsAnsweredButFollowsNothing) {
  Request request = Get("/");
  request.method = "HEAD";
  EXPECT_EQ(Answer(request).status, 200);
  request.path = "/api/events";
  EXPECT_EQ(Answer(request).status, 405);
  request.method = "";
  EXPECT_EQ(Answer(request).status, 405);
}

TEST_F(RouterTest, NobodyChangesSomethingWithoutTheToken) {
  for (const char* path :
       {"/api/service", "/api/runs", "/api/run", "/api/logout"}) {
    EXPECT_EQ(Answer(Post(path, kOn)).status, 401) << path;
  }
  Request wrong = Post("/api/service", kOn);
  wrong.authorization = "Bearer 0123456789abcdeg";
  EXPECT_EQ(Answer(wrong).status, 401);
  wrong.authorization = "Basic 0123456789abcdef";
  EXPECT_EQ(Answer(wrong).status, 401);
}

TEST_F(RouterTest, WhoHasTheTokenMayChangeSomething) {
  EXPECT_TRUE(IsCarried(Bearer(Post("/api/service", kOn))));
  EXPECT_EQ(Answer(Bearer(Post("/api/service", "{}"))).status, 400);
  EXPECT_EQ(Answer(Bearer(Post("/api/else", "{}"))).status, 404);
}

TEST_F(RouterTest, ABrowserLogsIn) {
  EXPECT_EQ(Answer(Post("/api/login", R"({"token":"wrong"})")).status, 401);
  const Response in = Answer(
      Post("/api/login", absl::StrCat("{\"token\":\" ", kToken, " \"}")));
  EXPECT_EQ(in.status, 200);
  const std::string cookie = HeaderOf(in, "Set-Cookie");
  EXPECT_THAT(cookie, HasSubstr("; HttpOnly; SameSite=Strict"));
  EXPECT_THAT(cookie, Not(HasSubstr("Secure")));
  EXPECT_THAT(cookie, Not(HasSubstr(kToken)));
  EXPECT_TRUE(IsCarried(Browser(Post("/api/service", kOn))));
  EXPECT_THAT(Answer(Browser(Get("/api/session"))).body,
              HasSubstr("\"authenticated\":true"));
}

TEST_F(RouterTest, OverTlsTheCookieStaysThere) {
  Router router({.token = kToken, .cookie_name = "c", .secure = true});
  const Verdict verdict = router.Route(
      Post("/api/login", absl::StrCat("{\"token\":\"", kToken, "\"}")), kNow,
      {});
  EXPECT_THAT(HeaderOf(std::get<Response>(verdict), "Set-Cookie"),
              HasSubstr("; Secure"));
}

TEST_F(RouterTest, ACookieAloneIsntEnough) {
  Request request = Browser(Post("/api/service", kOn));
  request.csrf = "";
  EXPECT_EQ(Answer(request).status, 403);
  request.csrf = "0123";
  EXPECT_EQ(Answer(request).status, 403);
}

TEST_F(RouterTest, ASessionEnds) {
  const Request request = Browser(Post("/api/service", kOn));
  Verdict later = router_.Route(request, kNow + Access::kSessionTime, {});
  ASSERT_TRUE(std::holds_alternative<Response>(later));
  EXPECT_EQ(std::get<Response>(later).status, 401);
  Request out = Browser(Post("/api/logout", "{}"));
  EXPECT_THAT(HeaderOf(Answer(out), "Set-Cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(Answer(out).status, 401);
}

TEST_F(RouterTest, WhatComesFromAnotherSiteIsRefused) {
  const auto status = [&](Request request) { return Answer(request).status; };
  Request request = Browser(Post("/api/service", kOn));
  request.origin = "http://evil.example";
  EXPECT_EQ(status(request), 403);
  request.origin = "null";
  EXPECT_EQ(status(request), 403);
  request.origin = "http://127.0.0.1:9999";
  EXPECT_EQ(status(request), 403);
  request.origin = "";
  request.fetch_site = "cross-site";
  EXPECT_EQ(status(request), 403);
  request.fetch_site = "same-site";
  EXPECT_EQ(status(request), 403);
  // Also who logs somebody in from there.
  request = Post("/api/login", "{}");
  request.origin = "http://evil.example";
  EXPECT_EQ(status(request), 403);
}

TEST_F(RouterTest, AFormOfAnotherSiteCantSayJson) {
  Request request = Bearer(Post("/api/service", kOn));
  request.content_type = "text/plain";
  EXPECT_EQ(Answer(request).status, 400);
  request.content_type = "application/json; charset=utf-8";
  EXPECT_TRUE(IsCarried(request));
}

TEST_F(RouterTest, ANameThatIsntOursIsRefused) {
  Request request = Get("/");
  const auto status = [&](const std::string& host) {
    request.host = host;
    return Answer(request).status;
  };
  EXPECT_EQ(status("rebound.example:8080"), 403);
  EXPECT_EQ(status(""), 403);
  EXPECT_EQ(status("localhost:8080"), 200);
  EXPECT_EQ(status("10.0.0.1"), 200);
  EXPECT_EQ(status("[::1]:8080"), 200);
  EXPECT_EQ(status("Plugins.Example"), 200);
}

TEST_F(RouterTest, SafeHeadersForbidWhatThePageDoesntNeed) {
  std::string all;
  for (const auto& [name, value] : SafeHeaders()) {
    absl::StrAppend(&all, name, ": ", value, "\n");
  }
  EXPECT_THAT(all, HasSubstr("default-src 'none'"));
  EXPECT_THAT(all, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(all, Not(HasSubstr("unsafe")));
  EXPECT_THAT(all, HasSubstr("nosniff"));
}

}  // namespace
}  // namespace applets::upgrade::page
