#include "applets/rpc/peer_http.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

// What stands in the header fields.
struct Fields {
  std::optional<uint64_t> length;
  bool has_host = false;
  std::string authorization;
  bool keep_alive = true;
};

absl::Status NotHttp(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("not HTTP/1.1: ", what));
}

// RFC 9110 §5.6.2
bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) ||
           absl::string_view("!#$%&'*+-.^_`|~").find(c) !=
               absl::string_view::npos;
  });
}

// No control characters: neither a NUL nor a bare CR or LF (RFC 9112 §2.2, §5).
bool IsText(absl::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_iscntrl(c) && c != '\t';
  });
}

// "GET /v1/pool HTTP/1.1" (RFC 9112 §3)
absl::Status ReadRequestLine(absl::string_view line, PeerRequest* request) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() != 3) return NotHttp("request line");
  if (words[2] != "HTTP/1.1") return NotHttp("version");
  if (words[0] != "GET" && words[0] != "POST") return NotHttp("method");
  if (words[1].empty() || words[1][0] != '/') return NotHttp("target");
  request->method = std::string(words[0]);
  const std::pair<absl::string_view, absl::string_view> target =
      absl::StrSplit(words[1], absl::MaxSplits('?', 1));
  request->path = std::string(target.first);
  auto query = ParseQuery(target.second);
  if (!query.ok()) return NotHttp("query");
  request->query = *std::move(query);
  return absl::OkStatus();
}

// Two lengths, or one that isn't a plain number, make it a matter of opinion
// where the next request begins (RFC 9112 §6.3).
absl::Status ReadLength(absl::string_view value, Fields* fields) {
  uint64_t length = 0;
  const bool digits =
      std::all_of(value.begin(), value.end(), absl::ascii_isdigit);
  if (!digits || !absl::SimpleAtoi(value, &length) || fields->length) {
    return NotHttp("Content-Length");
  }
  if (length > kMaxPeerBodyBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("body longer than ", kMaxPeerBodyBytes, " bytes"));
  }
  fields->length = length;
  return absl::OkStatus();
}

absl::Status ReadField(absl::string_view line, Fields* fields) {
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos) return NotHttp("header");
  const absl::string_view name = line.substr(0, colon);
  const absl::string_view value =
      absl::StripAsciiWhitespace(line.substr(colon + 1));
  if (!IsToken(name)) return NotHttp("header");
  if (absl::EqualsIgnoreCase(name, "Content-Length")) {
    return ReadLength(value, fields);
  }
  if (absl::EqualsIgnoreCase(name, "Transfer-Encoding")) {
    return NotHttp("Transfer-Encoding isn't spoken here");
  }
  if (absl::EqualsIgnoreCase(name, "Host")) {
    if (fields->has_host) return NotHttp("two hosts");
    fields->has_host = true;
  }
  if (absl::EqualsIgnoreCase(name, "Authorization")) {
    fields->authorization = std::string(value);
  }
  if (absl::EqualsIgnoreCase(name, "Connection") &&
      absl::EqualsIgnoreCase(value, "close")) {
    fields->keep_alive = false;
  }
  return absl::OkStatus();
}

absl::StatusOr<Fields> ReadHead(absl::string_view head, PeerRequest* request) {
  const std::vector<absl::string_view> lines = absl::StrSplit(head, "\r\n");
  if (!std::all_of(lines.begin(), lines.end(), IsText)) {
    return NotHttp("control characters");
  }
  RETURN_IF_ERROR(ReadRequestLine(lines[0], request));
  Fields fields;
  for (size_t i = 1; i < lines.size(); ++i) {
    RETURN_IF_ERROR(ReadField(lines[i], &fields));
  }
  if (!fields.has_host) return NotHttp("no Host");  // RFC 9112 §3.2
  return fields;
}

absl::string_view ReasonOf(int status) {
  return status == 200 ? "OK" : "Error";
}

}  // namespace

absl::StatusOr<std::optional<PeerRequest>> TakeRequest(std::string* buffer) {
  const absl::string_view bytes =
      absl::string_view(*buffer).substr(0, kMaxPeerHeadBytes);
  const size_t end = bytes.find("\r\n\r\n");
  if (end == absl::string_view::npos) {
    if (buffer->size() < kMaxPeerHeadBytes) return std::nullopt;
    return absl::ResourceExhaustedError(
        absl::StrCat("head longer than ", kMaxPeerHeadBytes, " bytes"));
  }
  PeerRequest request;
  ASSIGN_OR_RETURN(Fields fields, ReadHead(bytes.substr(0, end), &request));
  const size_t length = static_cast<size_t>(fields.length.value_or(0));
  const size_t total = end + 4 + length;
  if (buffer->size() < total) return std::nullopt;
  request.authorization = std::move(fields.authorization);
  request.keep_alive = fields.keep_alive;
  request.body = buffer->substr(end + 4, length);
  buffer->erase(0, total);
  return request;
}

std::string FormatResponse(int status, absl::string_view content_type,
                           absl::string_view body, bool keep_alive) {
  return absl::StrCat(
      "HTTP/1.1 ", status, " ", ReasonOf(status),
      "\r\nContent-Type: ", content_type, "\r\nContent-Length: ", body.size(),
      keep_alive ? "" : "\r\nConnection: close", "\r\n\r\n", body);
}

}  // namespace applets::rpc
