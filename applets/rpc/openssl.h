#ifndef CNIVPC_APPLETS_RPC_OPENSSL_H_
#define CNIVPC_APPLETS_RPC_OPENSSL_H_

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

// OpenSSL's objects, each owned by one pointer.
namespace applets::rpc {

struct FreeOpenssl {
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
  void operator()(SSL* p) const { SSL_free(p); }
  void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeOpenssl>;

// The machine's openssl.cnf may name modules to load, which a static
// executable can't; so it isn't read. Call it before anything else of OpenSSL.
inline void StartOpenssl() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
}

// FAILED_PRECONDITION "what: REASON", and the thread's queue of errors emptied.
inline absl::Status OpensslError(absl::string_view what) {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  return absl::FailedPreconditionError(
      absl::StrCat(what, ": ", reason == nullptr ? "OpenSSL failed" : reason));
}

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_OPENSSL_H_
