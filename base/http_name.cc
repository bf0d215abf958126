#include "base/http_name.h"

#include <curl/curl.h>

#include <algorithm>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace base {
namespace {

std::string PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  const absl::Cleanup free = [text] { curl_free(text); };
  return text;
}

// scheme://host[:port]/path of a URL that this client can fetch.
absl::StatusOr<std::string> NameOfUrl(const std::string& text) {
  CURLU* url = curl_url();
  const absl::Cleanup free = [url] { curl_url_cleanup(url); };
  // The URL isn't quoted: what is wrong may be part of a secret.
  if (curl_url_set(url, CURLUPART_URL, text.c_str(), 0) != CURLUE_OK ||
      text.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("not a URL");
  }
  const std::string scheme = PartOf(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return absl::InvalidArgumentError("not a URL of http:// or https://");
  }
  if (!PartOf(url, CURLUPART_USER).empty() ||
      !PartOf(url, CURLUPART_PASSWORD).empty()) {
    return absl::InvalidArgumentError("a URL must not have credentials");
  }
  const std::string port = PartOf(url, CURLUPART_PORT);
  return absl::StrCat(scheme, "://", PartOf(url, CURLUPART_HOST),
                      port.empty() ? "" : ":", port,
                      PartOf(url, CURLUPART_PATH));
}

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) ||
           absl::string_view("-_.").find(c) != absl::string_view::npos;
  });
}

// A line's end in a header would begin another one.
absl::Status CheckHeaders(const HttpRequest& request) {
  if (!IsToken(request.method)) {
    return absl::InvalidArgumentError("not an HTTP method");
  }
  for (const auto& [name, value] : request.headers) {
    const bool one_line = std::none_of(value.begin(), value.end(), [](char c) {
      return absl::ascii_iscntrl(c);
    });
    if (!IsToken(name) || !one_line) {
      return absl::InvalidArgumentError("a header that can't be sent");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> NameOf(const HttpRequest& request) {
  ASSIGN_OR_RETURN(const std::string url, NameOfUrl(request.url));
  if (const absl::Status status = CheckHeaders(request); !status.ok()) {
    return Annotate(status, url);
  }
  return absl::StrCat(request.method, " ", url);
}

}  // namespace base
