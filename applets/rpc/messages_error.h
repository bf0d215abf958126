#ifndef CNIVPC_APPLETS_RPC_MESSAGES_ERROR_H_
#define CNIVPC_APPLETS_RPC_MESSAGES_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// Errors travel as {"code":"UNAVAILABLE","message":"..."} (absl's names, which
// are gRPC's), and "io":true for a failure of storage (base::IsIo), with an
// HTTP status that fits.
namespace applets::rpc {

std::string ErrorToJson(const absl::Status& status);
// The Status of an error body; INTERNAL when the body is none.
absl::Status ParseError(absl::string_view json);
int HttpStatusOf(absl::StatusCode code);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_MESSAGES_ERROR_H_
