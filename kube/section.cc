#include "kube/section.h"

#include "base/status.h"

namespace kube {

absl::StatusOr<Section> Section::Of(const base::Json& object,
                                    absl::string_view key) {
  const std::optional<base::Json> json = object.Find(key);
  if (json) RETURN_IF_ERROR(json->MustBeObject());
  return Section(json);
}

absl::StatusOr<std::string> Section::String(absl::string_view key) const {
  return json_ ? json_->String(key, "") : "";
}

absl::StatusOr<int64_t> Section::Int(absl::string_view key,
                                     int64_t missing) const {
  return json_ ? json_->Int(key, missing) : missing;
}

absl::StatusOr<bool> Section::Bool(absl::string_view key) const {
  return json_ ? json_->Bool(key, false) : false;
}

absl::StatusOr<std::vector<base::Json>> Section::Array(
    absl::string_view key) const {
  return json_ ? json_->Array(key) : std::vector<base::Json>();
}

absl::StatusOr<std::vector<std::string>> Section::Words(
    absl::string_view key) const {
  ASSIGN_OR_RETURN(const std::vector<base::Json> array, Array(key));
  std::vector<std::string> words;
  for (const base::Json& json : array) {
    ASSIGN_OR_RETURN(words.emplace_back(), json.AsString());
  }
  return words;
}

absl::StatusOr<std::map<std::string, std::string>> Section::Strings(
    absl::string_view key) const {
  std::map<std::string, std::string> strings;
  const std::optional<base::Json> map = json_ ? json_->Find(key) : std::nullopt;
  if (!map) return strings;
  RETURN_IF_ERROR(map->MustBeObject());
  for (const auto& member : map->raw().GetObject()) {
    if (!member.value.IsString()) return map->Error("must hold strings");
    strings.emplace(
        std::string(member.name.GetString(), member.name.GetStringLength()),
        std::string(member.value.GetString(), member.value.GetStringLength()));
  }
  return strings;
}

absl::StatusOr<Section> Section::Sub(absl::string_view key) const {
  return json_ ? Of(*json_, key) : Section(std::nullopt);
}

absl::StatusOr<std::optional<absl::Time>> Section::Time(
    absl::string_view key) const {
  const std::optional<base::Json> value =
      json_ ? json_->Find(key) : std::nullopt;
  if (!value) return std::nullopt;
  ASSIGN_OR_RETURN(const std::string text, value->AsString());
  absl::Time time;
  std::string unused;
  const bool parsed = absl::ParseTime(absl::RFC3339_full, text, &time, &unused);
  // ParseTime knows "infinite-future", too.
  if (!parsed || time == absl::InfiniteFuture() ||
      time == absl::InfinitePast()) {
    return value->Error("not an RFC 3339 time");
  }
  return time;
}

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace kube
