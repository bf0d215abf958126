#include "pool/reason.h"

#include <array>
#include <cstddef>

namespace pool {
namespace {

struct Row {
  Reason reason;
  absl::string_view name;
  absl::string_view meaning;
};

constexpr Row kRows[] = {
    {Reason::kPoolDry, "pool-dry", "No address of the pool is free."},
    {Reason::kSubnetExhausted, "subnet-exhausted",
     "The VPC says that the subnet has no address left."},
    {Reason::kVpcUnavailable, "vpc-unavailable",
     "The VPC doesn't answer, or answers with errors."},
    {Reason::kVpcRefused, "vpc-refused",
     "The VPC refuses the call: keys, rights, a quota or the request itself."},
    {Reason::kProbing, "probing",
     "Addresses came from the VPC and are being probed for conflicts."},
    {Reason::kRateLimited, "conflict-rate-limit",
     "Too many conflicts in a row: one address a minute is probed."},
    {Reason::kUnverified, "unverified",
     "The pool hasn't been compared with the VPC for longer than allowed."},
    {Reason::kRebuilding, "rebuilding",
     "The store was lost and is being rebuilt from the VPC and the kernel."},
    {Reason::kStoreFailed, "store-failed", "Records can't be stored."},
    {Reason::kDeleted, "deleted", "A DEL came after the ADD had begun."},
    {Reason::kDetaching, "detaching",
     "The attachment's network is still being taken down."},
    {Reason::kOverloaded, "overloaded", "Too many ADDs wait for an address."},
    {Reason::kStopping, "stopping", "ipamd is about to stop."},
    {Reason::kNotAnnotated, "not-annotated",
     "The annotation by which Calico learns the pod's address can't be "
     "written."},
    {Reason::kUnsupported, "unsupported",
     "The pod asks for an address of a kind that this version doesn't give."},
    {Reason::kFixedTaken, "fixed-taken",
     "Somebody else has the pod's fixed address."},
    {Reason::kFixedElsewhere, "fixed-elsewhere",
     "The pod's fixed address is of another subnet than this node's."},
    {Reason::kFixedBusy, "fixed-busy",
     "The pod's fixed address, or its claim, is still being let go of."},
    {Reason::kClaimUnavailable, "claim-unavailable",
     "The pod's VpcIpClaim can't be read or written."},
    {Reason::kNetworkingMissing, "networking-missing",
     "The pod's PodNetworking doesn't exist, or can't be used."},
    {Reason::kNetworkingUnknown, "networking-unknown",
     "Which PodNetworking the pod is to have can't be found out now."},
    {Reason::kInterfaceUnavailable, "interface-unavailable",
     "The node has no interface in the subnet that the pod is to be in, or not "
     "yet."},
    {Reason::kAllocated, "allocated", "The VPC gave the address to this node."},
    {Reason::kAdopted, "adopted",
     "The VPC counts the address as this node's, and the node didn't know."},
    {Reason::kAdmitted, "admitted",
     "The address was probed, and nobody else has it."},
    {Reason::kConflict, "conflict",
     "Somebody else used the address when it was probed."},
    {Reason::kContested, "contested",
     "Somebody else claims the address while a pod has it."},
    {Reason::kLeased, "leased", "A pod has the address."},
    {Reason::kDetached, "detached",
     "The pod is gone, and the address cools down."},
    {Reason::kWarm, "warm", "The address may be given to a pod."},
    {Reason::kCooldownExtended, "cooldown-extended",
     "The address rests longer, for it still has connections."},
    {Reason::kCooldownEnded, "cooldown-ended",
     "The address rested shorter, because the pool was dry."},
    {Reason::kReclaimed, "reclaimed",
     "The VPC had lost the address and gave it to this node again."},
    {Reason::kLost, "lost", "The VPC gave the address to somebody else."},
    {Reason::kReleasing, "releasing",
     "The address is being given back to the VPC."},
    {Reason::kReleased, "released", "The address was given back to the VPC."},
    {Reason::kForeign, "foreign", "Another plugin's pod uses the address."},
    {Reason::kBorrowed, "borrowed", "The address came from another node."},
    {Reason::kLent, "lent", "The address went to another node."},
    {Reason::kLeaving, "leaving",
     "The address is promised to another node, and isn't used here."},
    {Reason::kArriving, "arriving",
     "The address is being taken over from another node."},
    {Reason::kStayed, "stayed",
     "The address stays with the node that had promised it to another."},
    {Reason::kDrift, "drift",
     "The pod's network had changed, and was repaired."},
    {Reason::kDriftHeld, "drift-held",
     "What is repaired of the pod's network doesn't last; it is left alone for "
     "a while."},
    {Reason::kLeak, "leak", "The pod was gone without a DEL."},
    {Reason::kPopped, "popped",
     "An operator took the address out of the pool."},
    {Reason::kPushed, "pushed", "An operator put the address into the pool."},
    {Reason::kFixed, "fixed", "The address is kept for one pod from now on."},
    {Reason::kFixedMoved, "fixed-moved",
     "The fixed address came from another node, for its pod."},
    {Reason::kFixedGone, "fixed-gone",
     "The fixed address isn't this node's any more."},
    {Reason::kFixedReleased, "fixed-released",
     "Nobody claims the fixed address any more, and it goes back to the VPC."},
    {Reason::kInterfaceOpened, "interface-opened",
     "The node has a further interface, and gives addresses of its subnet."},
    {Reason::kInterfaceClosed, "interface-closed",
     "Nobody needs the further interface any more, and it is given back."},
};

const Row& RowOf(Reason reason) { return kRows[static_cast<size_t>(reason)]; }

constexpr auto kAll = [] {
  std::array<Reason, std::size(kRows)> all = {};
  for (size_t i = 0; i < all.size(); ++i) {
    // The table is in the order of the enum, and complete.
    if (static_cast<size_t>(kRows[i].reason) != i) throw "order";
    all[i] = kRows[i].reason;
  }
  return all;
}();
static_assert(kAll.back() == Reason::kInterfaceClosed);

}  // namespace

absl::string_view NameOf(Reason reason) { return RowOf(reason).name; }
absl::string_view MeaningOf(Reason reason) { return RowOf(reason).meaning; }

std::optional<Reason> ReasonNamed(absl::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.reason;
  }
  return std::nullopt;
}

absl::Span<const Reason> AllReasons() { return kAll; }

}  // namespace pool
