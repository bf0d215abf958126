// The version of a release, and which of two is newer.
#ifndef CNIVPC_APPLETS_UPGRADE_VERSION_H_
#define CNIVPC_APPLETS_UPGRADE_VERSION_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace applets::upgrade {

// Two schemes, oldest first:
//
//   22.05.1         date-like, YY.MM.N: how UK8S counted until 2022
//   1.0.0           semantic (semver.org): everything since, so 1.0.0 is newer
//                   than 22.05.1
//   1.0.3-rc.1      a pre-release: older than 1.0.3
//   1.0.3-lts       of a line with long-term support: the plain 1.0.3 and then
//                   some, so newer than it, and older than 1.0.4; -lts.2 is
//                   newer than -lts
//   1.0.3+abc       the build doesn't count
//
// YY is 18 to 29 and MM two digits: semantic numbers have no leading zeros, and
// no release of ours has come near 18.
class Version {
 public:
  // With or without a "v" in front. InvalidArgument names the text: "dev-3f2a",
  // which unreleased builds call themselves, is no version.
  static absl::StatusOr<Version> Parse(absl::string_view text);

  // As it was written, without the "v".
  const std::string& text() const { return text_; }
  bool date_like() const { return date_like_; }
  bool lts() const { return suffix_kind_ == SuffixKind::kLts; }
  bool prerelease() const { return suffix_kind_ == SuffixKind::kPrerelease; }

  // By age; versions that differ in their build are equal.
  friend std::weak_ordering operator<=>(const Version& a, const Version& b);
  friend bool operator==(const Version& a, const Version& b) {
    return (a <=> b) == 0;
  }

 private:
  // In the order of age between equal numbers.
  enum class SuffixKind { kPrerelease, kNone, kLts };

  Version() = default;

  std::string text_;
  bool date_like_ = false;
  std::array<uint32_t, 3> numbers_ = {};
  SuffixKind suffix_kind_ = SuffixKind::kNone;
  std::vector<std::string> identifiers_;  // of the suffix, without "lts"
};

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_VERSION_H_
