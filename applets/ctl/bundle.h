#ifndef CNIVPC_APPLETS_CTL_BUNDLE_H_
#define CNIVPC_APPLETS_CTL_BUNDLE_H_

#include <cstddef>

#include "applets/ctl/host.h"
#include "applets/ctl/options.h"

namespace applets::ctl {

// Of a log the last so many bytes.
inline constexpr size_t kLogTailBytes = 256 << 10;
// Of a configuration all, if it isn't longer.
inline constexpr size_t kMaxConfigBytes = 256 << 10;

// Writes a tar file with what somebody who is to help needs: versions, what
// ipamd says (node, pool, events, flags, metrics, the end of its log), the
// kernel's links, addresses, routes, rules and neighbours, the runtime's
// network configurations, and the end of the plugin's log. What can't be had is
// named in errors.txt: an ipamd that is down is no reason to write nothing.
//
// No key, token or signature gets in: ipamd doesn't tell them, and everything
// passes Redact (redact.h). Names of pods, nodes and addresses do.
//
// To options.subject; "-" is stdout, "" a name with the time in the current
// folder.
Outcome WriteBundle(const Options& options, const Host& host);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_BUNDLE_H_
