#include "applets/rpc/query.h"

#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

bool IsHex(absl::string_view text) {
  return text.size() == 2 && absl::ascii_isxdigit(text[0]) &&
         absl::ascii_isxdigit(text[1]);
}

}  // namespace

std::string Escape(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' ||
        c == '~') {
      escaped += c;
    } else {
      absl::StrAppend(&escaped, "%", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return escaped;
}

absl::StatusOr<std::string> Unescape(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const absl::string_view digits = text.substr(i + 1, 2);
    if (!IsHex(digits)) {
      return absl::InvalidArgumentError(
          "a '%' must have two hexadecimal digits behind it");
    }
    plain += absl::HexStringToBytes(digits);
    i += 2;
  }
  return plain;
}

std::string FormatQuery(const Query& query) {
  std::string text;
  for (const auto& [name, value] : query) {
    absl::StrAppend(&text, text.empty() ? "?" : "&", Escape(name), "=",
                    Escape(value));
  }
  return text;
}

absl::StatusOr<Query> ParseQuery(absl::string_view text) {
  Query query;
  for (const absl::string_view part :
       absl::StrSplit(text, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    ASSIGN_OR_RETURN(std::string name, Unescape(pair.first));
    ASSIGN_OR_RETURN(query[name], Unescape(pair.second));
  }
  return query;
}

}  // namespace applets::rpc
