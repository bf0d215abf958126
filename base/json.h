#ifndef CNIVPC_BASE_JSON_H_
#define CNIVPC_BASE_JSON_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "rapidjson/document.h"
#include "rapidjson/stringbuffer.h"
#include "rapidjson/writer.h"

namespace base {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

// A value inside a parsed document, together with its path, so that every error
// names the field: `ips[0].address: must be a string`. Cheap to copy; keeps the
// document alive. Unknown fields are ignored; `null` counts as missing.
class Json {
 public:
  // Parses a whole document (RFC 8259), nested at most kMaxDepth deep.
  // InvalidArgument says where parsing stopped.
  static absl::StatusOr<Json> Parse(absl::string_view text);
  static constexpr int kMaxDepth = 64;

  bool IsObject() const { return value_->IsObject(); }
  bool IsArray() const { return value_->IsArray(); }
  bool IsString() const { return value_->IsString(); }

  // The member of an object: nullopt when it is missing or null, or when this
  // is no object.
  std::optional<Json> Find(absl::string_view key) const;
  // InvalidArgument "path.key: missing" instead.
  absl::StatusOr<Json> Get(absl::string_view key) const;

  // This value as a type; InvalidArgument "path: must be ..." otherwise.
  absl::StatusOr<std::string> AsString() const;
  absl::StatusOr<int64_t> AsInt() const;
  absl::StatusOr<bool> AsBool() const;
  absl::StatusOr<std::vector<Json>> AsArray() const;
  absl::Status MustBeObject() const;

  // Members, required or with a default for a missing one. A wrong type is an
  // error in either case.
  absl::StatusOr<std::string> String(absl::string_view key) const;
  absl::StatusOr<std::string> String(absl::string_view key,
                                     absl::string_view missing) const;
  absl::StatusOr<int64_t> Int(absl::string_view key) const;
  absl::StatusOr<int64_t> Int(absl::string_view key, int64_t missing) const;
  absl::StatusOr<bool> Bool(absl::string_view key, bool missing) const;
  // The elements of an array; none when it is missing.
  absl::StatusOr<std::vector<Json>> Array(absl::string_view key) const;

  // InvalidArgument "path: <problem>", for checks beyond the type.
  absl::Status Error(absl::string_view problem) const;

  // Where this value stands, "" for the whole document.
  const std::string& path() const { return path_; }
  // The value itself, for copying it on; borrowed from this object's document.
  const rapidjson::Value& raw() const { return *value_; }
  // This value as compact text.
  std::string Dump() const;

 private:
  Json(std::shared_ptr<const rapidjson::Document> document,
       const rapidjson::Value* value, std::string path)
      : document_(std::move(document)), value_(value), path_(std::move(path)) {}

  std::shared_ptr<const rapidjson::Document> document_;
  const rapidjson::Value* value_;
  std::string path_;
};

// Writes a string value or a member; rapidjson wants pointer and length.
void WriteString(JsonWriter& writer, absl::string_view value);
void WriteKey(JsonWriter& writer, absl::string_view key);
void WriteMember(JsonWriter& writer, absl::string_view key,
                 absl::string_view value);
void WriteMember(JsonWriter& writer, absl::string_view key, int64_t value);

}  // namespace base

#endif  // CNIVPC_BASE_JSON_H_
