#include "applets/upgrade/page/router.h"

#include <optional>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "applets/rpc/messages_error.h"
#include "applets/upgrade/page/assets.h"
#include "base/address.h"
#include "base/status.h"

namespace applets::upgrade::page {
namespace {

constexpr int kUnauthorized = 401;
constexpr int kNotModified = 304;
constexpr int kNotAllowed = 405;

constexpr std::pair<const char*, const char*> kSafeHeaders[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
     "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors "
     "'none'; require-trusted-types-for 'script'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cache-Control", "no-cache"}};

// Without its port: "[::1]:8080", "localhost:8080", "10.0.0.1".
absl::string_view NameOf(absl::string_view host) {
  if (absl::StartsWith(host, "[")) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool IsOwnName(absl::string_view host, const std::vector<std::string>& names) {
  const absl::string_view name = NameOf(host);
  return absl::EqualsIgnoreCase(name, "localhost") ||
         absl::StartsWith(name, "[") || base::Ipv4::Parse(name).ok() ||
         absl::c_any_of(names, [&](const std::string& own) {
           return absl::EqualsIgnoreCase(own, name);
         });
}

bool IsJson(absl::string_view type) {
  return absl::EqualsIgnoreCase(
      absl::StripAsciiWhitespace(type.substr(0, type.find(';'))),
      "application/json");
}

const Asset* FindAsset(absl::string_view path) {
  if (path == "/") path = "/index.html";
  const auto assets = Assets();
  const auto asset = absl::c_find_if(
      assets, [&](const Asset& one) { return one.path == path; });
  return asset == assets.end() ? nullptr : &*asset;
}

Response AssetResponse(const Asset& asset, const Request& request) {
  Response response{.type = std::string(asset.type)};
  response.headers.emplace_back("ETag", asset.etag);
  if (request.if_none_match == asset.etag) {
    response.status = kNotModified;
  } else {
    response.body = std::string(asset.body);
  }
  return response;
}

std::optional<Show::What> WhatIsShown(absl::string_view path) {
  if (path == "/api/view") return Show::What::kView;
  if (path == "/api/events") return Show::What::kEvents;
  if (path == "/api/names") return Show::What::kNames;
  if (path == "/api/releases") return Show::What::kReleases;
  return std::nullopt;
}

Response NotAllowed() {
  Response response =
      ErrorResponse(absl::InvalidArgumentError("that isn't spoken here"));
  response.status = kNotAllowed;
  return response;
}

}  // namespace

Response ErrorResponse(const absl::Status& error) {
  return {.status = absl::IsUnauthenticated(error)
                        ? kUnauthorized
                        : rpc::HttpStatusOf(error.code()),
          .body = rpc::ErrorToJson(error)};
}

Response JsonResponse(std::string json) { return {.body = std::move(json)}; }

absl::Span<const std::pair<const char*, const char*>> SafeHeaders() {
  return kSafeHeaders;
}

Router::Router(Settings settings)
    : settings_(std::move(settings)), access_(settings_.token) {}

Verdict Router::Route(const Request& request, absl::Time now,
                      const Access::Random& random) {
  if (!IsOwnName(request.host, settings_.names)) {
    return ErrorResponse(absl::PermissionDeniedError(
        absl::StrCat("\"", NameOf(request.host).substr(0, 100),
                     "\" isn't a name of this page: --serve-name allows one")));
  }
  if (request.method == "GET" || request.method == "HEAD") {
    return Get(request, now);
  }
  if (request.method == "POST") return Post(request, now, random);
  return NotAllowed();
}

Verdict Router::Get(const Request& request, absl::Time now) const {
  if (const Asset* asset = FindAsset(request.path)) {
    return AssetResponse(*asset, request);
  }
  if (request.path == "/healthz") {
    return Response{.type = "text/plain", .body = "ok\n"};
  }
  if (request.path == "/api/session") {
    return SessionOf(access_.Find(CookieOf(request), now));
  }
  const auto what = WhatIsShown(request.path);
  if (!what) {
    return ErrorResponse(absl::NotFoundError("there is nothing by that path"));
  }
  if (*what == Show::What::kEvents && request.method != "GET") {
    return NotAllowed();
  }
  auto question = QuestionOf(request.query);
  if (!question.ok()) return ErrorResponse(question.status());
  return Show{*what, *std::move(question)};
}

// Scripts of other sites can't read our answers, but they can send; and a
// browser says where from.
absl::Status Router::CheckOrigin(const Request& request) const {
  absl::string_view origin = request.origin;
  if (!origin.empty() && !absl::ConsumePrefix(&origin, "http://") &&
      !absl::ConsumePrefix(&origin, "https://")) {
    return absl::PermissionDeniedError("comes from another site");
  }
  if (!origin.empty() && !absl::EqualsIgnoreCase(origin, request.host)) {
    return absl::PermissionDeniedError("comes from another site");
  }
  if (!request.fetch_site.empty() && request.fetch_site != "same-origin" &&
      request.fetch_site != "none") {
    return absl::PermissionDeniedError("comes from another site");
  }
  if (!IsJson(request.content_type)) {
    return absl::InvalidArgumentError("Content-Type must be application/json");
  }
  return absl::OkStatus();
}

absl::Status Router::CheckMayChange(const Request& request,
                                    absl::Time now) const {
  absl::string_view token = request.authorization;
  if (absl::ConsumePrefix(&token, "Bearer ")) {
    if (access_.IsToken(absl::StripAsciiWhitespace(token))) {
      return absl::OkStatus();
    }
    return absl::UnauthenticatedError("the token is wrong");
  }
  const Session* session = access_.Find(CookieOf(request), now);
  if (session == nullptr) {
    return absl::UnauthenticatedError("to change something, log in");
  }
  if (!AreSame(request.csrf, session->csrf)) {
    return absl::PermissionDeniedError("X-Csrf-Token is missing or wrong");
  }
  return absl::OkStatus();
}

Verdict Router::Post(const Request& request, absl::Time now,
                     const Access::Random& random) {
  if (const auto origin = CheckOrigin(request); !origin.ok()) {
    return ErrorResponse(origin);
  }
  if (request.path != "/api/login") {
    const absl::Status may = CheckMayChange(request, now);
    if (!may.ok()) return ErrorResponse(may);
  }
  auto order = ParseOrder(request.path, request.body);
  if (!order.ok()) return ErrorResponse(order.status());
  if (const auto* log_in = std::get_if<LogIn>(&*order)) {
    return Enter(*log_in, now, random);
  }
  if (std::holds_alternative<LogOut>(*order)) return Leave(request);
  return Carry{*std::move(order)};
}

Response Router::SessionOf(const Session* session) const {
  if (session == nullptr) return JsonResponse("{\"authenticated\":false}");
  return JsonResponse(absl::StrCat("{\"authenticated\":true,\"csrf\":\"",
                                   session->csrf, "\"}"));
}

Response Router::Enter(const LogIn& order, absl::Time now,
                       const Access::Random& random) {
  if (!access_.IsToken(absl::StripAsciiWhitespace(order.token))) {
    return ErrorResponse(absl::UnauthenticatedError("the token is wrong"));
  }
  const std::string cookie = access_.Open(random, now);
  Response response = SessionOf(access_.Find(cookie, now));
  response.headers.emplace_back("Set-Cookie",
                                SetCookie(cookie, Access::kSessionTime));
  return response;
}

Response Router::Leave(const Request& request) {
  access_.Close(CookieOf(request));
  Response response = SessionOf(nullptr);
  response.headers.emplace_back("Set-Cookie",
                                SetCookie("", absl::ZeroDuration()));
  return response;
}

// RFC 6265 §4.2.1
std::string Router::CookieOf(const Request& request) const {
  for (absl::string_view pair : absl::StrSplit(request.cookie, ';')) {
    pair = absl::StripAsciiWhitespace(pair);
    if (absl::ConsumePrefix(&pair, settings_.cookie_name) &&
        absl::ConsumePrefix(&pair, "=")) {
      return std::string(pair);
    }
  }
  return "";
}

std::string Router::SetCookie(absl::string_view value,
                              absl::Duration age) const {
  return absl::StrCat(settings_.cookie_name, "=", value,
                      "; Path=/; Max-Age=", absl::ToInt64Seconds(age),
                      "; HttpOnly; SameSite=Strict",
                      settings_.secure ? "; Secure" : "");
}

}  // namespace applets::upgrade::page
