#ifndef CNIVPC_APPLETS_RPC_PEER_ACCESS_H_
#define CNIVPC_APPLETS_RPC_PEER_ACCESS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// How nodes prove to each other that they belong together: by certificates
// (mutual TLS, 1.2 or later), or by a secret that all of them have, in the
// clear. The latter is for networks where nobody else can listen.
namespace applets::rpc {

struct PeerAccess {
  // PEM files: this node's certificate (with intermediate ones, if any) and its
  // key, and the authorities that other nodes' certificates are signed by. The
  // certificate must be good for both ends of a connection, and name the node
  // and its address.
  std::string certificate = {};
  std::string key = {};
  std::string ca = {};
  // Or the file with the shared secret: see ReadTokens.
  std::string token_file = {};

  bool tls() const { return !certificate.empty(); }
  bool none() const {
    return certificate.empty() && key.empty() && ca.empty() &&
           token_file.empty();
  }
};

// INVALID_ARGUMENT unless it is all three files of certificates, or the token
// file, or nothing at all.
absl::Status Validate(const PeerAccess& access);

// The tokens in a file, one a line, of 16 to 4,096 printable characters each;
// empty lines don't count. A node shows the first and accepts them all, so that
// a token can be replaced: added everywhere below the old one, then moved above
// it, then the old one removed. INVALID_ARGUMENT when there is none.
absl::StatusOr<std::vector<std::string>> ReadTokens(const std::string& path);

// Whether an Authorization header shows one of the tokens: "Bearer TOKEN" (RFC
// 6750 §2.1). How long it takes says nothing about them.
bool ShowsToken(absl::string_view authorization,
                const std::vector<std::string>& tokens);

// Changes when one of these files is replaced or written to, or comes or goes.
std::string StampOf(const std::vector<std::string>& paths);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_ACCESS_H_
