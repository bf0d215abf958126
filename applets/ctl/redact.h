#ifndef CNIVPC_APPLETS_CTL_REDACT_H_
#define CNIVPC_APPLETS_CTL_REDACT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace applets::ctl {

// What stands where a secret stood.
inline constexpr char kRedacted[] = "<redacted>";

// `text` (JSON, an environment file, a log, a command line, a URL) without
// what could be a secret:
//
//   - the value of a name that sounds like one (...key..., token, secret,
//     password, signature, credential, authorization, cookie), behind '=' or
//     ':' or, for a flag, a space; a JSON object or array as a whole. A name
//     that ends in file, path, dir or url keeps its value;
//   - what follows `Bearer` or `Basic`, and a URL's user:password@;
//   - PEM blocks of private keys, JSON web tokens, and 40 hexadecimal digits,
//     which a signature of UCloud's API has.
//
// It would rather take away too much. Pure; doesn't depend on the text being
// well-formed.
std::string Redact(absl::string_view text);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_REDACT_H_
