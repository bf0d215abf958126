#ifndef CNIVPC_APPLETS_IPAMD_WHY_H_
#define CNIVPC_APPLETS_IPAMD_WHY_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/causes.h"
#include "applets/ipamd/journal.h"
#include "applets/rpc/messages_events.h"
#include "base/address.h"
#include "base/attachment.h"

// Why a pod has no address, or an address is as it is, for `cnivpctl why`. The
// pool says how things are, the journal how they came to be so. Pure.
namespace applets::ipamd {

// An ADD that waits for an address.
struct Waiter {
  base::Attachment attachment;
  base::Pod pod;
  absl::Time since;
};

// All that is known. Borrowed for a call.
struct Evidence {
  const Scene& scene;
  const Journal& journal;
  std::vector<Waiter> waiting = {};
};

// NOT_FOUND when neither the pool nor the journal has heard of it; the message
// says what that may mean.
absl::StatusOr<rpc::WhyReply> WhyPod(const Evidence& evidence,
                                     const base::Pod& pod, absl::Time now);
absl::StatusOr<rpc::WhyReply> WhyAddress(const Evidence& evidence,
                                         base::Ipv4 address, absl::Time now);

// A journal's entry as the message that carries it.
rpc::Event EventOf(const Journal::Entry& entry);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_WHY_H_
