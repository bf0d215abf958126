#include "applets/rpc/peer_gate.h"

#include <arpa/inet.h>

#include <array>
#include <cstddef>
#include <utility>

#include "base/status.h"
#include "glog/logging.h"

namespace applets::rpc {
namespace {

// RFC 9325 §4.2: forward secrecy and authenticated encryption. (TLS 1.3 has
// nothing else.)
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr int kMaxChain = 4;

// No terminal is asked for a key's password.
int NoPassword(char*, int, int, void*) { return 0; }

absl::Status LoadFiles(SSL_CTX* context, const PeerAccess& access) {
  SSL_CTX_set_default_passwd_cb(context, NoPassword);
  if (SSL_CTX_use_certificate_chain_file(context, access.certificate.c_str()) !=
      1) {
    return OpensslError(access.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, access.key.c_str(),
                                  SSL_FILETYPE_PEM) != 1) {
    return OpensslError(access.key);
  }
  if (SSL_CTX_load_verify_file(context, access.ca.c_str()) != 1) {
    return OpensslError(access.ca);
  }
  return absl::OkStatus();
}

// Every connection shows a certificate, and is a session of its own: none is
// resumed that an earlier authority let in.
absl::StatusOr<Owned<SSL_CTX>> ContextOf(const PeerAccess& access) {
  StartOpenssl();
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr ||
      SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kCiphers) != 1) {
    return OpensslError("TLS");
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET |
                                         SSL_OP_NO_RENEGOTIATION |
                                         SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(context.get(),
                     SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  SSL_CTX_set_verify_depth(context.get(), kMaxChain);
  RETURN_IF_ERROR(LoadFiles(context.get(), access));
  return context;
}

absl::Time EndOf(SSL_CTX* context) {
  tm end = {};
  const X509* certificate = SSL_CTX_get0_certificate(context);
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) {
    return absl::InfinitePast();
  }
  return absl::FromTM(end, absl::UTCTimeZone());
}

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

std::string AddressOf(const ASN1_STRING* bytes) {
  std::array<char, INET_ADDRSTRLEN> text = {};
  if (ASN1_STRING_length(bytes) != 4) return "";
  inet_ntop(AF_INET, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return text.data();
}

// subjectAltName, RFC 5280 §4.2.1.6.
std::vector<std::string> NamesOf(X509* certificate) {
  std::vector<std::string> names;
  const Owned<GENERAL_NAMES> all(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all.get(), i);
    if (name->type == GEN_DNS) names.push_back(TextOf(name->d.dNSName));
    if (name->type == GEN_IPADD) names.push_back(AddressOf(name->d.iPAddress));
  }
  return names;
}

}  // namespace

absl::StatusOr<PeerGate> PeerGate::Open(PeerAccess access) {
  PeerGate gate(std::move(access));
  gate.stamp_ = StampOf({gate.access_.certificate, gate.access_.key,
                         gate.access_.ca, gate.access_.token_file});
  RETURN_IF_ERROR(gate.Read());
  return gate;
}

absl::Status PeerGate::Read() {
  if (!access_.tls()) {
    ASSIGN_OR_RETURN(tokens_, ReadTokens(access_.token_file));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(context_, ContextOf(access_));
  expires_ = EndOf(context_.get());
  return absl::OkStatus();
}

void PeerGate::LookAgain() {
  std::string stamp = StampOf(
      {access_.certificate, access_.key, access_.ca, access_.token_file});
  if (stamp == stamp_) return;
  stamp_ = std::move(stamp);
  const absl::Status status = Read();
  if (status.ok()) {
    LOG(INFO) << "peers: certificates or tokens were read again";
  } else {
    LOG(ERROR) << "peers: going on with the old files: " << status.message();
  }
}

Owned<SSL> PeerGate::NewSession() {
  LookAgain();
  if (!access_.tls()) return nullptr;
  Owned<SSL> session(SSL_new(context_.get()));
  CHECK(session != nullptr);
  return session;
}

absl::StatusOr<PeerIdentity> PeerGate::Identify(
    SSL* session, absl::string_view authorization) {
  if (session != nullptr) {
    X509* certificate = SSL_get0_peer_certificate(session);
    if (certificate == nullptr || SSL_get_verify_result(session) != X509_V_OK) {
      return absl::UnauthenticatedError("no certificate");
    }
    return PeerIdentity{NamesOf(certificate), false};
  }
  LookAgain();
  if (access_.tls() || !ShowsToken(authorization, tokens_)) {
    return absl::UnauthenticatedError("not a token of ours");
  }
  return PeerIdentity{{}, true};
}

}  // namespace applets::rpc
