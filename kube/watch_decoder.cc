#include "kube/watch_decoder.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "kube/error.h"

namespace kube {
namespace {

using Kind = WatchEvent::Kind;

absl::StatusOr<Kind> KindOf(absl::string_view type) {
  if (type == "ADDED") return Kind::kAdded;
  if (type == "MODIFIED") return Kind::kModified;
  if (type == "DELETED") return Kind::kDeleted;
  if (type == "BOOKMARK") return Kind::kBookmark;
  return absl::DataLossError("an event of an unknown type");
}

absl::Status NoEvent(const absl::Status& why) {
  return absl::DataLossError(absl::StrCat("no event: ", why.message()));
}

absl::StatusOr<WatchEvent> Read(absl::string_view line) {
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(line));
  ASSIGN_OR_RETURN(const std::string type, json.String("type"));
  ASSIGN_OR_RETURN(base::Json object, json.Get("object"));
  RETURN_IF_ERROR(object.MustBeObject());
  if (type == "ERROR") return ErrorOf(object);
  ASSIGN_OR_RETURN(const Kind kind, KindOf(type));
  return WatchEvent{kind, std::move(object)};
}

}  // namespace

void WatchDecoder::Take(absl::string_view bytes) {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    scanned_ -= begin_;
    begin_ = 0;
  }
  buffer_.append(bytes);
}

std::optional<absl::string_view> WatchDecoder::NextLine() {
  const size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    return std::nullopt;
  }
  const absl::string_view line =
      absl::string_view(buffer_).substr(begin_, end - begin_);
  begin_ = scanned_ = end + 1;
  return line;
}

absl::StatusOr<std::optional<WatchEvent>> WatchDecoder::Next() {
  if (!error_.ok()) return error_;
  while (const std::optional<absl::string_view> line = NextLine()) {
    if (absl::StripAsciiWhitespace(*line).empty()) continue;
    absl::StatusOr<WatchEvent> event = Decode(*line);
    if (event.ok()) return *std::move(event);
    error_ = event.status();
    return error_;
  }
  if (buffer_.size() - begin_ > kMaxLine) {
    error_ = absl::ResourceExhaustedError(
        absl::StrCat("an event of more than ", kMaxLine, " bytes"));
    return error_;
  }
  return std::nullopt;
}

// JSON's own errors are the stream's, but an ERROR event's are its Status's.
absl::StatusOr<WatchEvent> WatchDecoder::Decode(absl::string_view line) {
  absl::StatusOr<WatchEvent> event = Read(line);
  const bool unreadable = absl::IsInvalidArgument(event.status()) &&
                          ReasonOf(event.status()).empty();
  return unreadable ? NoEvent(event.status()) : std::move(event);
}

absl::Status WatchDecoder::CheckEnd() const {
  if (!error_.ok()) return error_;
  const auto rest = absl::string_view(buffer_).substr(begin_);
  if (absl::StripAsciiWhitespace(rest).empty()) return absl::OkStatus();
  return absl::DataLossError("ended within an event");
}

}  // namespace kube
