#include "applets/rpc/peer_certificates.h"

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "applets/rpc/openssl.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

constexpr size_t kMaxPemBytes = size_t{64} << 10;
constexpr int kDayHours = 24;
constexpr absl::Duration kAuthorityLife = absl::Hours(3650 * kDayHours);
constexpr absl::Duration kNodeLife = absl::Hours(365 * kDayHours);
// Nodes' clocks differ.
constexpr absl::Duration kSkew = absl::Hours(1);
constexpr char kAuthorityName[] = "cnivpc nodes";

// An extension by OpenSSL's short name for it, x509v3_config(5).
struct Extension {
  int nid;
  std::string value;
};

absl::StatusOr<std::string> PemOf(const std::function<int(BIO*)>& write) {
  const Owned<BIO> bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || write(bio.get()) != 1) return OpensslError("PEM");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(size));
}

absl::StatusOr<KeyPair> Written(X509* certificate, EVP_PKEY* key) {
  KeyPair pair;
  ASSIGN_OR_RETURN(pair.certificate, PemOf([&](BIO* bio) {
                     return PEM_write_bio_X509(bio, certificate);
                   }));
  ASSIGN_OR_RETURN(pair.key, PemOf([&](BIO* bio) {
                     return PEM_write_bio_PKCS8PrivateKey(
                         bio, key, nullptr, nullptr, 0, nullptr, nullptr);
                   }));
  return pair;
}

Owned<BIO> Reading(const std::string& text) {
  return Owned<BIO>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// No terminal is asked for a password.
int NoPassword(char*, int, int, void*) { return 0; }

struct Issuer {
  Owned<X509> certificate;
  Owned<EVP_PKEY> key;
};

absl::StatusOr<Issuer> IssuerOf(const KeyPair& pair) {
  Issuer issuer;
  issuer.certificate.reset(PEM_read_bio_X509(Reading(pair.certificate).get(),
                                             nullptr, NoPassword, nullptr));
  if (issuer.certificate == nullptr) {
    return OpensslError("the authority's certificate");
  }
  issuer.key.reset(PEM_read_bio_PrivateKey(Reading(pair.key).get(), nullptr,
                                           NoPassword, nullptr));
  if (issuer.key == nullptr) return OpensslError("the authority's key");
  if (X509_check_private_key(issuer.certificate.get(), issuer.key.get()) != 1) {
    return OpensslError("the authority's certificate and key");
  }
  return issuer;
}

bool SetSerial(X509* certificate) {
  std::array<unsigned char, 16> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] &= 0x7fU;  // positive, RFC 5280 §4.1.2.2
  BIGNUM* number = BN_bin2bn(bytes.data(), bytes.size(), nullptr);
  const bool set =
      BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return set;
}

bool SetName(X509* certificate, const std::string& name) {
  return X509_NAME_add_entry_by_txt(
             X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
             reinterpret_cast<const unsigned char*>(name.data()),
             static_cast<int>(name.size()), -1, 0) == 1;
}

bool SetTimes(X509* certificate, const Validity& validity) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate),
                       absl::ToTimeT(validity.begins)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate),
                       absl::ToTimeT(validity.ends)) != nullptr;
}

// A certificate but for its issuer, extensions and signature.
absl::StatusOr<Owned<X509>> Begun(EVP_PKEY* key, const std::string& name,
                                  const Validity& validity) {
  Owned<X509> certificate(X509_new());
  const bool begun = certificate != nullptr &&
                     X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
                     SetSerial(certificate.get()) &&
                     SetName(certificate.get(), name) &&
                     SetTimes(certificate.get(), validity) &&
                     X509_set_pubkey(certificate.get(), key) == 1;
  if (!begun) return OpensslError("certificate");
  return certificate;
}

absl::Status Extend(X509* certificate, X509* issuer,
                    const std::vector<Extension>& extensions) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const Extension& wanted : extensions) {
    const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(
        nullptr, &context, wanted.nid, wanted.value.c_str()));
    if (extension == nullptr ||
        X509_add_ext(certificate, extension.get(), -1) != 1) {
      return OpensslError(absl::StrCat("extension ", OBJ_nid2sn(wanted.nid)));
    }
  }
  return absl::OkStatus();
}

