#include "applets/rpc/peer_access.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

constexpr size_t kMinTokenBytes = 16;
constexpr size_t kMaxTokenBytes = 4096;
constexpr size_t kMaxTokenFileBytes = size_t{64} << 10;

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest DigestOf(absl::string_view text) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         digest.data());
  return digest;
}

bool IsGoodToken(absl::string_view token) {
  return token.size() >= kMinTokenBytes && token.size() <= kMaxTokenBytes &&
         std::all_of(token.begin(), token.end(), absl::ascii_isgraph);
}

}  // namespace

absl::Status Validate(const PeerAccess& access) {
  const int files = static_cast<int>(!access.certificate.empty()) +
                    static_cast<int>(!access.key.empty()) +
                    static_cast<int>(!access.ca.empty());
  if (files != 0 && files != 3) {
    return absl::InvalidArgumentError(
        "--peer-cert, --peer-key and --peer-ca belong together: give all three "
        "or none");
  }
  if (files != 0 && !access.token_file.empty()) {
    return absl::InvalidArgumentError(
        "--peer-token-file and --peer-cert: nodes know each other by a token "
        "or by certificates, not by both");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ReadTokens(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text,
                   base::ReadFile(path, kMaxTokenFileBytes));
  std::vector<std::string> tokens;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    // The line itself isn't quoted: it is a secret.
    if (!IsGoodToken(line)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": a token has ", kMinTokenBytes, " to ",
                       kMaxTokenBytes, " printable characters without spaces"));
    }
    tokens.emplace_back(line);
  }
  if (tokens.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no token in it"));
  }
  return tokens;
}

bool ShowsToken(absl::string_view authorization,
                const std::vector<std::string>& tokens) {
  if (!absl::ConsumePrefix(&authorization, "Bearer ")) return false;
  const Digest shown = DigestOf(authorization);
  bool found = false;
  for (const std::string& token : tokens) {
    const Digest digest = DigestOf(token);
    found |= CRYPTO_memcmp(shown.data(), digest.data(), digest.size()) == 0;
  }
  return found;
}

std::string StampOf(const std::vector<std::string>& paths) {
  std::string stamp;
  for (const std::string& path : paths) {
    struct stat file = {};
    if (stat(path.c_str(), &file) != 0) {
      absl::StrAppend(&stamp, "none;");
      continue;
    }
    absl::StrAppend(&stamp, file.st_dev, " ", file.st_ino, " ", file.st_size,
                    " ", file.st_mtim.tv_sec, ".", file.st_mtim.tv_nsec, ";");
  }
  return stamp;
}

}  // namespace applets::rpc
