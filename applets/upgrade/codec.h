// What the codecs of records share: enums by name, times, booleans.
#ifndef CNIVPC_APPLETS_UPGRADE_CODEC_H_
#define CNIVPC_APPLETS_UPGRADE_CODEC_H_

#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::upgrade {

// One of an enum's values; they are listed in the order of the enum.
template <typename T>
using Name = std::pair<absl::string_view, T>;

template <typename T>
absl::string_view NameOf(absl::Span<const Name<T>> names, T value) {
  return names[static_cast<size_t>(value)].first;
}

template <typename T>
absl::StatusOr<T> ValueOf(const base::Json& field,
                          absl::Span<const Name<T>> names) {
  ASSIGN_OR_RETURN(const std::string text, field.AsString());
  const auto found = absl::c_find_if(
      names, [&](const Name<T>& name) { return name.first == text; });
  if (found == names.end()) return field.Error("unknown");
  return found->second;
}

template <typename T>
absl::Status Read(const base::Json& object, absl::string_view key,
                  absl::Span<const Name<T>> names, T& value) {
  ASSIGN_OR_RETURN(const base::Json field, object.Get(key));
  ASSIGN_OR_RETURN(value, ValueOf<T>(field, names));
  return absl::OkStatus();
}

inline absl::Status Read(const base::Json& object, absl::string_view key,
                         absl::Time& value) {
  ASSIGN_OR_RETURN(const std::string text, object.String(key));
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &value, &error)) {
    return absl::OkStatus();
  }
  return object.Error(absl::StrCat(key, ": no time"));
}

inline void Write(base::JsonWriter& writer, absl::string_view key, bool value) {
  base::WriteKey(writer, key);
  writer.Bool(value);
}

inline void Write(base::JsonWriter& writer, absl::string_view key,
                  absl::Time time) {
  base::WriteMember(
      writer, key,
      absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone()));
}

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_CODEC_H_
