#include "applets/upgrade/version.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace applets::upgrade {
namespace {

constexpr size_t kMaxTextBytes = 64;
constexpr size_t kMaxNumberDigits = 9;
constexpr uint32_t kFirstYear = 18;
constexpr uint32_t kLastYear = 29;
constexpr uint32_t kMonths = 12;

bool IsDigits(absl::string_view text) {
  return !text.empty() && absl::c_all_of(text, absl::ascii_isdigit);
}

std::optional<uint32_t> ParseNumber(absl::string_view text) {
  uint32_t number = 0;
  if (!IsDigits(text) || text.size() > kMaxNumberDigits ||
      !absl::SimpleAtoi(text, &number)) {
    return std::nullopt;
  }
  return number;
}

bool HasLeadingZero(absl::string_view number) {
  return number.size() > 1 && number[0] == '0';
}

// semver §9: identifiers of letters, digits and hyphens.
bool IsIdentifier(absl::string_view text) {
  return !text.empty() && absl::c_all_of(text, [](char c) {
    return absl::ascii_isalnum(c) || c == '-';
  });
}

bool AreIdentifiers(const std::vector<std::string>& parts) {
  return absl::c_all_of(
      parts, [](const std::string& part) { return IsIdentifier(part); });
}

// The text without zeros in front, so that longer means more.
absl::string_view Significant(absl::string_view digits) {
  const size_t first = digits.find_first_not_of('0');
  return first == absl::string_view::npos ? "" : digits.substr(first);
}

// semver §11.4: numbers by size and before words, words by their bytes.
std::weak_ordering CompareIdentifiers(absl::string_view a,
                                      absl::string_view b) {
  if (IsDigits(a) != IsDigits(b)) return IsDigits(b) <=> IsDigits(a);
  if (!IsDigits(a)) return a.compare(b) <=> 0;
  const absl::string_view x = Significant(a), y = Significant(b);
  if (x.size() != y.size()) return x.size() <=> y.size();
  return x.compare(y) <=> 0;
}

}  // namespace

absl::StatusOr<Version> Version::Parse(absl::string_view text) {
  const absl::Status bad = absl::InvalidArgumentError(absl::StrCat(
      "\"", absl::CEscape(text.substr(0, kMaxTextBytes)), "\" is no version"));
  if (text.size() > kMaxTextBytes) return bad;
  absl::ConsumePrefix(&text, "v");
  Version version;
  version.text_ = std::string(text);

  const std::pair<absl::string_view, absl::string_view> plus =
      absl::StrSplit(text, absl::MaxSplits('+', 1));
  const bool has_build = plus.first.size() != text.size();
  if (has_build && !AreIdentifiers(absl::StrSplit(plus.second, '.'))) {
    return bad;
  }
  const std::pair<absl::string_view, absl::string_view> dash =
      absl::StrSplit(plus.first, absl::MaxSplits('-', 1));
  if (dash.first.size() != plus.first.size()) {
    version.identifiers_ = absl::StrSplit(dash.second, '.');
    if (!AreIdentifiers(version.identifiers_)) return bad;
    version.suffix_kind_ = SuffixKind::kPrerelease;
    if (version.identifiers_[0] == "lts") {
      version.suffix_kind_ = SuffixKind::kLts;
      version.identifiers_.erase(version.identifiers_.begin());
    }
  }

  const std::vector<absl::string_view> parts = absl::StrSplit(dash.first, '.');
  if (parts.size() != version.numbers_.size()) return bad;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::optional<uint32_t> number = ParseNumber(parts[i]);
    if (!number) return bad;
    version.numbers_[i] = *number;
  }
  const auto [year, month, count] = version.numbers_;
  version.date_like_ = year >= kFirstYear && year <= kLastYear &&
                       parts[1].size() == 2 && month >= 1 && month <= kMonths;
  const bool zeros = HasLeadingZero(parts[0]) || HasLeadingZero(parts[2]) ||
                     (HasLeadingZero(parts[1]) && !version.date_like_);
  if (zeros) return bad;
  return version;
}

std::weak_ordering operator<=>(const Version& a, const Version& b) {
  if (a.date_like_ != b.date_like_) return b.date_like_ <=> a.date_like_;
  if (a.numbers_ != b.numbers_) return a.numbers_ <=> b.numbers_;
  if (a.suffix_kind_ != b.suffix_kind_) {
    return a.suffix_kind_ <=> b.suffix_kind_;
  }
  const size_t common = std::min(a.identifiers_.size(), b.identifiers_.size());
  for (size_t i = 0; i < common; ++i) {
    const std::weak_ordering order =
        CompareIdentifiers(a.identifiers_[i], b.identifiers_[i]);
    if (order != 0) return order;
  }
  return a.identifiers_.size() <=> b.identifiers_.size();
}

}  // namespace applets::upgrade
