#ifndef CNIVPC_APPLETS_RPC_PEER_CERTIFICATES_H_
#define CNIVPC_APPLETS_RPC_PEER_CERTIFICATES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"

// Certificates for nodes that have nobody else to make them: a lab, or a
// cluster without an authority of its own. Elliptic curve P-256, SHA-256.
namespace applets::rpc {

// A certificate and its key, in PEM.
struct KeyPair {
  std::string certificate;
  std::string key;
};

// Whom a certificate is for.
struct Subject {
  std::string node;  // its name
  base::Ipv4 address;
};

struct Validity {
  absl::Time begins;
  absl::Time ends;
};

// An authority, which signs itself.
absl::StatusOr<KeyPair> MakeAuthority(const Validity& validity);

// A node's certificate, for both ends of a connection. FAILED_PRECONDITION when
// the authority's PEM can't be read, INVALID_ARGUMENT when the name can't stand
// in a certificate.
absl::StatusOr<KeyPair> MakeNodeCertificate(const KeyPair& authority,
                                            const Subject& subject,
                                            const Validity& validity);

// Writes ca.crt, ca.key (unless they are there already: then they are used) and
// NODE.crt, NODE.key for every node into `folder`, which is made if need be.
// Valid for ten years and for one. Keys are mode 0600.
absl::Status WriteCertificates(const std::string& folder,
                               const std::vector<Subject>& nodes,
                               absl::Time now);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_CERTIFICATES_H_
