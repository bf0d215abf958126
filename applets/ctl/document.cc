#include "applets/ctl/document.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"
#include "rapidjson/prettywriter.h"
#include "yaml-cpp/emitter.h"
#include "yaml-cpp/emittermanip.h"

namespace applets::ctl {
namespace {

// YAML 1.1's words for booleans and null, which start with a letter.
constexpr absl::string_view kWords[] = {"y",   "yes",  "n",     "no",  "on",
                                        "off", "true", "false", "null"};

// True when `text` is a string even without quotes: a word, and none that has a
// meaning. Numbers and times start with a digit, a sign or a dot.
bool IsPlain(absl::string_view text) {
  if (text.empty() || !absl::ascii_isalpha(text[0])) return false;
  if (!absl::c_all_of(text, [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.' ||
               c == '/';
      })) {
    return false;
  }
  return absl::c_none_of(kWords, [&](absl::string_view word) {
    return absl::EqualsIgnoreCase(word, text);
  });
}

void EmitString(YAML::Emitter& out, const rapidjson::Value& value) {
  const std::string text(value.GetString(), value.GetStringLength());
  if (!IsPlain(text)) out << YAML::DoubleQuoted;
  out << text;
}

void Emit(YAML::Emitter& out, const rapidjson::Value& value) {
  if (value.IsObject()) {
    out << YAML::BeginMap;
    for (const auto& member : value.GetObject()) {
      out << YAML::Key;
      EmitString(out, member.name);
      out << YAML::Value;
      Emit(out, member.value);
    }
    out << YAML::EndMap;
  } else if (value.IsArray()) {
    if (value.Empty()) out << YAML::Flow;  // "[]" behind its key
    out << YAML::BeginSeq;
    for (const auto& element : value.GetArray()) Emit(out, element);
    out << YAML::EndSeq;
  } else if (value.IsString()) {
    EmitString(out, value);
  } else if (value.IsBool()) {
    out << value.GetBool();
  } else if (value.IsInt64()) {
    out << value.GetInt64();
  } else if (value.IsUint64()) {
    out << value.GetUint64();
  } else if (value.IsDouble()) {
    out << value.GetDouble();
  } else {
    out << YAML::Null;
  }
}

}  // namespace

absl::StatusOr<std::string> ToIndentedJson(absl::string_view json) {
  ASSIGN_OR_RETURN(const base::Json document, base::Json::Parse(json));
  rapidjson::StringBuffer text;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(text);
  document.raw().Accept(writer);
  return absl::StrCat(absl::string_view(text.GetString(), text.GetSize()),
                      "\n");
}

absl::StatusOr<std::string> ToYaml(absl::string_view json) {
  ASSIGN_OR_RETURN(const base::Json document, base::Json::Parse(json));
  YAML::Emitter out;
  Emit(out, document.raw());
  return absl::StrCat(absl::string_view(out.c_str(), out.size()), "\n");
}

}  // namespace applets::ctl
