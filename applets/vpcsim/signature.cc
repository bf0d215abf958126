#include "applets/vpcsim/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace applets::vpcsim {

std::string Sign(absl::string_view signed_text, absl::string_view private_key) {
  const std::string text = absl::StrCat(signed_text, private_key);
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  CHECK_EQ(EVP_Digest(text.data(), text.size(),
                      reinterpret_cast<unsigned char*>(digest.data()), &size,
                      EVP_sha1(), nullptr),
           1);
  return absl::BytesToHexString(absl::string_view(digest).substr(0, size));
}

bool IsSameSignature(absl::string_view a, absl::string_view b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace applets::vpcsim
