#ifndef CNIVPC_APPLETS_RPC_QUERY_H_
#define CNIVPC_APPLETS_RPC_QUERY_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// What stands behind '?' in a URL: NAME=VALUE with '&' between them, and bytes
// as %XX (RFC 3986 §2.1, §3.4). A '+' is a '+'. Pure.
namespace applets::rpc {

using Query = std::map<std::string, std::string>;

// `text` with all but letters, digits and "-._~" as %XX.
std::string Escape(absl::string_view text);
// INVALID_ARGUMENT for a '%' without two hexadecimal digits behind it.
absl::StatusOr<std::string> Unescape(absl::string_view text);

// With its '?'; "" when there is nothing.
std::string FormatQuery(const Query& query);
// Without '?'. Of a name that is there twice the last counts; one without '='
// has the value "". Unescape's errors.
absl::StatusOr<Query> ParseQuery(absl::string_view text);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_QUERY_H_
