#include "applets/vpcsim/wire.h"

#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "applets/vpcsim/ret_code.h"
#include "base/json.h"
#include "base/status.h"
#include "rapidjson/document.h"
#include "rapidjson/encodings.h"
#include "rapidjson/memorystream.h"

namespace applets::vpcsim {
namespace {

using Params = std::map<std::string, std::string>;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

bool IsUtf8(absl::string_view text) {
  rapidjson::MemoryStream bytes(text.data(), text.size());
  while (bytes.Tell() < text.size()) {
    unsigned code_point = 0;
    if (!rapidjson::UTF8<>::Decode(bytes, &code_point)) return false;
  }
  return true;
}

// --- Names and values, and what has been signed of them.

struct Content {
  Params params;  // flattened
  Params texts;   // by name at the top: what is signed
};

absl::Status Add(Params& params, std::string name, std::string value) {
  if (name.empty()) return Wrong("a parameter has no name");
  if (name.size() > kMaxNameBytes) {
    return Wrong("a parameter's name is too long");
  }
  if (!IsUtf8(name)) return Wrong("a parameter's name isn't UTF-8");
  if (value.size() > kMaxValueBytes) {
    return Wrong(absl::StrCat("Params [", name, "] is too long"));
  }
  if (!IsUtf8(value)) {
    return Wrong(absl::StrCat("Params [", name, "] isn't UTF-8"));
  }
  const auto [it, is_new] = params.emplace(std::move(name), std::move(value));
  if (!is_new) {
    return Wrong(absl::StrCat("Params [", it->first, "] given twice"));
  }
  if (params.size() > kMaxParams) return Wrong("too many parameters");
  return absl::OkStatus();
}

// --- Form encoding (URL Standard, application/x-www-form-urlencoded).

absl::StatusOr<std::string> Unescape(absl::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    int byte = 0;
    const absl::string_view digits = text.substr(i + 1, 2);
    if (digits.size() != 2 || !absl::ascii_isxdigit(digits[0]) ||
        !absl::ascii_isxdigit(digits[1]) ||
        !absl::SimpleHexAtoi(digits, &byte)) {
      return Wrong("% without two hex digits");
    }
    plain += static_cast<char>(byte);
    i += 2;
  }
  return plain;
}

absl::StatusOr<Content> ReadForm(absl::string_view text) {
  Content content;
  for (const absl::string_view pair :
       absl::StrSplit(text, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    ASSIGN_OR_RETURN(std::string name, Unescape(parts.first));
    ASSIGN_OR_RETURN(std::string value, Unescape(parts.second));
    RETURN_IF_ERROR(Add(content.params, std::move(name), std::move(value)));
  }
  content.texts = content.params;
  return content;
}

// --- JSON.

// The shortest digits that give the number back, without exponent: 42, 0.1.
std::string NumberText(double number) {
  std::array<char, 400> digits;
  const std::to_chars_result end =
      std::to_chars(digits.data(), digits.data() + digits.size(), number,
                    std::chars_format::fixed);
  return {digits.data(), end.ptr};
}

std::optional<std::string> ScalarText(const rapidjson::Value& value) {
  if (value.IsString()) {
    return std::string(value.GetString(), value.GetStringLength());
  }
  if (value.IsBool()) return value.GetBool() ? "true" : "false";
  if (value.IsInt64()) return absl::StrCat(value.GetInt64());
  if (value.IsUint64()) return absl::StrCat(value.GetUint64());
  if (value.IsDouble()) return NumberText(value.GetDouble());
  return std::nullopt;
}

using Members = std::map<absl::string_view, const rapidjson::Value*>;

absl::StatusOr<Members> SortedMembers(const rapidjson::Value& object,
                                      absl::string_view name) {
  Members members;
  for (const auto& member : object.GetObject()) {
    const absl::string_view key(member.name.GetString(),
                                member.name.GetStringLength());
    if (!members.emplace(key, &member.value).second) {
      return Wrong(absl::StrCat("Params [", name, name.empty() ? "" : ".", key,
                                "] given twice"));
    }
  }
  return members;
}

// Flattens `value` into `params`, and returns its text for the signature. Each
// level makes the name longer, so kMaxNameBytes bounds the depth.
absl::StatusOr<std::string> ReadValue(const rapidjson::Value& value,
                                      const std::string& name, Params& params) {
  if (name.size() > kMaxNameBytes) {
    return Wrong("a parameter's name is too long");
  }
  if (std::optional<std::string> text = ScalarText(value)) {
    RETURN_IF_ERROR(Add(params, name, *text));
    return *std::move(text);
  }
  std::string all;
  if (value.IsArray()) {
    for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
      ASSIGN_OR_RETURN(const std::string text,
                       ReadValue(value[i], absl::StrCat(name, ".", i), params));
      all += text;
    }
    return all;
  }
  if (!value.IsObject()) {
    return Wrong(absl::StrCat("Params [", name, "] is null"));
  }
  ASSIGN_OR_RETURN(const Members members, SortedMembers(value, name));
  for (const auto& [key, member] : members) {
    ASSIGN_OR_RETURN(const std::string text,
                     ReadValue(*member, absl::StrCat(name, ".", key), params));
    absl::StrAppend(&all, key, text);
  }
  return all;
}

absl::StatusOr<Content> ReadJson(absl::string_view text) {
  const absl::StatusOr<base::Json> document = base::Json::Parse(text);
  if (!document.ok()) {
    return Wrong(absl::StrCat("the body: ", document.status().message()));
  }
  if (!document->IsObject()) return Wrong("the body must be a JSON object");
  Content content;
  ASSIGN_OR_RETURN(const Members members, SortedMembers(document->raw(), ""));
  for (const auto& [key, value] : members) {
    const std::string name(key);
    ASSIGN_OR_RETURN(content.texts[name],
                     ReadValue(*value, name, content.params));
  }
  return content;
}

// --- The request.

absl::StatusOr<Content> ReadContent(const WireRequest& request) {
  if (request.method == WireRequest::Method::kGet || request.body.empty()) {
    return ReadForm(request.query);
  }
  const absl::string_view type = absl::StripAsciiWhitespace(
      request.content_type.substr(0, request.content_type.find(';')));
  if (absl::EqualsIgnoreCase(type, "application/json")) {
    return ReadJson(request.body);
  }
  if (absl::EqualsIgnoreCase(type, "application/x-www-form-urlencoded")) {
    return ReadForm(request.body);
  }
  return Wrong(
      "Content-Type must be application/x-www-form-urlencoded or "
      "application/json");
}

std::string Take(Params& params, const std::string& name) {
  const auto node = params.extract(name);
  return node.empty() ? "" : node.mapped();
}

}  // namespace

Result<WireCall> ReadCall(const WireRequest& request) {
  absl::StatusOr<Content> content = ReadContent(request);
  if (!content.ok()) {
    return Refusal{kBadParameter, std::string(content.status().message())};
  }
  WireCall read;
  content->texts.erase("Signature");
  for (const auto& [name, text] : content->texts) {
    absl::StrAppend(&read.signed_text, name, text);
  }
  read.signature = Take(content->params, "Signature");
  read.public_key = Take(content->params, "PublicKey");
  read.security_token = Take(content->params, "SecurityToken");
  read.call.action = Take(content->params, "Action");
  read.call.params = std::move(content->params);
  return read;
}

}  // namespace applets::vpcsim
