// The verbs that are about the whole node and no attachment.
#ifndef CNIVPC_APPLETS_CNI_NODE_VERBS_H_
#define CNIVPC_APPLETS_CNI_NODE_VERBS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "applets/cni/config.h"
#include "applets/cni/lease_source.h"

namespace applets::cni {

// GC: ends every lease of the network that isn't valid any more. Code 106 with
// all that went wrong; 7 when the runtime didn't say what is valid, for that
// would end every lease.
absl::Status CollectGarbage(const Config& config, Leasing& leasing);

// STATUS: OK if an ADD could succeed now. Without ipamd it could too, so what
// counts is what whoever gives leases says. Waits no longer than
// kStatusLimit: containerd asks every 5 seconds.
inline constexpr absl::Duration kStatusLimit = absl::Seconds(3);
absl::Status ReportStatus(const Config& config, Leasing& leasing);

// VERSION: the versions we speak, as JSON. `input` is stdin's text; its
// cniVersion is repeated if we speak it. Touches nothing.
std::string DescribeVersions(absl::string_view input);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_NODE_VERBS_H_
