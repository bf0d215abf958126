#include "applets/ctl/redact.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace applets::ctl {
namespace {

constexpr absl::string_view kSecretParts[] = {
    "key",       "token",      "secret",        "passw", "passphrase",
    "signature", "credential", "authorization", "cookie"};
constexpr absl::string_view kHarmlessEnds[] = {"file", "path", "dir", "url"};
constexpr size_t kSignatureDigits = 40;  // SHA-1
constexpr absl::string_view kPemBegin = "-----BEGIN ";
constexpr absl::string_view kPemDashes = "-----";

bool SoundsSecret(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  const auto contains = [&](absl::string_view part) {
    return absl::StrContains(lower, part);
  };
  const auto ends_with = [&](absl::string_view end) {
    return absl::EndsWith(lower, end);
  };
  return absl::c_any_of(kSecretParts, contains) &&
         absl::c_none_of(kHarmlessEnds, ends_with);
}

bool IsWordChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '-' || c == '.';
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsQuote(char c) { return c == '"' || c == '\''; }

// Where an unquoted value ends.
bool EndsValue(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c)) || IsQuote(c) ||
         absl::StrContains(",;&)]}\\", c);
}

// A token that is a secret by its looks.
bool LooksSecret(absl::string_view word) {
  while (!word.empty() && (word.back() == '.' || word.back() == '-')) {
    word.remove_suffix(1);  // the end of a sentence
  }
  if (absl::StartsWith(word, "eyJ") && absl::StrContains(word, '.')) {
    return true;  // a JSON web token: base64url of {"...
  }
  return word.size() == kSignatureDigits &&
         absl::c_all_of(
             word, [](unsigned char c) { return absl::ascii_isxdigit(c); });
}

// Reads a text from its beginning to its end, and writes it again.
class Redaction {
 public:
  explicit Redaction(absl::string_view text) : rest_(text) {}

  std::string Run() && {
    while (!rest_.empty()) {
      if (absl::StartsWith(rest_, kPemBegin)) {
        TakePem();
      } else if (absl::StartsWith(rest_, "://")) {
        TakeAuthority();
      } else if (IsWordChar(rest_[0])) {
        TakeWord();
      } else if (rest_[0] == '\\') {
        Keep(2);  // "\n" isn't the beginning of a word
      } else {
        Keep(1);
      }
    }
    return std::move(out_);
  }

 private:
  void Keep(size_t bytes) {
    out_ += rest_.substr(0, bytes);
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }
  void Drop(size_t bytes) {
    out_ += kRedacted;
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }

  void TakePem();
  void TakeAuthority();
  void TakeWord();
  void TakeValue(bool to_end_of_line);
  void TakeQuoted(size_t open);
  size_t BracketBytes() const;
  std::optional<size_t> SeparatorBytes(bool flag) const;

  absl::string_view rest_;
  std::string out_;
};

// A certificate may stay, a key may not.
void Redaction::TakePem() {
  const size_t label_end = rest_.find(kPemDashes, kPemBegin.size());
  const absl::string_view label = rest_.substr(0, label_end);
  if (!absl::StrContains(label, "KEY")) return Keep(kPemBegin.size());
  const size_t end = rest_.find("-----END ");
  if (end == rest_.npos) return Drop(rest_.size());
  const size_t tail = rest_.find(kPemDashes, end + kPemBegin.size() - 2);
  Drop(tail == rest_.npos ? rest_.size() : tail + kPemDashes.size());
}

// "://user:password@host"
void Redaction::TakeAuthority() {
  Keep(3);
  const absl::string_view authority =
      rest_.substr(0, rest_.find_first_of("/ \t\r\n\"'?#"));
  const size_t at = authority.rfind('@');
  if (at != authority.npos) Drop(at);
}

// How many bytes stand between a name and its value: a closing quote, blanks,
// '=' or ':', and blanks. nullopt when no value follows.
std::optional<size_t> Redaction::SeparatorBytes(bool flag) const {
  size_t i = 0;
  const auto skip = [&](auto matches) {
    while (i < rest_.size() && matches(rest_[i])) ++i;
  };
  skip([](char c) { return c == '\\'; });
  if (i < rest_.size() && IsQuote(rest_[i])) ++i;
  const size_t name_end = i;
  skip(IsBlank);
  if (i < rest_.size() && (rest_[i] == '=' || rest_[i] == ':')) {
    ++i;
    skip(IsBlank);
    // JSON may go on in the next line; other texts don't.
    size_t after = i;
    while (after < rest_.size() &&
           absl::ascii_isspace(static_cast<unsigned char>(rest_[after]))) {
      ++after;
    }
    if (after < rest_.size() && absl::StrContains("\"'{[", rest_[after])) {
      i = after;
    }
    return i;
  }
  if (flag && i > name_end) return i;
  return std::nullopt;
}

void Redaction::TakeWord() {
  size_t size = 1;
  while (size < rest_.size() && IsWordChar(rest_[size])) ++size;
  const absl::string_view word = rest_.substr(0, size);
  if (LooksSecret(word)) return Drop(size);
  Keep(size);
  const bool scheme = absl::EqualsIgnoreCase(word, "bearer") ||
                      absl::EqualsIgnoreCase(word, "basic");
  if (scheme && !rest_.empty() && IsBlank(rest_[0])) {
    Keep(1);
    return TakeValue(false);
  }
  if (!SoundsSecret(word)) return;
  const auto separator = SeparatorBytes(absl::StartsWith(word, "--"));
  if (!separator) return;
  Keep(*separator);
  TakeValue(absl::StrContains(absl::AsciiStrToLower(word), "authorization") ||
            absl::StrContains(absl::AsciiStrToLower(word), "cookie"));
}

void Redaction::TakeValue(bool to_end_of_line) {
  size_t i = 0;
  while (i < rest_.size() && rest_[i] == '\\') ++i;
  if (i < rest_.size() && IsQuote(rest_[i])) return TakeQuoted(i);
  if (!rest_.empty() && (rest_[0] == '{' || rest_[0] == '[')) {
    return Drop(BracketBytes());
  }
  size_t size = 0;
  while (size < rest_.size() && rest_[size] != '\n' &&
         (to_end_of_line ? !IsQuote(rest_[size]) : !EndsValue(rest_[size]))) {
    ++size;
  }
  if (size > 0) Drop(size);
}

// From rest_[open], a quote with `open` backslashes before it: "a", \"a\" in a
// string inside a string. Its counterpart has as many, and before them there
// may be those that stand for backslashes, in pairs; a quote with fewer ends an
// outer string.
void Redaction::TakeQuoted(size_t open) {
  const char quote = rest_[open];
  Keep(open + 1);
  size_t end = 0;
  size_t backslashes = 0;
  while (end < rest_.size()) {
    if (rest_[end] == quote &&
        (backslashes < open || backslashes % (2 * (open + 1)) == open)) {
      break;
    }
    backslashes = rest_[end] == '\\' ? backslashes + 1 : 0;
    ++end;
  }
  end -= std::min({open, backslashes, end});  // these are the quote's
  if (end > 0) Drop(end);
}

// The size of the object or array that rest_ begins with; all when it doesn't
// end.
size_t Redaction::BracketBytes() const {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < rest_.size(); ++i) {
    const char c = rest_[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '{' || c == '[')) {
      ++depth;
    } else if (!quoted && (c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return rest_.size();
}

}  // namespace

std::string Redact(absl::string_view text) { return Redaction(text).Run(); }

}  // namespace applets::ctl
