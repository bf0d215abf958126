// The versions of the CNI specification that this plugin speaks.
#ifndef CNIVPC_APPLETS_CNI_SPEC_VERSION_H_
#define CNIVPC_APPLETS_CNI_SPEC_VERSION_H_

#include <array>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace applets::cni {

// Oldest first, so that `version >= SpecVersion::k040` reads as it should.
enum class SpecVersion { k010, k020, k030, k031, k040, k100, k110 };

inline constexpr std::array kSpecVersions = {
    SpecVersion::k010, SpecVersion::k020, SpecVersion::k030, SpecVersion::k031,
    SpecVersion::k040, SpecVersion::k100, SpecVersion::k110,
};
// A configuration without cniVersion means the first version, as in the
// reference library.
inline constexpr SpecVersion kOldestVersion = SpecVersion::k010;
inline constexpr SpecVersion kNewestVersion = SpecVersion::k110;

// What came when: CHECK with 0.4.0, GC and STATUS with 1.1.0, the interfaces'
// MTU in results with 1.1.0.
inline constexpr SpecVersion kFirstWithCheck = SpecVersion::k040;
inline constexpr SpecVersion kFirstWithGcAndStatus = SpecVersion::k110;
inline constexpr SpecVersion kFirstWithMtu = SpecVersion::k110;

// "0.3.1".
absl::string_view ToString(SpecVersion version);
// The exact text of a version, nullopt for any other.
std::optional<SpecVersion> FindSpecVersion(absl::string_view text);
// "0.1.0, 0.2.0, ..., 1.1.0".
std::string SupportedVersions();

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_SPEC_VERSION_H_
