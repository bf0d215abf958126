#ifndef CNIVPC_APPLETS_VPCSIM_KEYS_H_
#define CNIVPC_APPLETS_VPCSIM_KEYS_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/model.h"
#include "applets/vpcsim/wire.h"

namespace applets::vpcsim {

inline constexpr int kNoSignature = 170;
inline constexpr int kWrongSignature = 171;
inline constexpr int kNoUser = 172;
inline constexpr int kNoToken = 174;

struct KeyPair {
  std::string public_key = {};
  std::string private_key = {};
};

// What the metadata service gives to a host that has a role.
struct TemporaryKey {
  KeyPair pair = {};
  std::string token = {};
  std::string host = {};
  absl::Time expires = {};
};

// Who may call the API: permanent key pairs, and temporary ones with their
// tokens. Nothing here is written down; after a restart the temporary keys are
// unknown, as if they had expired.
class Keys {
 public:
  // The oldest temporary key goes when there are more.
  static constexpr size_t kMaxTemporary = 100000;

  // `project` is the one that calls may name in ProjectId; "" allows any.
  explicit Keys(std::string project = "") : project_(std::move(project)) {}

  void Add(KeyPair pair);

  // A fresh one for a host, valid until `now` + `life`.
  TemporaryKey Issue(absl::string_view host, absl::Duration life,
                     absl::BitGenRef random, absl::Time now);
  // The temporary key isn't valid any more; whether it was known.
  bool Expire(absl::string_view public_key);
  // No temporary key issued so far is valid any more; returns how many were.
  size_t ExpireAll();

  // Why the call isn't its sender's, if so. In this order: kNoSignature,
  // kNoUser, kNoToken (none, another's, or expired), kWrongSignature,
  // kUnknownProject.
  std::optional<Refusal> Check(const WireCall& call, absl::Time now) const;

  const std::map<std::string, std::string>& permanent() const {
    return permanent_;
  }
  // Those still valid, oldest first.
  std::vector<TemporaryKey> Valid(absl::Time now) const;

 private:
  const std::string* PrivateKey(const WireCall& call, absl::Time now) const;
  bool IsOtherProject(const WireCall& call) const;

  std::string project_;
  std::map<std::string, std::string> permanent_;  // public to private
  std::map<std::string, TemporaryKey, std::less<>> temporary_;  // by public key
  std::deque<std::string> issued_;  // public keys, oldest first
};

// A key pair as the cloud makes them.
KeyPair MakeKeyPair(absl::BitGenRef random);
// "PUBLIC:PRIVATE"; the public key may have colons.
absl::StatusOr<KeyPair> ParseKeyPair(absl::string_view text);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_KEYS_H_
