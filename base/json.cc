#include "base/json.h"

#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "rapidjson/encodedstream.h"
#include "rapidjson/error/en.h"
#include "rapidjson/memorystream.h"
#include "rapidjson/reader.h"

namespace base {
namespace {

// Counts nesting before rapidjson's parser recurses on it. Braces inside
// strings are skipped.
bool TooDeep(absl::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > limit) return true;
  }
  return false;
}

// The code unit of an escape "\\uXXXX" at the beginning of `text`; -1 if there
// is none.
int EscapedUnit(absl::string_view text) {
  uint32_t unit = 0;
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u' ||
      !absl::SimpleHexAtoi(text.substr(2, 4), &unit)) {
    return -1;
  }
  return static_cast<int>(unit);
}

// A low surrogate without a high one before it, which rapidjson lets pass: the
// text would be no UTF-8 any more.
bool HasLoneLowSurrogate(absl::string_view text) {
  for (size_t i = text.find('\\'); i < text.size(); i = text.find('\\', i)) {
    const int unit = EscapedUnit(text.substr(i));
    if (unit >= 0xDC00 && unit <= 0xDFFF) return true;
    // A high one is checked by rapidjson together with what follows it.
    const bool high = unit >= 0xD800 && unit <= 0xDBFF;
    i += high ? 12 : 2;
  }
  return false;
}

// Hands rapidjson's events on to a document, and reads the numbers itself:
// rapidjson's own doubles are either inexact, so that a number written and read
// again becomes another one, or (kParseFullPrecisionFlag, 1.1.0) read from
// beyond a table for a text like 0.000…1e-400.
class ExactNumbers
    : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ExactNumbers> {
 public:
  explicit ExactNumbers(rapidjson::Document& document) : document_(document) {}

  bool Null() { return document_.Null(); }
  bool Bool(bool value) { return document_.Bool(value); }
  bool String(const char* text, rapidjson::SizeType size, bool copy) {
    return document_.String(text, size, copy);
  }
  bool StartObject() { return document_.StartObject(); }
  bool Key(const char* text, rapidjson::SizeType size, bool copy) {
    return document_.Key(text, size, copy);
  }
  bool EndObject(rapidjson::SizeType members) {
    return document_.EndObject(members);
  }
  bool StartArray() { return document_.StartArray(); }
  bool EndArray(rapidjson::SizeType elements) {
    return document_.EndArray(elements);
  }

  // False, which ends the parse, for a number that no double holds.
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const absl::string_view number(text, size);
    int64_t integer = 0;
    if (absl::SimpleAtoi(number, &integer)) return document_.Int64(integer);
    uint64_t natural = 0;
    if (absl::SimpleAtoi(number, &natural)) return document_.Uint64(natural);
    double real = 0;
    return absl::SimpleAtod(number, &real) && std::isfinite(real) &&
           document_.Double(real);
  }

 private:
  rapidjson::Document& document_;
};

rapidjson::ParseResult Read(absl::string_view text,
                            rapidjson::Document& document) {
  constexpr unsigned kFlags = rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::ParseResult result;
  auto parse = [&](rapidjson::Document& events) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream>
        input(stream);
    ExactNumbers handler(events);
    result = rapidjson::Reader().Parse<kFlags>(input, handler);
    return !result.IsError();
  };
  document.Populate(parse);
  return result;
}

std::string Message(rapidjson::ParseErrorCode code) {
  return code == rapidjson::kParseErrorTermination
             ? "Number too big to be stored in double."
             : rapidjson::GetParseError_En(code);
}

}  // namespace

absl::StatusOr<Json> Json::Parse(absl::string_view text) {
  if (TooDeep(text, kMaxDepth)) {
    return absl::InvalidArgumentError(
        absl::StrCat("JSON nested deeper than ", kMaxDepth));
  }
  auto document = std::make_shared<rapidjson::Document>();
  if (const rapidjson::ParseResult read = Read(text, *document);
      read.IsError()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "not JSON: ", Message(read.Code()), " (at byte ", read.Offset(), ")"));
  }
  if (HasLoneLowSurrogate(text)) {
    return absl::InvalidArgumentError("not JSON: a lone surrogate in a string");
  }
  const rapidjson::Value* root = document.get();
  return Json(std::move(document), root, "");
}

