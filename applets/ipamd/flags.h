#ifndef CNIVPC_APPLETS_IPAMD_FLAGS_H_
#define CNIVPC_APPLETS_IPAMD_FLAGS_H_

#include "absl/status/statusor.h"
#include "applets/ipamd/options.h"

namespace applets::ipamd {

// What ipamd's flags (gflags, parsed already) and its environment say.
// INVALID_ARGUMENT names the flag and says what it must be; also the errors of
// reading a file that a flag names.
absl::StatusOr<Options> OptionsFromFlags();

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_FLAGS_H_
