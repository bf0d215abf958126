#include "vpc/ucloud/metadata_service.h"

#include <memory>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "vpc/ucloud/credentials_document.h"

namespace vpc::ucloud {
namespace {

constexpr char kIdentityPath[] = "/meta-data/v1.json";
constexpr char kKeysV1Path[] = "/meta-data/v1/uam/security-credentials/";
constexpr char kKeysV2Path[] = "/meta-data/v2/iam/security-credentials/";
// Far more than an identity with all its interfaces takes.
constexpr size_t kMaxBody = 1 << 20;
constexpr char kProbePath[] = "/meta-data/latest/region";

absl::Status FromHttp(absl::string_view url, int status) {
  const std::string text = absl::StrCat(url, ": HTTP ", status);
  if (status == 404) return absl::NotFoundError(text);
  if (status >= 500 || status == 429) return absl::UnavailableError(text);
  return absl::FailedPreconditionError(text);
}

}  // namespace

absl::Duration PauseAfter(int attempt, const MetadataOptions& options,
                          absl::BitGenRef random) {
  absl::Duration pause = options.pause;
  for (int i = 0; i < attempt; ++i) pause *= 2;
  return pause * absl::Uniform(random, 0.5, 1.0);
}

MetadataService::Means MetadataService::RealMeans() {
  // One connection is enough: this is asked at the start, and for new keys.
  struct Client {
    std::mutex mutex;
    base::HttpClient http{{.max_body_bytes = kMaxBody}};
  };
  return {.fetch =
              [client = std::make_shared<Client>()](
                  const base::HttpRequest& request) {
                const std::lock_guard<std::mutex> lock(client->mutex);
                return client->http.Do(request);
              },
          .sleep = absl::SleepFor};
}

MetadataService::MetadataService(MetadataOptions options, Means means,
                                 absl::BitGenRef random)
    : options_(std::move(options)), means_(std::move(means)), random_(random) {}

base::HttpRequest MetadataService::RequestOf(absl::string_view path) const {
  base::HttpRequest request;
  request.method = "GET";
  request.url = absl::StrCat(options_.base_url, path);
  request.timeout = options_.timeout;
  return request;
}

absl::StatusOr<std::string> MetadataService::AskOnce(
    const base::HttpRequest& request) {
  absl::StatusOr<base::HttpResponse> response = means_.fetch(request);
  if (absl::IsDeadlineExceeded(response.status())) {
    return absl::UnavailableError(response.status().message());
  }
  if (!response.ok()) return response.status();
  if (response->status != 200) return FromHttp(request.url, response->status);
  return std::move(response->body);
}

absl::StatusOr<std::string> MetadataService::Ask(
    const base::HttpRequest& request) {
  for (int attempt = 0;; ++attempt) {
    absl::StatusOr<std::string> body = AskOnce(request);
    const bool again =
        absl::IsUnavailable(body.status()) && attempt + 1 < options_.attempts;
    if (!again) return body;
    absl::Duration pause;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      pause = PauseAfter(attempt, options_, random_);
    }
    means_.sleep(pause);
  }
}

bool MetadataService::IsThere() {
  base::HttpRequest request = RequestOf(kProbePath);
  request.timeout = options_.probe_timeout;
  const absl::StatusOr<std::string> region = AskOnce(request);
  return region.ok() && !absl::StripAsciiWhitespace(*region).empty();
}

absl::StatusOr<Identity> MetadataService::GetIdentity() {
  ASSIGN_OR_RETURN(const std::string document, Ask(RequestOf(kIdentityPath)));
  absl::StatusOr<Identity> identity = ParseIdentity(document);
  if (!identity.ok()) return base::Annotate(identity.status(), kIdentityPath);
  return identity;
}

absl::StatusOr<std::string> MetadataService::Value(absl::string_view path) {
  ASSIGN_OR_RETURN(const std::string value, Ask(RequestOf(path)));
  return std::string(absl::StripAsciiWhitespace(value));
}

absl::StatusOr<Keys> MetadataService::RoleKeysV1(absl::string_view role) {
  const base::HttpRequest request = RequestOf(absl::StrCat(kKeysV1Path, role));
  ASSIGN_OR_RETURN(const std::string document, Ask(request));
  absl::StatusOr<Keys> keys = ParseKeysV1(document);
  if (!keys.ok()) return base::Annotate(keys.status(), request.url);
  return keys;
}

absl::StatusOr<Keys> MetadataService::RoleKeysV2(absl::string_view role) {
  base::HttpRequest request = RequestOf(absl::StrCat(kKeysV2Path, role));
  const int64_t life_seconds = absl::ToInt64Seconds(options_.key_life);
  request.headers = {{"Duration-Seconds", absl::StrCat(life_seconds)},
                     {"Session-Name", options_.session_name}};
  ASSIGN_OR_RETURN(const std::string document, Ask(request));
  absl::StatusOr<Keys> keys = ParseKeysV2(document);
  if (!keys.ok()) return base::Annotate(keys.status(), request.url);
  return keys;
}

absl::StatusOr<Keys> MetadataService::RoleKeys(absl::string_view role) {
  absl::StatusOr<Keys> keys = RoleKeysV2(role);
  if (keys.ok()) return keys;
  const absl::Status newer = keys.status();
  keys = RoleKeysV1(role);
  // Where there is no v2, what v1 says is all there is to know.
  if (keys.ok() || absl::IsNotFound(newer)) return keys;
  const absl::Status& older = keys.status();
  const absl::StatusCode code =
      absl::IsNotFound(older) ? newer.code() : older.code();
  return absl::Status(code,
                      absl::StrCat(newer.message(), "; ", older.message()));
}

}  // namespace vpc::ucloud
