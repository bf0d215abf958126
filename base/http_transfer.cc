#include "base/http_transfer.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/http_name.h"
#include "base/status.h"

namespace base {
namespace {

using SteadyClock = std::chrono::steady_clock;

// Servers close what is idle; so do we, and earlier than most.
constexpr absl::Duration kMaxIdle = absl::Seconds(30);
// A peer that has gone without a word is found out about by TCP.
constexpr absl::Duration kKeepAlive = absl::Seconds(15);
constexpr size_t kMaxHeaderBytes = size_t{64} << 10;
// Nothing waits longer without a look around.
constexpr absl::Duration kMaxPoll = absl::Seconds(10);

// libcurl wants it once, before all else; it is never undone, since other
// clients may live.
CURLcode StartCurl() {
  static const CURLcode kCode = curl_global_init(CURL_GLOBAL_DEFAULT);
  return kCode;
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

// PEM text that lives as long as the handle uses it.
curl_blob BlobOf(const std::string& pem) {
  return {.data = const_cast<char*>(pem.data()),  // it is only read
          .len = pem.size(),
          .flags = CURL_BLOB_NOCOPY};
}

curl_slist* ListOf(const HttpRequest& request) {
  // What libcurl would add by itself.
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  list = curl_slist_append(list, "Content-Type:");
  for (const auto& [name, value] : request.headers) {
    // "Name;" is how libcurl takes an empty value.
    const std::string line = value.empty() ? absl::StrCat(name, ";")
                                           : absl::StrCat(name, ": ", value);
    list = curl_slist_append(list, line.c_str());
  }
  return list;
}

}  // namespace

// Sets options of one request and remembers the first that wasn't taken.
class HttpTransfer::Setup {
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

HttpTransfer::HttpTransfer(HttpOptions options)
    : options_(std::move(options)), headers_(nullptr, curl_slist_free_all) {
  if (StartCurl() != CURLE_OK) return;
  multi_ = curl_multi_init();
  curl_ = curl_easy_init();
}

HttpTransfer::~HttpTransfer() {
  End();
  curl_easy_cleanup(curl_);
  curl_multi_cleanup(multi_);
}

void HttpTransfer::End() {
  if (begun_) curl_multi_remove_handle(multi_, curl_);
  begun_ = false;
  over_ = false;
  if (curl_ != nullptr) curl_easy_reset(curl_);
  request_ = {};
  headers_.reset();
  body_.clear();
}

absl::Status HttpTransfer::Begin(HttpRequest request) {
  End();
  absl::StatusOr<std::string> name = NameOf(request);
  if (!name.ok()) return MarkNotSent(name.status());
  name_ = *std::move(name);
  if (curl_ == nullptr || multi_ == nullptr) {
    return MarkNotSent(absl::InternalError(name_ + ": libcurl doesn't start"));
  }
  request_ = std::move(request);
  headers_.reset(ListOf(request_));
  sent_ = 0;
  header_bytes_ = 0;
  head_is_long_ = false;
  has_head_ = false;
  head_ = {};
  detail_.front() = '\0';
  code_ = Prepare();
  if (code_ != CURLE_OK) return Annotated(ErrorOf(code_));
  curl_multi_add_handle(multi_, curl_);
  begun_ = true;
  return absl::OkStatus();
}

CURLcode HttpTransfer::Prepare() {
  curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, detail_.data());
  // Not there when libcurl is built without proxies; then it needs no refusal.
  curl_easy_setopt(curl_, CURLOPT_PROXY, "");
  Setup setup(curl_);
  setup.Set(CURLOPT_URL, request_.url.c_str())
      .Set(CURLOPT_PROTOCOLS_STR, "http,https")
      .Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1))
      .Set(CURLOPT_NOSIGNAL, 1L)
      .Set(CURLOPT_FOLLOWLOCATION, 0L)
      .Set(CURLOPT_HTTPHEADER, headers_.get())
      .Set(CURLOPT_USERAGENT, options_.user_agent.c_str())
      .Set(CURLOPT_TIMEOUT_MS, Milliseconds(request_.timeout))
      .Set(CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(options_.connect_timeout))
      .Set(CURLOPT_TCP_KEEPALIVE, 1L)
      .Set(CURLOPT_TCP_KEEPIDLE, absl::ToInt64Seconds(kKeepAlive))
      .Set(CURLOPT_TCP_KEEPINTVL, absl::ToInt64Seconds(kKeepAlive))
      .Set(CURLOPT_MAXAGE_CONN, absl::ToInt64Seconds(kMaxIdle))
      .Set(CURLOPT_HEADERFUNCTION, &HttpTransfer::OnHeader)
      .Set(CURLOPT_HEADERDATA, static_cast<void*>(this))
      .Set(CURLOPT_WRITEFUNCTION, &HttpTransfer::OnBody)
      .Set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  SetTrust(setup);
  SetIdentity(setup);
  SetBody(setup);
  return setup.code();
}

