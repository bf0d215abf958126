// How a failure reaches the runtime: the one place where a Status becomes a
// CNI error code.
#ifndef CNIVPC_APPLETS_CNI_ERROR_H_
#define CNIVPC_APPLETS_CNI_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "applets/cni/spec_version.h"
#include "applets/cni/verb.h"

namespace applets::cni {

// CNI SPEC §5 "Error", and from 100 on our own (docs/operations.md has them for
// the operator).
enum class Code {
  kIncompatibleVersion = 1,
  kUnsupportedField = 2,  // names key and value
  kUnknownContainer = 3,  // CHECK of an attachment without a lease
  kBadEnvironment = 4,    // names the variables
  kIo = 5,
  kUndecodable = 6,
  kInvalidConfig = 7,  // names the field
  kTryAgain = 11,
  kNotAvailable = 50,          // no address to give
  kLimitedConnectivity = 51,   // nor are the pods that are there reachable
  kInternal = 100,             // the kernel or the daemon failed: see details
  kAlreadyExists = 101,        // a name or an address is somebody else's
  kRefused = 102,              // cannot be done in this state, nor by a retry
  kPermissionDenied = 103,     // not root, or the socket isn't ours to use
  kStateDamaged = 104,         // the store can't be trusted
  kNotAsAdded = 105,           // CHECK: something ADD made has changed
  kCollectionIncomplete = 106  // GC: some attachments are left, details say why
};

// An error whose code is decided where it is found. `msg` names what is wrong
// by itself; `details` may be longer.
absl::Status ErrorWithCode(Code code, absl::string_view msg,
                           absl::string_view details = "");

// What the runtime is told.
struct Error {
  Code code;
  std::string msg;
  std::string details;

  friend bool operator==(const Error&, const Error&) = default;
};

// The code that ErrorWithCode gave, or else, from the Status's own code:
//
//   a failure of storage (base::IsIo)                    5
//   UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED, CANCELLED   11
//   RESOURCE_EXHAUSTED                                   50
//   NOT_FOUND, of CHECK                                  3
//   INVALID_ARGUMENT, OUT_OF_RANGE                       7
//   ALREADY_EXISTS                                       101
//   FAILED_PRECONDITION                                  102
//   PERMISSION_DENIED, UNAUTHENTICATED                   103
//   DATA_LOSS                                            104
//   all others, and every error that began as an errno   100
//
// Of STATUS the runtime wants to know one thing (CNI SPEC §2 STATUS), so there
// all of these are 50, but FAILED_PRECONDITION: ipamd says by it that the pods
// that exist suffer too, 51. `status` must not be OK.
Error ToError(const absl::Status& status, Verb verb);

// The error's JSON, ready for stdout. `version` is the configuration's, or the
// newest one when the configuration's is unknown.
std::string ToJson(const Error& error, SpecVersion version);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_ERROR_H_
