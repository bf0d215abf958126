#include "applets/upgrade/catalogue.h"

#include <array>
#include <cstdint>
#include <iterator>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

constexpr size_t kSha256Digits = 64;
constexpr size_t kMaxNoteBytes = 4096;

constexpr std::array<std::pair<absl::string_view, ReleaseType>, 4> kTypes = {{
    {"Feature", ReleaseType::kFeature},
    {"Bugfix", ReleaseType::kBugfix},
    {"Enhancement", ReleaseType::kEnhancement},
    {"LTS", ReleaseType::kLts},
}};

// The error with the path of the field before it.
absl::Status At(const base::Json& field, const absl::Status& status) {
  return field.Error(status.message());
}

absl::StatusOr<Version> ParseVersion(const base::Json& field) {
  ASSIGN_OR_RETURN(const std::string text, field.AsString());
  auto version = Version::Parse(text);
  if (!version.ok()) return At(field, version.status());
  return version;
}

absl::StatusOr<ReleaseType> ParseType(const base::Json& field,
                                      const Version& version) {
  ASSIGN_OR_RETURN(const std::string text, field.AsString());
  const auto* found = absl::c_find_if(
      kTypes, [&](const auto& type) { return type.first == text; });
  if (found == kTypes.end()) {
    return field.Error("must be Feature, Bugfix, Enhancement or LTS");
  }
  if ((found->second == ReleaseType::kLts) != version.lts()) {
    return field.Error(
        absl::StrCat("must be LTS for -lts versions and only "
                     "for them, not for ",
                     version.text()));
  }
  return found->second;
}

absl::StatusOr<absl::CivilDay> ParseDate(const base::Json& field) {
  ASSIGN_OR_RETURN(const std::string text, field.AsString());
  absl::CivilDay day;
  // ParseCivilTime takes blanks and signs, too.
  if (!absl::ParseCivilTime(text, &day) || absl::FormatCivilTime(day) != text) {
    return field.Error("must be a day such as 2023-08-22");
  }
  return day;
}

absl::StatusOr<std::vector<std::string>> ParseNotes(const base::Json& release) {
  ASSIGN_OR_RETURN(const std::vector<base::Json> array, release.Array("notes"));
  std::vector<std::string> notes;
  for (const base::Json& element : array) {
    ASSIGN_OR_RETURN(std::string note, element.AsString());
    if (note.size() > kMaxNoteBytes) return element.Error("is too long");
    notes.push_back(std::move(note));
  }
  return notes;
}

bool IsSha256(absl::string_view text) {
  return text.size() == kSha256Digits && absl::c_all_of(text, [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

absl::StatusOr<std::map<std::string, std::string>> ParseSums(
    const base::Json& release) {
  std::map<std::string, std::string> sums;
  const auto object = release.Find("sha256");
  if (!object) return sums;
  RETURN_IF_ERROR(object->MustBeObject());
  for (const auto& member : object->raw().GetObject()) {
    const std::string architecture(member.name.GetString(),
                                   member.name.GetStringLength());
    ASSIGN_OR_RETURN(sums[architecture], object->String(architecture));
    if (!IsSha256(sums[architecture])) {
      return object->Error("must be 64 lower-case hexadecimal digits each");
    }
  }
  return sums;
}

absl::StatusOr<Release> ParseRelease(const base::Json& json) {
  ASSIGN_OR_RETURN(const base::Json version, json.Get("version"));
  ASSIGN_OR_RETURN(Version parsed, ParseVersion(version));
  Release release{std::move(parsed)};
  ASSIGN_OR_RETURN(const base::Json type, json.Get("type"));
  ASSIGN_OR_RETURN(release.type, ParseType(type, release.version));
  ASSIGN_OR_RETURN(const base::Json date, json.Get("date"));
  ASSIGN_OR_RETURN(release.date, ParseDate(date));
  ASSIGN_OR_RETURN(release.notes, ParseNotes(json));
  ASSIGN_OR_RETURN(release.sha256, ParseSums(json));
  return release;
}

void WriteRelease(base::JsonWriter& writer, const Release& release) {
  writer.StartObject();
  base::WriteMember(writer, "version", release.version.text());
  base::WriteMember(writer, "type", ToString(release.type));
  base::WriteMember(writer, "date", absl::FormatCivilTime(release.date));
  base::WriteKey(writer, "notes");
  writer.StartArray();
  for (const std::string& note : release.notes) base::WriteString(writer, note);
  writer.EndArray();
  if (!release.sha256.empty()) {
    base::WriteKey(writer, "sha256");
    writer.StartObject();
    for (const auto& [architecture, sum] : release.sha256) {
      base::WriteMember(writer, architecture, sum);
    }
    writer.EndObject();
  }
  writer.EndObject();
}

}  // namespace

absl::string_view ToString(ReleaseType type) {
  return kTypes[static_cast<size_t>(type)].first;
}

absl::StatusOr<Catalogue> Catalogue::Parse(absl::string_view json) {
  if (json.size() > kMaxBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxBytes, " bytes"));
  }
  ASSIGN_OR_RETURN(const base::Json document, base::Json::Parse(json));
  ASSIGN_OR_RETURN(const base::Json field, document.Get("releases"));
  ASSIGN_OR_RETURN(const std::vector<base::Json> array, field.AsArray());
  if (array.size() > kMaxReleases) {
    return field.Error(absl::StrCat("more than ", kMaxReleases));
  }
  Catalogue catalogue;
  std::set<Version> seen;
  for (const base::Json& element : array) {
    ASSIGN_OR_RETURN(Release release, ParseRelease(element));
    if (!seen.insert(release.version).second) {
      return element.Error(
          absl::StrCat(release.version.text(), " is there twice"));
    }
    catalogue.releases_.push_back(std::move(release));
  }
  absl::c_sort(catalogue.releases_, [](const Release& a, const Release& b) {
    return a.version > b.version;
  });
  return catalogue;
}

const Release* Catalogue::Find(const Version& version) const {
  const auto found = absl::c_find_if(releases_, [&](const Release& release) {
    return release.version == version;
  });
  return found == releases_.end() ? nullptr : &*found;
}

const Release* Catalogue::Latest(Line line) const {
  const auto found = absl::c_find_if(releases_, [&](const Release& release) {
    return !release.version.prerelease() &&
           (line == Line::kAny || release.version.lts());
  });
  return found == releases_.end() ? nullptr : &*found;
}

std::string ToJson(const Catalogue& catalogue) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteKey(writer, "releases");
  writer.StartArray();
  for (const Release& release : catalogue.releases()) {
    WriteRelease(writer, release);
  }
  writer.EndArray();
  writer.EndObject();
  return text.GetString();
}

}  // namespace applets::upgrade
