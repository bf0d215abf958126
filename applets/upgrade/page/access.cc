#include "applets/upgrade/page/access.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace applets::upgrade::page {
namespace {

std::string HexOf(const unsigned char* bytes, size_t size) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes), size));
}

}  // namespace

Access::Digest Access::DigestOf(absl::string_view text) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest.data());
  return digest;
}

Access::Access(absl::string_view token) : token_(DigestOf(token)) {}

bool Access::IsToken(absl::string_view token) const {
  const Digest given = DigestOf(token);
  return CRYPTO_memcmp(given.data(), token_.data(), given.size()) == 0;
}

std::string Access::Open(const Random& random, absl::Time now) {
  std::erase_if(sessions_,
                [&](const auto& entry) { return entry.second.until <= now; });
  if (sessions_.size() >= kMaxSessions) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](const auto& a, const auto& b) {
                                       return a.second.until < b.second.until;
                                     }));
  }
  const size_t half = random.size() / 2;
  std::string cookie = HexOf(random.data(), half);
  sessions_[DigestOf(cookie)] = {.csrf = HexOf(random.data() + half, half),
                                 .until = now + kSessionTime};
  return cookie;
}

const Session* Access::Find(absl::string_view cookie, absl::Time now) const {
  const auto session = sessions_.find(DigestOf(cookie));
  if (session == sessions_.end() || session->second.until <= now) {
    return nullptr;
  }
  return &session->second;
}

void Access::Close(absl::string_view cookie) {
  sessions_.erase(DigestOf(cookie));
}

absl::StatusOr<std::string> Access::TokenOf(absl::string_view file) {
  const absl::string_view token =
      absl::StripAsciiWhitespace(file.substr(0, file.find('\n')));
  if (token.size() >= kMinTokenBytes) return std::string(token);
  return absl::InvalidArgumentError(
      absl::StrCat("a token has ", kMinTokenBytes, " characters at least"));
}

std::string Access::TokenOf(const Random& random) {
  return HexOf(random.data(), random.size());
}

bool AreSame(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace applets::upgrade::page
