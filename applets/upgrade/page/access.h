// Who may change something: whoever knows the token. Pure: the time and random
// bytes are given.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_ACCESS_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_ACCESS_H_

#include <array>
#include <cstddef>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace applets::upgrade::page {

// Who has logged in with a browser.
struct Session {
  std::string csrf = {};  // what its changes must have in a header
  absl::Time until = {};
};

// Secrets are compared in a time that doesn't depend on where they differ.
class Access {
 public:
  static constexpr size_t kMinTokenBytes = 16;
  static constexpr absl::Duration kSessionTime = absl::Hours(12);
  static constexpr size_t kMaxSessions = 64;  // then the oldest ends
  using Random = std::array<unsigned char, 32>;

  explicit Access(absl::string_view token);

  bool IsToken(absl::string_view token) const;

  // A session begins; its cookie's value.
  std::string Open(const Random& random, absl::Time now);
  // nullptr when there is none, or not any more.
  const Session* Find(absl::string_view cookie, absl::Time now) const;
  void Close(absl::string_view cookie);

  // Of what is readable: the first line, without blanks around it.
  // INVALID_ARGUMENT when it is too short to be a secret.
  static absl::StatusOr<std::string> TokenOf(absl::string_view file);
  static std::string TokenOf(const Random& random);

 private:
  // By digest, so that looking one up tells nothing about it.
  using Digest = std::array<unsigned char, 32>;
  static Digest DigestOf(absl::string_view text);

  Digest token_;
  std::map<Digest, Session> sessions_;
};

// Whether both are the same. Only their lengths can be told by the time it
// takes.
bool AreSame(absl::string_view a, absl::string_view b);

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_ACCESS_H_
