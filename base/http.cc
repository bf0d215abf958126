#include "base/http.h"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace base {
namespace {

constexpr absl::string_view kNotSentPayload = "cnivpc/not-sent";
// Servers close what is idle; so do we, and earlier than most.
constexpr absl::Duration kMaxIdle = absl::Seconds(30);
constexpr size_t kMaxHeaderBytes = size_t{64} << 10;

constexpr std::array<const char*, 5> kCaBundles = {
    "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Red Hat, CentOS
    "/etc/pki/tls/certs/ca-bundle.crt",                   // older ones
    "/etc/ssl/ca-bundle.pem",                             // SUSE
    "/etc/ssl/cert.pem",
};

// libcurl wants it once, before all else; it is never undone, since other
// clients may live.
CURLcode StartCurl() {
  static const CURLcode kCode = curl_global_init(CURL_GLOBAL_DEFAULT);
  return kCode;
}

std::string PartOf(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  const absl::Cleanup free = [text] { curl_free(text); };
  return text;
}

// scheme://host[:port]/path of a URL that this client can fetch.
absl::StatusOr<std::string> NameOf(const std::string& text) {
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

// GET and HEAD have no effect, so libcurl may send them again when a kept
// connection was dead (RFC 9110 §9.2.2).
bool IsSafe(const HttpRequest& request) {
  return request.method == "GET" || request.method == "HEAD";
}

bool IsBrokenSetup(CURLcode code) {
  return code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CERTPROBLEM ||
         code == CURLE_SSL_ENGINE_INITFAILED;
}

// Ends before the first byte of the request.
bool IsBeforeRequest(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return true;
    default:
      return IsBrokenSetup(code);
  }
}

absl::StatusCode CodeOf(CURLcode code) {
  if (IsBrokenSetup(code)) return absl::StatusCode::kFailedPrecondition;
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return absl::StatusCode::kDeadlineExceeded;
  }
  if (code == CURLE_URL_MALFORMAT) return absl::StatusCode::kInvalidArgument;
  return absl::StatusCode::kUnavailable;
}

// At least one: 0 would be no limit.
long Milliseconds(absl::Duration duration) {
  const int64_t most = absl::ToInt64Milliseconds(absl::Hours(1));
  return static_cast<long>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, most));
}

using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

void Append(Headers& headers, const std::string& line) {
  headers.reset(curl_slist_append(headers.release(), line.c_str()));
}

Headers HeadersOf(const HttpRequest& request) {
  Headers headers(nullptr, curl_slist_free_all);
  // What libcurl would add by itself.
  Append(headers, "Expect:");
  Append(headers, "Content-Type:");
  for (const auto& [name, value] : request.headers) {
    // "Name;" is how libcurl takes an empty value.
    Append(headers, value.empty() ? absl::StrCat(name, ";")
                                  : absl::StrCat(name, ": ", value));
  }
  return headers;
}

// One request on its way.
struct Exchange {
  const HttpRequest& request;
  size_t max_body_bytes;
  size_t sent = 0;  // of the body
  size_t header_bytes = 0;
  bool too_long = false;
  HttpResponse response = {};

  // Begins a new response: what came before was 1xx.
  void TakeStatus() {
    response = {};
    header_bytes = 0;
  }

  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnSend(char* data, size_t size, size_t count, void* self);
};

