#ifndef CNIVPC_APPLETS_VPCSIM_SIGNATURE_H_
#define CNIVPC_APPLETS_VPCSIM_SIGNATURE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace applets::vpcsim {

// SHA-1 of `signed_text` (wire.h) and the private key behind it, in lower-case
// hex.
std::string Sign(absl::string_view signed_text, absl::string_view private_key);

// Whether both are the same, in a time that doesn't depend on what differs.
bool IsSameSignature(absl::string_view a, absl::string_view b);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_SIGNATURE_H_
