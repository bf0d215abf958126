#include "applets/cni/version_command.h"

#include <cstdio>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "applets/cni/spec_version.h"
#include "base/json.h"

namespace applets::cni {
namespace {

absl::StatusOr<VersionFormat> ParseFormat(absl::string_view text) {
  if (text == "text") return VersionFormat::kText;
  if (text == "json") return VersionFormat::kJson;
  return absl::InvalidArgumentError(
      absl::StrCat("-o \"", text, "\": must be text or json"));
}

std::string FormatText(const base::BuildInfo& info) {
  return absl::StrCat("CNI Version:    ", info.version,           //
                      "\nCNI Protocols:  ", SupportedVersions(),  //
                      "\nCompiler:       ", info.compiler,        //
                      "\nBuild Time:     ", info.build_time,      //
                      "\nGit Commit ID:  ", info.commit, "\n");
}

std::string FormatJson(const base::BuildInfo& info) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteMember(writer, "version", info.version);
  base::WriteKey(writer, "protocols");
  writer.StartArray();
  for (const SpecVersion version : kSpecVersions) {
    base::WriteString(writer, ToString(version));
  }
  writer.EndArray();
  base::WriteMember(writer, "compiler", info.compiler);
  base::WriteMember(writer, "buildTime", info.build_time);
  base::WriteMember(writer, "gitCommit", info.commit);
  writer.EndObject();
  return absl::StrCat(text.GetString(), "\n");
}

}  // namespace

absl::StatusOr<VersionFormat> ParseVersionArguments(
    absl::Span<const absl::string_view> arguments) {
  if (arguments.empty()) return VersionFormat::kText;
  absl::string_view first = arguments[0];
  if (first == "-o" || first == "--output") {
    if (arguments.size() == 2) return ParseFormat(arguments[1]);
    if (arguments.size() == 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(first, " needs a value: text or json"));
    }
    first = arguments[2];
  } else if (absl::ConsumePrefix(&first, "-o=") ||
             absl::ConsumePrefix(&first, "--output=")) {
    if (arguments.size() == 1) return ParseFormat(first);
    first = arguments[1];
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unexpected argument \"", first, "\""));
}

std::string FormatVersion(const base::BuildInfo& info, VersionFormat format) {
  return format == VersionFormat::kJson ? FormatJson(info) : FormatText(info);
}

int VersionMain(int argc, char** argv) {
  const std::vector<absl::string_view> arguments(argv + 1, argv + argc);
  absl::StatusOr<VersionFormat> format = ParseVersionArguments(arguments);
  if (!format.ok()) {
    std::fprintf(stderr, "cnivpc version: %s\n",
                 std::string(format.status().message()).c_str());
    return 2;
  }
  const std::string text = FormatVersion(base::GetBuildInfo(), *format);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}

}  // namespace applets::cni