size_t Exchange::OnHeader(char* data, size_t size, size_t count, void* self) {
  Exchange& exchange = *static_cast<Exchange*>(self);
  const absl::string_view line(data, size * count);
  if (absl::StartsWith(line, "HTTP/")) exchange.TakeStatus();
  exchange.header_bytes += line.size();
  if (exchange.header_bytes > kMaxHeaderBytes) {
    exchange.too_long = true;
    return 0;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return line.size();
  exchange.response.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
      std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  return line.size();
}

size_t Exchange::OnBody(char* data, size_t size, size_t count, void* self) {
  Exchange& exchange = *static_cast<Exchange*>(self);
  const size_t bytes = size * count;
  if (bytes > exchange.max_body_bytes - exchange.response.body.size()) {
    exchange.too_long = true;
    return 0;
  }
  exchange.response.body.append(data, bytes);
  return bytes;
}

size_t Exchange::OnSend(char* data, size_t size, size_t count, void* self) {
  Exchange& exchange = *static_cast<Exchange*>(self);
  const absl::string_view rest =
      absl::string_view(exchange.request.body).substr(exchange.sent);
  const size_t bytes = std::min(rest.size(), size * count);
  std::memcpy(data, rest.data(), bytes);
  exchange.sent += bytes;
  return bytes;
}

// Sets options of one request and remembers the first that wasn't taken.
class Setup {
 public:
  explicit Setup(CURL* curl) : curl_(curl) {}

  template <typename Option>
  Setup& Set(CURLoption name, Option value) {
    if (code_ == CURLE_OK) code_ = curl_easy_setopt(curl_, name, value);
    return *this;
  }
  CURLcode code() const { return code_; }

 private:
  CURL* const curl_;
  CURLcode code_ = CURLE_OK;
};

}  // namespace

struct HttpClient::State {
  HttpOptions options;
  CURL* curl = nullptr;

  CURLcode Prepare(Exchange& exchange, curl_slist* headers);
  void SetTrust(Setup& setup) const;
  void SetBody(Setup& setup, Exchange& exchange) const;
  absl::Status ErrorOf(CURLcode code, const Exchange& exchange,
                       absl::string_view detail) const;
  bool NothingSent(CURLcode code) const;
};

void HttpClient::State::SetTrust(Setup& setup) const {
  setup.Set(CURLOPT_SSL_VERIFYPEER, 1L)
      .Set(CURLOPT_SSL_VERIFYHOST, 2L)
      .Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  // Without any file, nobody is trusted.
  const std::string bundle =
      options.ca_bundle.empty() ? DefaultCaBundle() : options.ca_bundle;
  setup.Set(CURLOPT_CAINFO, bundle.empty() ? "/dev/null" : bundle.c_str())
      .Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  if (!options.certificate.empty()) {
    setup.Set(CURLOPT_SSLCERT, options.certificate.c_str());
  }
  // Without it the certificate's file has the key.
  if (!options.key.empty()) setup.Set(CURLOPT_SSLKEY, options.key.c_str());
}

// When a kept connection dies before the answer, libcurl sends the request
// again, although the server may have worked on it. It can't when it would have
// to rewind a body that is read from a callback, and has no reason to on a
// fresh connection.
void HttpClient::State::SetBody(Setup& setup, Exchange& exchange) const {
  const HttpRequest& request = exchange.request;
  if (request.method == "HEAD") setup.Set(CURLOPT_NOBODY, 1L);
  if (IsSafe(request) && request.body.empty()) {
    setup.Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    return;
  }
  setup.Set(CURLOPT_POST, 1L)
      .Set(CURLOPT_CUSTOMREQUEST, request.method.c_str())
      .Set(CURLOPT_POSTFIELDSIZE_LARGE,
           static_cast<curl_off_t>(request.body.size()))
      .Set(CURLOPT_READFUNCTION, &Exchange::OnSend)
      .Set(CURLOPT_READDATA, static_cast<void*>(&exchange))
      .Set(CURLOPT_FRESH_CONNECT, request.body.empty() ? 1L : 0L);
}

