#include "vpc/ucloud/value.h"

#include <array>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/http.h"
#include "base/json.h"
#include "glog/logging.h"

namespace vpc::ucloud {
namespace {

// The shortest text that reads as the same number, without exponent.
std::string NumberText(double number) {
  std::array<char, 400> text = {};  // the longest double has 330 characters
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number,
                                 std::chars_format::fixed);
  return {text.data(), end.ptr};
}

void AddFields(const std::string& name, const Value& value,
               std::map<std::string, std::string>& fields) {
  if (value.array() != nullptr) {
    for (size_t i = 0; i < value.array()->size(); ++i) {
      AddFields(absl::StrCat(name, ".", i), (*value.array())[i], fields);
    }
  } else if (value.map() != nullptr) {
    for (const auto& [key, member] : *value.map()) {
      AddFields(absl::StrCat(name, ".", key), member, fields);
    }
  } else {
    fields.emplace(name, value.Text());
  }
}

void WriteMap(base::JsonWriter& writer, const Value::Map& map);

void WriteValue(base::JsonWriter& writer, const Value& value) {
  if (value.map() != nullptr) return WriteMap(writer, *value.map());
  if (value.array() != nullptr) {
    writer.StartArray();
    for (const Value& element : *value.array()) WriteValue(writer, element);
    writer.EndArray();
  } else if (value.IsString()) {
    base::WriteString(writer, value.Text());
  } else {
    // A number in the very spelling that is signed.
    const std::string text = value.Text();
    writer.RawValue(text.data(), text.size(), rapidjson::kNumberType);
  }
}

void WriteMap(base::JsonWriter& writer, const Value::Map& map) {
  writer.StartObject();
  for (const auto& [key, member] : map) {
    base::WriteKey(writer, key);
    WriteValue(writer, member);
  }
  writer.EndObject();
}

std::string JsonBody(const Params& params) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter writer(buffer);
  WriteMap(writer, params);
  return {buffer.GetString(), buffer.GetSize()};
}

std::string FormBody(const Params& params) {
  return absl::StrJoin(
      FormFields(params), "&", [](std::string* body, const auto& field) {
        absl::StrAppend(body, base::PercentEncode(field.first), "=",
                        base::PercentEncode(field.second));
      });
}

std::string TextOf(const std::string& text) { return text; }
std::string TextOf(int64_t number) { return absl::StrCat(number); }
std::string TextOf(double number) { return NumberText(number); }
std::string TextOf(bool truth) { return truth ? "true" : "false"; }
std::string TextOf(const Value::Array& array) {
  std::string text;
  for (const Value& element : array) text += element.Text();
  return text;
}
std::string TextOf(const Value::Map& map) {
  std::string text;
  for (const auto& [key, member] : map) {
    absl::StrAppend(&text, key, member.Text());
  }
  return text;
}

}  // namespace

Value::Value(double number) : value_(number) {
  CHECK(std::isfinite(number)) << "JSON has no such number";
}

std::string Value::Text() const {
  return std::visit([](const auto& value) { return TextOf(value); }, value_);
}

std::map<std::string, std::string> FormFields(const Params& params) {
  std::map<std::string, std::string> fields;
  for (const auto& [name, value] : params) AddFields(name, value, fields);
  return fields;
}

std::string BodyOf(const Params& params, Encoding encoding) {
  return encoding == Encoding::kJson ? JsonBody(params) : FormBody(params);
}

absl::string_view ContentTypeOf(Encoding encoding) {
  return encoding == Encoding::kJson ? "application/json"
                                     : "application/x-www-form-urlencoded";
}

}  // namespace vpc::ucloud
