#include "applets/upgrade/version_output.h"

#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace applets::upgrade {
namespace {

// Enough for anything that means well; the rest of a value is cut off.
constexpr size_t kMaxValueBytes = 256;
constexpr size_t kMaxProtocols = 32;

bool IsPlain(absl::string_view text) {
  return absl::c_all_of(text, absl::ascii_isprint);
}

// Without the klog header: a letter for the severity, four digits for the day,
// and all up to "] ".
absl::string_view WithoutHeader(absl::string_view line) {
  constexpr size_t kDayBytes = 5;
  if (line.size() < kDayBytes || !absl::StrContains("IWEF", line[0]) ||
      !absl::c_all_of(line.substr(1, kDayBytes - 1), absl::ascii_isdigit)) {
    return line;
  }
  const size_t end = line.find("] ");
  return end == absl::string_view::npos ? line : line.substr(end + 2);
}

std::vector<std::string> ParseProtocols(absl::string_view value) {
  std::vector<std::string> protocols;
  for (const absl::string_view part :
       absl::StrSplit(value, absl::ByAnyChar(", "), absl::SkipEmpty())) {
    if (protocols.size() < kMaxProtocols) protocols.emplace_back(part);
  }
  return protocols;
}

}  // namespace

absl::StatusOr<VersionReport> ParseVersionOutput(absl::string_view output) {
  VersionReport report;
  for (const absl::string_view whole : absl::StrSplit(output, '\n')) {
    const std::pair<absl::string_view, absl::string_view> line =
        absl::StrSplit(WithoutHeader(whole), absl::MaxSplits(':', 1));
    const absl::string_view key = absl::StripAsciiWhitespace(line.first);
    const absl::string_view value =
        absl::StripAsciiWhitespace(line.second).substr(0, kMaxValueBytes);
    if (!IsPlain(value)) continue;
    if (key == "CNI Version" && report.text.empty()) {
      report.text = std::string(value);
    } else if (key == "CNI Protocols") {
      report.product = Product::kOurs;
      report.protocols = ParseProtocols(value);
    } else if (key == "Go Version" && report.product == Product::kUnknown) {
      report.product = Product::kUk8s;
    } else if (key == "Git Commit ID") {
      report.commit = std::string(value);
    }
  }
  if (report.text.empty()) {
    return absl::InvalidArgumentError("doesn't say its version");
  }
  if (auto version = Version::Parse(report.text); version.ok()) {
    report.version = *std::move(version);
  }
  return report;
}

}  // namespace applets::upgrade
