#include "vpc/ucloud/environment.h"

#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace vpc::ucloud {
namespace {

bool IsName(absl::string_view name) {
  if (name.empty() || absl::ascii_isdigit(name[0])) return false;
  for (const char c : name) {
    if (!absl::ascii_isalnum(c) && c != '_') return false;
  }
  return true;
}

bool IsBlankOrComment(absl::string_view text) {
  const absl::string_view rest = absl::StripLeadingAsciiWhitespace(text);
  return rest.empty() || rest[0] == '#';
}

// A comment begins at a '#' after white space.
std::string Unquoted(absl::string_view text) {
  size_t end = 0;
  while (
      end < text.size() &&
      !(text[end] == '#' && (end == 0 || absl::ascii_isspace(text[end - 1])))) {
    ++end;
  }
  return std::string(absl::StripAsciiWhitespace(text.substr(0, end)));
}

// `text` begins with its quote.
absl::StatusOr<std::string> Quoted(absl::string_view text) {
  const char quote = text[0];
  std::string value;
  size_t i = 1;
  for (; i < text.size() && text[i] != quote; ++i) {
    const bool escapes = quote == '"' && text[i] == '\\' &&
                         i + 1 < text.size() &&
                         absl::StrContains("\"\\$`", text.substr(i + 1, 1));
    if (escapes) ++i;
    value += text[i];
  }
  if (i == text.size()) {
    return absl::InvalidArgumentError("the quote isn't closed");
  }
  if (!IsBlankOrComment(text.substr(i + 1))) {
    return absl::InvalidArgumentError("something follows the closing quote");
  }
  return value;
}

absl::StatusOr<std::string> ParseValue(absl::string_view text) {
  const absl::string_view value = absl::StripAsciiWhitespace(text);
  const bool quoted = !value.empty() && (value[0] == '"' || value[0] == '\'');
  if (quoted) return Quoted(value);
  return Unquoted(text);
}

// The name and what is right of the '='; nullopt if it is no assignment.
std::optional<std::pair<absl::string_view, absl::string_view>> Split(
    absl::string_view line) {
  line = absl::StripAsciiWhitespace(line);
  absl::string_view rest = line;
  if (absl::ConsumePrefix(&rest, "export") && !rest.empty() &&
      absl::ascii_isspace(rest[0])) {
    line = absl::StripLeadingAsciiWhitespace(rest);
  }
  const size_t equals = line.find('=');
  if (equals == absl::string_view::npos) return std::nullopt;
  const absl::string_view name =
      absl::StripTrailingAsciiWhitespace(line.substr(0, equals));
  if (!IsName(name)) return std::nullopt;
  return std::make_pair(name, line.substr(equals + 1));
}

std::string ValueOf(const Variables& variables, absl::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

}  // namespace

absl::StatusOr<Variables> ParseEnvironmentFile(absl::string_view text) {
  Variables variables;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const auto split = Split(line);
    if (!split) continue;
    absl::StatusOr<std::string> value = ParseValue(split->second);
    if (!value.ok()) {
      return base::Annotate(value.status(), absl::StrCat("line ", number));
    }
    variables.insert_or_assign(std::string(split->first), *std::move(value));
  }
  return variables;
}

Variables ProcessVariables() {
  Variables variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::pair<absl::string_view, absl::string_view> split =
        absl::StrSplit(*entry, absl::MaxSplits('=', 1));
    if (!absl::StartsWith(split.first, "UCLOUD_")) continue;
    variables.emplace(split.first, split.second);
  }
  return variables;
}

Environment EnvironmentOf(const Variables& variables) {
  return {
      .endpoint = ValueOf(variables, "UCLOUD_API_ENDPOINT"),
      .region = ValueOf(variables, "UCLOUD_REGION_ID"),
      .project_id = ValueOf(variables, "UCLOUD_PROJECT_ID"),
      .vpc_id = ValueOf(variables, "UCLOUD_VPC_ID"),
      .subnet_id = ValueOf(variables, "UCLOUD_SUBNET_ID"),
      .cluster_id = ValueOf(variables, "UCLOUD_UK8S_CLUSTER_ID"),
  };
}

absl::StatusOr<Keys> KeysOf(const Variables& variables) {
  Keys keys{.public_key = ValueOf(variables, "UCLOUD_API_PUBKEY"),
            .private_key = ValueOf(variables, "UCLOUD_API_PRIKEY"),
            .project_id = ValueOf(variables, "UCLOUD_PROJECT_ID")};
  const bool has_public = !keys.public_key.empty();
  const bool has_private = !keys.private_key.empty();
  if (has_public && has_private) return keys;
  if (has_public) return absl::InvalidArgumentError("no UCLOUD_API_PRIKEY");
  if (has_private) return absl::InvalidArgumentError("no UCLOUD_API_PUBKEY");
  return absl::NotFoundError("no UCLOUD_API_PUBKEY");
}

}  // namespace vpc::ucloud
