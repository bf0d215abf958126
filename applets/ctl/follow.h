#ifndef CNIVPC_APPLETS_CTL_FOLLOW_H_
#define CNIVPC_APPLETS_CTL_FOLLOW_H_

#include "absl/time/time.h"
#include "applets/ctl/host.h"
#include "applets/ctl/options.h"

namespace applets::ctl {

// How often `events -f` asks for what is new.
inline constexpr absl::Duration kFollowInterval = absl::Seconds(1);

// What happened, and with --follow what happens, until the host has had enough.
// An ipamd that is restarted meanwhile is waited for: its journal begins anew.
Outcome ShowEvents(const Options& options, const Host& host);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_FOLLOW_H_