std::optional<Json> Json::Find(absl::string_view key) const {
  if (!value_->IsObject()) return std::nullopt;
  const auto it = value_->FindMember(
      rapidjson::Value(rapidjson::StringRef(key.data(), key.size())));
  if (it == value_->MemberEnd() || it->value.IsNull()) return std::nullopt;
  return Json(document_, &it->value,
              path_.empty() ? std::string(key) : absl::StrCat(path_, ".", key));
}

absl::StatusOr<Json> Json::Get(absl::string_view key) const {
  RETURN_IF_ERROR(MustBeObject());
  std::optional<Json> member = Find(key);
  if (!member) {
    const std::string dot = path_.empty() ? "" : path_ + ".";
    return absl::InvalidArgumentError(absl::StrCat(dot, key, ": missing"));
  }
  return *std::move(member);
}

absl::Status Json::Error(absl::string_view problem) const {
  return absl::InvalidArgumentError(
      absl::StrCat(path_.empty() ? "document" : path_, ": ", problem));
}

absl::Status Json::MustBeObject() const {
  return IsObject() ? absl::OkStatus() : Error("must be an object");
}

absl::StatusOr<std::string> Json::AsString() const {
  if (!value_->IsString()) return Error("must be a string");
  return std::string(value_->GetString(), value_->GetStringLength());
}

absl::StatusOr<int64_t> Json::AsInt() const {
  if (!value_->IsInt64()) return Error("must be a whole number");
  return value_->GetInt64();
}

absl::StatusOr<bool> Json::AsBool() const {
  if (!value_->IsBool()) return Error("must be true or false");
  return value_->GetBool();
}

absl::StatusOr<std::vector<Json>> Json::AsArray() const {
  if (!value_->IsArray()) return Error("must be an array");
  std::vector<Json> elements;
  elements.reserve(value_->Size());
  for (rapidjson::SizeType i = 0; i < value_->Size(); ++i) {
    elements.push_back(
        Json(document_, &(*value_)[i], absl::StrCat(path_, "[", i, "]")));
  }
  return elements;
}

absl::StatusOr<std::string> Json::String(absl::string_view key) const {
  ASSIGN_OR_RETURN(const Json member, Get(key));
  return member.AsString();
}

absl::StatusOr<std::string> Json::String(absl::string_view key,
                                         absl::string_view missing) const {
  const std::optional<Json> member = Find(key);
  if (!member) return std::string(missing);
  return member->AsString();
}

absl::StatusOr<int64_t> Json::Int(absl::string_view key) const {
  ASSIGN_OR_RETURN(const Json member, Get(key));
  return member.AsInt();
}

absl::StatusOr<int64_t> Json::Int(absl::string_view key,
                                  int64_t missing) const {
  const std::optional<Json> member = Find(key);
  if (!member) return missing;
  return member->AsInt();
}

absl::StatusOr<bool> Json::Bool(absl::string_view key, bool missing) const {
  const std::optional<Json> member = Find(key);
  if (!member) return missing;
  return member->AsBool();
}

absl::StatusOr<std::vector<Json>> Json::Array(absl::string_view key) const {
  const std::optional<Json> member = Find(key);
  if (!member) return std::vector<Json>();
  return member->AsArray();
}

std::string Json::Dump() const {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  value_->Accept(writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

void WriteString(JsonWriter& writer, absl::string_view value) {
  writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void WriteKey(JsonWriter& writer, absl::string_view key) {
  writer.Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
}

void WriteMember(JsonWriter& writer, absl::string_view key,
                 absl::string_view value) {
  WriteKey(writer, key);
  WriteString(writer, value);
}

void WriteMember(JsonWriter& writer, absl::string_view key, int64_t value) {
  WriteKey(writer, key);
  writer.Int64(value);
}

}  // namespace base
