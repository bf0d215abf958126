#ifndef CNIVPC_APPLETS_RPC_HTTP_H_
#define CNIVPC_APPLETS_RPC_HTTP_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// The client's half of HTTP/1.1 (RFC 9112), as much of it as ipamd's answers
// use: a status line, headers, a body of Content-Length bytes. libcurl would do
// it, but the plugin lives for a millisecond and libcurl's start is half of
// that (docs/decisions/0003-plugin-http-client.md). Pure.
namespace applets::rpc {

std::string FormatRequest(absl::string_view method, absl::string_view path,
                          absl::string_view body);

struct Response {
  int status = 0;
  std::string body;
};

// Takes one whole response off the front of `buffer`, or leaves it alone and
// returns nullopt when there is more to come. INTERNAL when it is none, or its
// body is longer than `max_body_bytes`.
absl::StatusOr<std::optional<Response>> TakeResponse(std::string* buffer,
                                                     size_t max_body_bytes);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_HTTP_H_