void HttpTransfer::SetTrust(Setup& setup) const {
  const long verified = options_.skip_verification ? 0L : 1L;
  setup.Set(CURLOPT_SSL_VERIFYPEER, verified)
      .Set(CURLOPT_SSL_VERIFYHOST, 2L * verified)
      .Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2))
      .Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  if (!options_.ca_pem.empty()) {
    const curl_blob blob = BlobOf(options_.ca_pem);
    setup.Set(CURLOPT_CAINFO_BLOB, &blob);
    return;
  }
  // Without any file, nobody is trusted.
  const std::string bundle =
      options_.ca_bundle.empty() ? DefaultCaBundle() : options_.ca_bundle;
  setup.Set(CURLOPT_CAINFO, bundle.empty() ? "/dev/null" : bundle.c_str());
}

void HttpTransfer::SetIdentity(Setup& setup) const {
  if (!options_.certificate_pem.empty()) {
    const curl_blob blob = BlobOf(options_.certificate_pem);
    setup.Set(CURLOPT_SSLCERT_BLOB, &blob);
  } else if (!options_.certificate.empty()) {
    setup.Set(CURLOPT_SSLCERT, options_.certificate.c_str());
  }
  // Without a key, that of the certificate's file is used.
  if (!options_.key_pem.empty()) {
    const curl_blob blob = BlobOf(options_.key_pem);
    setup.Set(CURLOPT_SSLKEY_BLOB, &blob);
  } else if (!options_.key.empty()) {
    setup.Set(CURLOPT_SSLKEY, options_.key.c_str());
  }
}

// When a kept connection dies before the answer, libcurl sends the request
// again, although the server may have worked on it. It can't when it would have
// to rewind a body that is read from a callback, and has no reason to on a
// fresh connection.
void HttpTransfer::SetBody(Setup& setup) {
  if (request_.method == "HEAD") setup.Set(CURLOPT_NOBODY, 1L);
  if (IsSafe(request_) && request_.body.empty()) {
    setup.Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    return;
  }
  setup.Set(CURLOPT_POST, 1L)
      .Set(CURLOPT_CUSTOMREQUEST, request_.method.c_str())
      .Set(CURLOPT_POSTFIELDSIZE_LARGE,
           static_cast<curl_off_t>(request_.body.size()))
      .Set(CURLOPT_READFUNCTION, &HttpTransfer::OnSend)
      .Set(CURLOPT_READDATA, static_cast<void*>(this))
      .Set(CURLOPT_FRESH_CONNECT, request_.body.empty() ? 1L : 0L);
}

void HttpTransfer::TakeHeader(absl::string_view line) {
  if (absl::StartsWith(line, "HTTP/")) {
    // A new answer: what came before was 1xx.
    head_ = {};
    header_bytes_ = 0;
  }
  header_bytes_ += line.size();
  head_is_long_ = header_bytes_ > kMaxHeaderBytes;
  const absl::string_view text = absl::StripAsciiWhitespace(line);
  if (text.empty()) {
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    head_.status = static_cast<int>(status);
    has_head_ = status >= 200;
  }
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return;
  head_.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
      std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
}

