#ifndef CNIVPC_APPLETS_UPGRADE_IPAMD_LOOK_H_
#define CNIVPC_APPLETS_UPGRADE_IPAMD_LOOK_H_

#include <optional>

#include "absl/time/time.h"
#include "applets/upgrade/health.h"

namespace applets::upgrade {

// How this node's ipamd is, by its socket; none if nobody listens there. One
// that isn't ready, or is being started anew, has `patience` to become it.
std::optional<IpamdHealth> LookAtIpamd(
    absl::Duration patience = absl::ZeroDuration());

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_IPAMD_LOOK_H_
