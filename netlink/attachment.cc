#include "netlink/attachment.h"

// The one-shot EVP functions would initialise all of libcrypto, which costs the
// plugin more than its own start; these three don't.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "netlink/link.h"

namespace netlink {
namespace {

constexpr size_t kHostDigits = 11;
constexpr absl::string_view kAliasPrefix = "cnivpc:";

std::string Sha1(absl::string_view text) {
  SHA_CTX context;
  std::string digest(SHA_DIGEST_LENGTH, '\0');
  SHA1_Init(&context);
  SHA1_Update(&context, text.data(), text.size());
  SHA1_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
  return digest;
}

std::string Sha1Hex(absl::string_view text) {
  return absl::BytesToHexString(Sha1(text));
}

base::Mac MacOf(absl::string_view text) {
  uint64_t bits = 0;
  for (const char c : Sha1(text).substr(0, sizeof(bits))) {
    bits = bits << 8 | static_cast<unsigned char>(c);
  }
  return base::Mac::LocallyAdministered(bits);
}

std::string HostIfnameOf(absl::string_view text) {
  return absl::StrCat(kHostIfnamePrefix, Sha1Hex(text).substr(0, kHostDigits));
}

}  // namespace

std::string HostIfname(absl::string_view pod_namespace,
                       absl::string_view pod_name) {
  return HostIfnameOf(absl::StrCat(pod_namespace, ".", pod_name));
}

std::string HostIfnameWithoutPod(absl::string_view container_id,
                                 absl::string_view ifname) {
  return HostIfnameOf(absl::StrCat(container_id, ".", ifname));
}

bool IsHostIfname(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, kHostIfnamePrefix)) return false;
  return name.size() == kHostDigits &&
         name.find_first_not_of("0123456789abcdef") == absl::string_view::npos;
}

std::string AttachmentAlias(absl::string_view container_id,
                            absl::string_view ifname) {
  const size_t size =
      kAliasPrefix.size() + container_id.size() + 1 + ifname.size();
  if (size <= kMaxAliasBytes) {
    return absl::StrCat(kAliasPrefix, container_id, "/", ifname);
  }
  return absl::StrCat(kAliasPrefix, "#", Sha1Hex(container_id), "/", ifname);
}

base::Mac PodMac(absl::string_view alias) {
  return MacOf(absl::StrCat(alias, " pod"));
}

base::Mac HostMac(absl::string_view alias) {
  return MacOf(absl::StrCat(alias, " host"));
}

std::optional<AliasedAttachment> ParseAttachmentAlias(absl::string_view alias) {
  if (!absl::ConsumePrefix(&alias, kAliasPrefix)) return std::nullopt;
  const size_t slash = alias.find('/');
  if (slash == absl::string_view::npos || slash == 0) return std::nullopt;
  const absl::string_view ifname = alias.substr(slash + 1);
  if (ifname.empty() || ifname.size() > kMaxIfnameBytes) return std::nullopt;
  if (absl::StrContains(ifname, '/')) return std::nullopt;
  return AliasedAttachment{std::string(alias.substr(0, slash)),
                           std::string(ifname)};
}

}  // namespace netlink
