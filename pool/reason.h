#ifndef CNIVPC_POOL_REASON_H_
#define CNIVPC_POOL_REASON_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace pool {

// Why something happened, or didn't: one code that `cnivpctl why`, the journal,
// metrics and Kubernetes Events share. NameOf gives its spelling, which is part
// of the interface and never changes; MeaningOf a sentence for people.
enum class Reason {
  // Why an ADD gets no address, or not at once.
  kPoolDry,               // no warm address
  kSubnetExhausted,       // the VPC says that the subnet is full
  kVpcUnavailable,        // the VPC doesn't answer, or answers with errors
  kVpcRefused,            // the VPC refuses: keys, rights, quota, wrong request
  kProbing,               // addresses came and are being probed
  kRateLimited,           // too many conflicts in a row: probing goes slowly
  kUnverified,            // the pool hasn't been compared with the VPC lately
  kRebuilding,            // the store was lost and is being rebuilt
  kStoreFailed,           // records can't be stored
  kDeleted,               // a DEL came after the ADD had begun
  kDetaching,             // the attachment's network is being taken down
  kOverloaded,            // too many ADDs wait
  kStopping,              // ipamd is about to stop
  kNotAnnotated,          // the pod's annotation can't be written
  kUnsupported,           // the pod asks for what this version doesn't do
  kFixedTaken,            // somebody else has the pod's fixed address
  kFixedElsewhere,        // the pod's fixed address is of another subnet
  kFixedBusy,             // the pod's fixed address is still being let go of
  kClaimUnavailable,      // the pod's VpcIpClaim can't be read or written
  kNetworkingMissing,     // there is no such PodNetworking, or it can't be used
  kNetworkingUnknown,     // which PodNetworking it has can't be found out
  kInterfaceUnavailable,  // no interface in the subnets of its PodNetworking

  // What became of an address.
  kAllocated,         // the VPC gave it
  kAdopted,           // the VPC had it for us, and we didn't know
  kAdmitted,          // probed, nobody else has it
  kConflict,          // somebody else used it when it was probed
  kContested,         // somebody else claims it while a pod has it
  kLeased,            // an attachment has it
  kDetached,          // the attachment is gone, the address cools down
  kWarm,              // it may be leased (again)
  kCooldownExtended,  // it still has connections
  kCooldownEnded,     // early, because the pool was dry
  kReclaimed,         // the VPC had lost it, and gave it to us again
  kLost,              // the VPC gave it to somebody else
  kReleasing,         // about to be given back to the VPC
  kReleased,          // given back
  kForeign,           // a pod of another plugin uses it
  kBorrowed,          // came from another node
  kLent,              // went to another node
  kLeaving,           // promised to another node
  kArriving,          // promised by another node, and about to be taken over
  kStayed,            // was promised to another node, which didn't take it
  kDrift,             // its pod's network had changed, and was repaired
  kDriftHeld,         // that doesn't last: it is left alone for a while
  kLeak,              // its pod was gone without a DEL
  kPopped,            // an operator took it out of the pool
  kPushed,            // an operator put it into the pool
  kFixed,             // it is kept for one pod from now on
  kFixedMoved,        // it came from another node for its pod
  kFixedGone,         // it isn't this node's any more
  kFixedReleased,     // nobody claims it any more: it goes back to the VPC

  // What became of a further interface.
  kInterfaceOpened,  // the node has it, and gives addresses of its subnet
  kInterfaceClosed,  // nobody needs it any more: it went back to the VPC
};

absl::string_view NameOf(Reason reason);
absl::string_view MeaningOf(Reason reason);
std::optional<Reason> ReasonNamed(absl::string_view name);
// All of them, in the order above.
absl::Span<const Reason> AllReasons();

}  // namespace pool

#endif  // CNIVPC_POOL_REASON_H_
