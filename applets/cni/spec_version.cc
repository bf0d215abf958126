#include "applets/cni/spec_version.h"

#include "absl/strings/str_cat.h"

namespace applets::cni {

absl::string_view ToString(SpecVersion version) {
  switch (version) {
    case SpecVersion::k010:
      return "0.1.0";
    case SpecVersion::k020:
      return "0.2.0";
    case SpecVersion::k030:
      return "0.3.0";
    case SpecVersion::k031:
      return "0.3.1";
    case SpecVersion::k040:
      return "0.4.0";
    case SpecVersion::k100:
      return "1.0.0";
    case SpecVersion::k110:
      return "1.1.0";
  }
  return "";
}

std::optional<SpecVersion> FindSpecVersion(absl::string_view text) {
  for (const SpecVersion version : kSpecVersions) {
    if (ToString(version) == text) return version;
  }
  return std::nullopt;
}

std::string SupportedVersions() {
  std::string list;
  for (const SpecVersion version : kSpecVersions) {
    absl::StrAppend(&list, list.empty() ? "" : ", ", ToString(version));
  }
  return list;
}

}  // namespace applets::cni