absl::Status Sign(X509* certificate, X509* issuer, EVP_PKEY* key) {
  if (X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) != 1 ||
      X509_sign(certificate, key, EVP_sha256()) == 0) {
    return OpensslError("signature");
  }
  return absl::OkStatus();
}

// A name goes into a file's name, and into a list with commas.
absl::Status CheckName(const std::string& node) {
  const bool good = !node.empty() && node.size() <= 64 && node[0] != '.' &&
                    std::all_of(node.begin(), node.end(), [](char c) {
                      return absl::ascii_isalnum(c) || c == '-' || c == '.';
                    });
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("node name \"", node,
                   "\": must be 1 to 64 letters, digits, dashes and dots for a "
                   "certificate"));
}

absl::StatusOr<KeyPair> AuthorityIn(const std::string& folder, absl::Time now) {
  KeyPair pair;
  const auto certificate = base::ReadFile(folder + "/ca.crt", kMaxPemBytes);
  if (absl::IsNotFound(certificate.status())) {
    ASSIGN_OR_RETURN(pair, MakeAuthority({now - kSkew, now + kAuthorityLife}));
    RETURN_IF_ERROR(
        base::WriteFileAtomically(folder + "/ca.key", pair.key, 0600));
    RETURN_IF_ERROR(
        base::WriteFileAtomically(folder + "/ca.crt", pair.certificate));
    return pair;
  }
  RETURN_IF_ERROR(certificate.status());
  pair.certificate = *certificate;
  ASSIGN_OR_RETURN(pair.key, base::ReadFile(folder + "/ca.key", kMaxPemBytes));
  return pair;
}

}  // namespace

absl::StatusOr<KeyPair> MakeAuthority(const Validity& validity) {
  StartOpenssl();
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  if (key == nullptr) return OpensslError("key");
  ASSIGN_OR_RETURN(const Owned<X509> certificate,
                   Begun(key.get(), kAuthorityName, validity));
  RETURN_IF_ERROR(Extend(certificate.get(), certificate.get(),
                         {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                          {NID_key_usage, "critical,keyCertSign,cRLSign"},
                          {NID_subject_key_identifier, "hash"}}));
  RETURN_IF_ERROR(Sign(certificate.get(), certificate.get(), key.get()));
  return Written(certificate.get(), key.get());
}

absl::StatusOr<KeyPair> MakeNodeCertificate(const KeyPair& authority,
                                            const Subject& subject,
                                            const Validity& validity) {
  StartOpenssl();
  RETURN_IF_ERROR(CheckName(subject.node));
  ASSIGN_OR_RETURN(const Issuer issuer, IssuerOf(authority));
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  if (key == nullptr) return OpensslError("key");
  ASSIGN_OR_RETURN(const Owned<X509> certificate,
                   Begun(key.get(), subject.node, validity));
  RETURN_IF_ERROR(Extend(
      certificate.get(), issuer.certificate.get(),
      {{NID_basic_constraints, "critical,CA:FALSE"},
       {NID_key_usage, "critical,digitalSignature"},
       {NID_ext_key_usage, "serverAuth,clientAuth"},
       {NID_subject_alt_name,
        absl::StrCat("DNS:", subject.node, ",IP:", subject.address.ToString())},
       {NID_authority_key_identifier, "keyid:always"}}));
  RETURN_IF_ERROR(
      Sign(certificate.get(), issuer.certificate.get(), issuer.key.get()));
  return Written(certificate.get(), key.get());
}

absl::Status WriteCertificates(const std::string& folder,
                               const std::vector<Subject>& nodes,
                               absl::Time now) {
  for (const Subject& node : nodes) RETURN_IF_ERROR(CheckName(node.node));
  RETURN_IF_ERROR(base::MakeDirectories(folder, 0700));
  ASSIGN_OR_RETURN(const KeyPair authority, AuthorityIn(folder, now));
  for (const Subject& node : nodes) {
    ASSIGN_OR_RETURN(
        const KeyPair pair,
        MakeNodeCertificate(authority, node, {now - kSkew, now + kNodeLife}));
    const std::string path = absl::StrCat(folder, "/", node.node);
    RETURN_IF_ERROR(base::WriteFileAtomically(path + ".key", pair.key, 0600));
    RETURN_IF_ERROR(base::WriteFileAtomically(path + ".crt", pair.certificate));
  }
  return absl::OkStatus();
}

}  // namespace applets::rpc