CURLcode HttpClient::State::Prepare(Exchange& exchange, curl_slist* headers) {
  // Not there when libcurl is built without proxies; then it needs no refusal.
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  Setup setup(curl);
  setup.Set(CURLOPT_URL, exchange.request.url.c_str())
      .Set(CURLOPT_PROTOCOLS_STR, "http,https")
      .Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1))
      .Set(CURLOPT_NOSIGNAL, 1L)
      .Set(CURLOPT_FOLLOWLOCATION, 0L)
      .Set(CURLOPT_HTTPHEADER, headers)
      .Set(CURLOPT_USERAGENT, options.user_agent.c_str())
      .Set(CURLOPT_TIMEOUT_MS, Milliseconds(exchange.request.timeout))
      .Set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options.connect_timeout))
      .Set(CURLOPT_MAXAGE_CONN, absl::ToInt64Seconds(kMaxIdle))
      .Set(CURLOPT_HEADERFUNCTION, &Exchange::OnHeader)
      .Set(CURLOPT_HEADERDATA, static_cast<void*>(&exchange))
      .Set(CURLOPT_WRITEFUNCTION, &Exchange::OnBody)
      .Set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  SetTrust(setup);
  SetBody(setup, exchange);
  return setup.code();
}

bool HttpClient::State::NothingSent(CURLcode code) const {
  if (IsBeforeRequest(code)) return true;
  long bytes = 0;
  curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &bytes);
  // A time-out while connecting.
  return code == CURLE_OPERATION_TIMEDOUT && bytes == 0;
}

absl::Status HttpClient::State::ErrorOf(CURLcode code, const Exchange& exchange,
                                        absl::string_view detail) const {
  if (exchange.too_long) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the answer is longer than ", exchange.max_body_bytes, " bytes"));
  }
  absl::Status status(CodeOf(code),
                      detail.empty() ? curl_easy_strerror(code) : detail);
  return NothingSent(code) ? MarkNotSent(std::move(status)) : status;
}

HttpClient::HttpClient(HttpOptions options)
    : state_(std::make_unique<State>(State{std::move(options)})) {
  if (StartCurl() == CURLE_OK) state_->curl = curl_easy_init();
}

HttpClient::~HttpClient() { curl_easy_cleanup(state_->curl); }

absl::StatusOr<HttpResponse> HttpClient::Do(const HttpRequest& request) {
  const absl::StatusOr<std::string> name = NameOf(request.url);
  if (!name.ok()) return MarkNotSent(name.status());
  const std::string what = absl::StrCat(request.method, " ", *name);
  if (const absl::Status status = CheckHeaders(request); !status.ok()) {
    return MarkNotSent(Annotate(status, *name));
  }
  if (state_->curl == nullptr) {
    return MarkNotSent(absl::InternalError(what + ": libcurl doesn't start"));
  }
  curl_easy_reset(state_->curl);  // keeps the connections
  Exchange exchange{request, state_->options.max_body_bytes};
  std::array<char, CURL_ERROR_SIZE> detail = {};
  curl_easy_setopt(state_->curl, CURLOPT_ERRORBUFFER, detail.data());
  const absl::Cleanup forget = [this] { curl_easy_reset(state_->curl); };
  const Headers headers = HeadersOf(request);
  CURLcode code = state_->Prepare(exchange, headers.get());
  if (code == CURLE_OK) code = curl_easy_perform(state_->curl);
  if (code != CURLE_OK) {
    return Annotate(state_->ErrorOf(code, exchange, detail.data()), what);
  }
  long status = 0;
  curl_easy_getinfo(state_->curl, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

absl::string_view HttpResponse::Header(absl::string_view name) const {
  const auto it = headers.find(std::string(name));
  return it == headers.end() ? absl::string_view() : it->second;
}

absl::Status MarkNotSent(absl::Status status) {
  status.SetPayload(kNotSentPayload, absl::Cord());
  return status;
}

bool WasNotSent(const absl::Status& status) {
  return status.GetPayload(kNotSentPayload).has_value();
}

std::string DefaultCaBundle() {
  for (const char* path : kCaBundles) {
    if (access(path, R_OK) == 0) return path;
  }
  return "";
}

std::string PercentEncode(absl::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (absl::ascii_isalnum(c) ||
        absl::string_view("-._~").find(c) != absl::string_view::npos) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
  }
  return encoded;
}

}  // namespace base
