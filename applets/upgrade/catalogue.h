// The releases there are.
#ifndef CNIVPC_APPLETS_UPGRADE_CATALOGUE_H_
#define CNIVPC_APPLETS_UPGRADE_CATALOGUE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "applets/upgrade/version.h"

namespace applets::upgrade {

enum class ReleaseType { kFeature, kBugfix, kEnhancement, kLts };
// "Feature", "Bugfix", "Enhancement", "LTS".
absl::string_view ToString(ReleaseType type);

struct Release {
  Version version;
  ReleaseType type = ReleaseType::kFeature;
  absl::CivilDay date = {};
  std::vector<std::string> notes = {};  // for people, a sentence each
  // Architecture as `uname -m` says it → the executable's SHA-256, 64
  // lower-case hexadecimal digits. Empty when it isn't told.
  std::map<std::string, std::string> sha256 = {};
};

// A file of JSON:
//
//   {"releases": [
//     {"version": "1.0.3-lts", "type": "LTS", "date": "2023-08-22",
//      "notes": ["An address is never given to another host's interface."],
//      "sha256": {"x86_64": "9f86d0..."}}]}
//
// `notes` and `sha256` may be missing. The order in the file doesn't matter,
// nor do the dates: versions say what is newer. Thread-compatible.
class Catalogue {
 public:
  static constexpr size_t kMaxBytes = 4 << 20;
  static constexpr size_t kMaxReleases = 2000;

  // InvalidArgument names the field: a version that is there twice, a type LTS
  // for a version that isn't -lts or the reverse, a date that isn't.
  static absl::StatusOr<Catalogue> Parse(absl::string_view json);

  // Newest first.
  const std::vector<Release>& releases() const { return releases_; }
  // nullptr if there is none.
  const Release* Find(const Version& version) const;
  // The newest that isn't a pre-release, of those with long-term support or of
  // all; nullptr if there is none.
  enum class Line { kAny, kLts };
  const Release* Latest(Line line) const;

 private:
  std::vector<Release> releases_;
};

std::string ToJson(const Catalogue& catalogue);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_CATALOGUE_H_
