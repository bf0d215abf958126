#include "vpc/ucloud/credentials_document.h"

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"

namespace vpc::ucloud {
namespace {

// In seconds: 9999-12-31T23:59:59Z. What is later is no time but a mistake.
constexpr int64_t kLastSecond = 253402300799;
// Of a refusal's reason, so much goes into the error.
constexpr size_t kMaxReason = 200;

// The member "Data" of an answer that is no refusal.
absl::StatusOr<base::Json> DataOf(const base::Json& answer) {
  RETURN_IF_ERROR(answer.MustBeObject());
  ASSIGN_OR_RETURN(const int64_t code, answer.Int("RetCode", 0));
  if (code == 0) return answer.Get("Data");
  // A refusal carries no keys, so that its reason may be quoted; whatever has
  // both isn't trusted that far.
  std::string reason;
  if (!answer.Find("Data")) {
    ASSIGN_OR_RETURN(reason, answer.String("Message", ""));
    if (!reason.empty()) reason = ": " + reason.substr(0, kMaxReason);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("no temporary keys: RetCode ", code, reason));
}

absl::StatusOr<std::string> Secret(const base::Json& data,
                                   absl::string_view key) {
  ASSIGN_OR_RETURN(const base::Json member, data.Get(key));
  ASSIGN_OR_RETURN(std::string value, member.AsString());
  if (value.empty()) return member.Error("empty");
  return value;
}

absl::StatusOr<absl::Time> UnixSeconds(const base::Json& expiration) {
  ASSIGN_OR_RETURN(const int64_t seconds, expiration.AsInt());
  if (seconds <= 0 || seconds > kLastSecond) {
    return expiration.Error("not a time in seconds since 1970");
  }
  return absl::FromUnixSeconds(seconds);
}

absl::StatusOr<absl::Time> Rfc3339(const base::Json& expiration) {
  ASSIGN_OR_RETURN(const std::string text, expiration.AsString());
  absl::Time time;
  std::string unused;
  // ParseTime also takes "infinite-future", which no key lasts for.
  const bool parsed = absl::ParseTime(absl::RFC3339_full, text, &time, &unused);
  if (!parsed || time <= absl::UnixEpoch() ||
      time > absl::FromUnixSeconds(kLastSecond)) {
    return expiration.Error("not an RFC 3339 time");
  }
  return time;
}

// What the two versions call the halves of the pair.
struct Names {
  absl::string_view public_key;
  absl::string_view private_key;
};

absl::StatusOr<Keys> PairOf(const base::Json& data, const Names& names) {
  Keys keys;
  ASSIGN_OR_RETURN(keys.public_key, Secret(data, names.public_key));
  ASSIGN_OR_RETURN(keys.private_key, Secret(data, names.private_key));
  ASSIGN_OR_RETURN(keys.security_token, Secret(data, "SecurityToken"));
  ASSIGN_OR_RETURN(keys.project_id, data.String("ProjectID", ""));
  return keys;
}

}  // namespace

absl::StatusOr<Keys> ParseKeysV1(absl::string_view document) {
  ASSIGN_OR_RETURN(const base::Json answer, base::Json::Parse(document));
  ASSIGN_OR_RETURN(const base::Json data, DataOf(answer));
  ASSIGN_OR_RETURN(Keys keys, PairOf(data, {"PublicKey", "PrivateKey"}));
  ASSIGN_OR_RETURN(const base::Json expiration, data.Get("Expiration"));
  ASSIGN_OR_RETURN(keys.expires, UnixSeconds(expiration));
  return keys;
}

absl::StatusOr<Keys> ParseKeysV2(absl::string_view document) {
  ASSIGN_OR_RETURN(const base::Json answer, base::Json::Parse(document));
  ASSIGN_OR_RETURN(const base::Json data, DataOf(answer));
  ASSIGN_OR_RETURN(Keys keys, PairOf(data, {"AccessKeyId", "AccessKeySecret"}));
  ASSIGN_OR_RETURN(const base::Json expiration, data.Get("Expiration"));
  ASSIGN_OR_RETURN(keys.expires, Rfc3339(expiration));
  return keys;
}

}  // namespace vpc::ucloud