size_t HttpTransfer::OnHeader(char* data, size_t size, size_t count,
                              void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  transfer.TakeHeader(absl::string_view(data, size * count));
  return transfer.head_is_long_ ? 0 : size * count;
}

size_t HttpTransfer::OnBody(char* data, size_t size, size_t count, void* self) {
  static_cast<HttpTransfer*>(self)->body_.append(data, size * count);
  return size * count;
}

size_t HttpTransfer::OnSend(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const absl::string_view rest =
      absl::string_view(transfer.request_.body).substr(transfer.sent_);
  const size_t bytes = std::min(rest.size(), size * count);
  std::memcpy(data, rest.data(), bytes);
  transfer.sent_ += bytes;
  return bytes;
}

absl::StatusOr<HttpResponse> HttpTransfer::Head() {
  RETURN_IF_ERROR(
      WaitUntil([this] { return has_head_; }, request_.head_timeout));
  return head_;
}

absl::StatusOr<std::string> HttpTransfer::Read() {
  RETURN_IF_ERROR(
      WaitUntil([this] { return !body_.empty(); }, request_.idle_timeout));
  return std::exchange(body_, {});
}

// Until it is there, or all is over.
absl::Status HttpTransfer::WaitUntil(const std::function<bool()>& there,
                                     absl::Duration longest) {
  const auto began = SteadyClock::now();
  while (!there()) {
    if (stopped_) return Annotated(absl::CancelledError("stopped"));
    if (over_ || !begun_) return CheckEnd();
    RETURN_IF_ERROR(Work());
    if (over_ || there()) continue;
    const absl::Duration left =
        longest - absl::FromChrono(SteadyClock::now() - began);
    if (left <= absl::ZeroDuration()) {
      return Annotated(absl::DeadlineExceededError(
          absl::StrCat("nothing came for ", absl::FormatDuration(longest))));
    }
    const long wait = Milliseconds(std::min(left, kMaxPoll));
    curl_multi_poll(multi_, nullptr, 0, static_cast<int>(wait), nullptr);
  }
  return absl::OkStatus();
}

absl::Status HttpTransfer::Work() {
  int running = 0;
  const CURLMcode code = curl_multi_perform(multi_, &running);
  if (code != CURLM_OK) {
    return Annotated(absl::InternalError(curl_multi_strerror(code)));
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    over_ = true;
    code_ = message->data.result;
  }
  return absl::OkStatus();
}

absl::Status HttpTransfer::CheckEnd() const {
  if (!begun_) return absl::FailedPreconditionError("no request is under way");
  return code_ == CURLE_OK ? absl::OkStatus() : Annotated(ErrorOf(code_));
}

absl::Status HttpTransfer::Annotated(const absl::Status& status) const {
  return Annotate(status, name_);
}

bool HttpTransfer::NothingSent(CURLcode code) const {
  if (IsBeforeRequest(code)) return true;
  long bytes = 0;
  curl_easy_getinfo(curl_, CURLINFO_REQUEST_SIZE, &bytes);
  // A time-out while connecting.
  return code == CURLE_OPERATION_TIMEDOUT && bytes == 0;
}

absl::Status HttpTransfer::ErrorOf(CURLcode code) const {
  if (head_is_long_) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the answer's head is longer than ", kMaxHeaderBytes, " bytes"));
  }
  const absl::string_view detail = detail_.data();
  absl::Status status(CodeOf(code),
                      detail.empty() ? curl_easy_strerror(code) : detail);
  return NothingSent(code) ? MarkNotSent(std::move(status)) : status;
}

void HttpTransfer::Stop() {
  stopped_ = true;
  if (multi_ != nullptr) curl_multi_wakeup(multi_);
}

}  // namespace base
