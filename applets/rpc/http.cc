#include "applets/rpc/http.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

constexpr size_t kMaxHeaderBytes = 16384;

absl::Status Garbled(absl::string_view what) {
  return absl::InternalError(
      absl::StrCat("ipamd's answer is not HTTP/1.1: ", what));
}

absl::StatusOr<int> StatusOf(absl::string_view line) {
  // "HTTP/1.1 200 OK" (RFC 9112 §4)
  int status = 0;
  if (!absl::StartsWith(line, "HTTP/1.") || line.size() < 12 ||
      line[8] != ' ' || !absl::SimpleAtoi(line.substr(9, 3), &status) ||
      status < 100) {
    return Garbled("status line");
  }
  return status;
}

absl::StatusOr<uint64_t> LengthOf(absl::string_view headers) {
  for (absl::string_view line : absl::StrSplit(headers, "\r\n")) {
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const absl::string_view name = line.substr(0, colon);
    if (absl::EqualsIgnoreCase(name, "Transfer-Encoding")) {
      return Garbled("Transfer-Encoding where Content-Length was expected");
    }
    if (!absl::EqualsIgnoreCase(name, "Content-Length")) continue;
    const absl::string_view value =
        absl::StripAsciiWhitespace(line.substr(colon + 1));
    uint64_t length = 0;
    if (!absl::SimpleAtoi(value, &length)) return Garbled("Content-Length");
    return length;
  }
  return 0;
}

}  // namespace

std::string FormatRequest(absl::string_view method, absl::string_view path,
                          absl::string_view body) {
  return absl::StrCat(method, " ", path,
                      " HTTP/1.1\r\nHost: ipamd\r\n"
                      "Content-Type: application/json\r\nContent-Length: ",
                      body.size(), "\r\n\r\n", body);
}

absl::StatusOr<std::optional<Response>> TakeResponse(std::string* buffer,
                                                     size_t max_body_bytes) {
  const size_t end = buffer->find("\r\n\r\n");
  if (end == std::string::npos) {
    if (buffer->size() > kMaxHeaderBytes) return Garbled("endless headers");
    return std::nullopt;
  }
  const absl::string_view head = absl::string_view(*buffer).substr(0, end);
  const size_t line_end = head.find("\r\n");
  Response response;
  ASSIGN_OR_RETURN(response.status, StatusOf(head.substr(0, line_end)));
  ASSIGN_OR_RETURN(
      const uint64_t length,
      LengthOf(line_end == absl::string_view::npos ? ""
                                                   : head.substr(line_end)));
  if (length > max_body_bytes) return Garbled("body too long");
  const size_t total = end + 4 + length;
  if (buffer->size() < total) return std::nullopt;
  response.body = buffer->substr(end + 4, length);
  buffer->erase(0, total);
  return response;
}

}  // namespace applets::rpc
