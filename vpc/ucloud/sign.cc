#include "vpc/ucloud/sign.h"

#include <openssl/sha.h>

#include <array>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace vpc::ucloud {
namespace {

constexpr absl::string_view kSignature = "Signature";

std::string Sha1(absl::string_view text) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest = {};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       digest.data());
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(digest.data()), digest.size()));
}

}  // namespace

std::string SigningText(const Params& params, Encoding encoding) {
  std::string text;
  if (encoding == Encoding::kJson) {
    for (const auto& [name, value] : params) {
      if (name != kSignature) absl::StrAppend(&text, name, value.Text());
    }
    return text;
  }
  for (const auto& [name, value] : FormFields(params)) {
    if (name != kSignature) absl::StrAppend(&text, name, value);
  }
  return text;
}

std::string Sign(const Params& params, Encoding encoding,
                 absl::string_view private_key) {
  return Sha1(absl::StrCat(SigningText(params, encoding), private_key));
}

}  // namespace vpc::ucloud
