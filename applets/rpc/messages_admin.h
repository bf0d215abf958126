#ifndef CNIVPC_APPLETS_RPC_MESSAGES_ADMIN_H_
#define CNIVPC_APPLETS_RPC_MESSAGES_ADMIN_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"

// What an operator may do to the pool by hand. Only over the unix socket.
namespace applets::rpc {

// POST /v1/addresses/pop: takes an address out of the pool. It stays this
// node's by the VPC, and no pod gets it, until it is pushed or released.
//   FAILED_PRECONDITION  a pod has it, or it is being given back
//   NOT_FOUND            the pool doesn't know it, or (without an address) has
//                        none to spare
// POST /v1/addresses/push: puts a popped or unused address back into the pool;
// without an address the one that was popped first, or else a new one of the
// VPC's. It is probed before a pod gets it.
struct AddressRequest {
  std::string node;  // refused if it is another's name; "" for any
  std::optional<base::Ipv4> address = {};
};
struct AddressReply {
  base::Ipv4 address;
  std::string state;  // as in PoolEntry
};

// POST /v1/addresses/release: gives addresses back to the VPC, none of which a
// pod has. Answered when the VPC has answered for all of them.
struct GiveBackRequest {
  std::string node;
  std::vector<base::Ipv4> addresses;
};
struct Refused {
  base::Ipv4 address;
  std::string problem;
};
struct GiveBackReply {
  std::vector<base::Ipv4> released;
  std::vector<Refused> refused;
};

// GET /v1/addresses/unused: what the VPC counts as this node's, and neither the
// pool nor a pod has.
struct UnusedEntry {
  base::Ipv4 address;
  std::string subnet;
  std::string why;  // "popped", or "unknown" to the pool
  absl::Time since = absl::InfiniteFuture();  // popped since
};
struct UnusedReply {
  std::string node;
  std::vector<UnusedEntry> entries;
};

// POST /v1/sweep: looks for what crashes leave behind, and puts it right unless
// it is to be a rehearsal.
struct SweepRequest {
  bool dry_run = false;
};
struct SweepEntry {
  std::string kind;     // "orphan", "leak", ...
  std::string subject;  // an attachment or an address
  std::string text;     // what was found, and what is or would be done
};
struct SweepReply {
  bool dry_run = false;
  std::vector<SweepEntry> entries;
};

std::string ToJson(const AddressRequest& message);
std::string ToJson(const AddressReply& message);
std::string ToJson(const GiveBackRequest& message);
std::string ToJson(const GiveBackReply& message);
std::string ToJson(const UnusedReply& message);
std::string ToJson(const SweepRequest& message);
std::string ToJson(const SweepReply& message);
absl::StatusOr<AddressRequest> ParseAddressRequest(absl::string_view json);
absl::StatusOr<AddressReply> ParseAddressReply(absl::string_view json);
absl::StatusOr<GiveBackRequest> ParseGiveBackRequest(absl::string_view json);
absl::StatusOr<GiveBackReply> ParseGiveBackReply(absl::string_view json);
absl::StatusOr<UnusedReply> ParseUnusedReply(absl::string_view json);
absl::StatusOr<SweepRequest> ParseSweepRequest(absl::string_view json);
absl::StatusOr<SweepReply> ParseSweepReply(absl::string_view json);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_MESSAGES_ADMIN_H_
