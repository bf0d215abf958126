#ifndef CNIVPC_APPLETS_RPC_MESSAGES_H_
#define CNIVPC_APPLETS_RPC_MESSAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"

// The messages between the plugin, cnivpctl and ipamd: plain structs, and their
// JSON. Field names are the JSON's. Unknown fields are ignored and missing
// optional ones take the value given here, so that versions N and N-1 can talk
// to each other both ways. docs/api.md shows each with curl.
//
// Here are the leases, which is all that the plugin needs; messages_pool.h,
// messages_node.h, messages_events.h and messages_admin.h have the rest.
namespace applets::rpc {

// Where ipamd listens unless told otherwise.
inline constexpr char kDefaultSocket[] = "/run/cni-vpc-ipamd.sock";
// Where the store, the lock and the queue live unless told otherwise.
inline constexpr char kDefaultStateDir[] = "/var/lib/cnivpc";

using base::Attachment;
using base::Pod;  // `ns` is "namespace" in JSON

// POST /v1/leases/acquire. The connection guards the lease until `attached` has
// been sent on it: when it closes before, ipamd takes the pod's network down
// and ends the lease.
struct AcquireRequest {
  Attachment attachment;
  Pod pod;
  std::string netns;        // path, for the record
  std::string host_ifname;  // the name that the host's end will have
  // When the plugin was started, by CLOCK_BOOTTIME: an ADD that began before
  // the attachment's DEL came is refused.
  absl::Duration started_at;
  // What the plugin can do beyond version 0.1.0's: kTables. Whom ipamd gives a
  // lease with a table must have said so (CheckCan), for an older plugin would
  // overlook it and make a network that sends to the wrong interface.
  std::vector<std::string> can = {};
};
// NodeInterface::table.
inline constexpr char kTables[] = "tables";
// FAILED_PRECONDITION, with what to do, unless the plugin said that it can.
absl::Status CheckCan(const AcquireRequest& request, absl::string_view what);

// The node's interface that the pod's packets go through.
struct NodeInterface {
  std::string name;
  uint32_t ifindex = 0;
  uint32_t mtu_bytes = 0;
  // The pod's gateway: the address of the node's main interface, whichever
  // interface this is.
  base::Ipv4 address;
  // Of a further interface: the table by which the pod's packets leave the
  // node. 0, and not in the JSON, of the main one.
  uint32_t table = 0;
};

// The answer: all that the plugin needs to set the pod's network up.
struct AcquireReply {
  base::Ipv4 address;
  std::string subnet;
  NodeInterface node;
};

// POST /v1/leases/attached: {attachment}. Answered, but nobody has to wait.

// POST /v1/leases/release. ipamd deletes the pod's link, rule and proxy
// neighbour, and answers when the kernel has said that the link is gone. An
// attachment that isn't known is no error.
struct ReleaseRequest {
  Attachment attachment;
  Pod pod;
  std::string host_ifname;    // "" when CNI_ARGS didn't tell the pod
  absl::Duration started_at;  // as in AcquireRequest
};

// POST /v1/leases/check: {attachment} -> AcquireReply, or NOT_FOUND.

// POST /v1/gc: ends all leases of `network` whose attachment isn't in `valid`.
struct GcRequest {
  std::string network;
  std::vector<Attachment> valid;
};
struct GcReply {
  std::vector<Attachment> released;
  std::vector<std::string> errors;
};

// GET /v1/status: OK, or the reason why no address could be leased now.

// One function per direction and message. Parsers name the field at fault.
std::string ToJson(const AcquireRequest& message);
std::string ToJson(const AcquireReply& message);
std::string ToJson(const Attachment& message);
std::string ToJson(const ReleaseRequest& message);
std::string ToJson(const GcRequest& message);
std::string ToJson(const GcReply& message);
absl::StatusOr<AcquireRequest> ParseAcquireRequest(absl::string_view json);
absl::StatusOr<AcquireReply> ParseAcquireReply(absl::string_view json);
absl::StatusOr<Attachment> ParseAttachment(absl::string_view json);
absl::StatusOr<ReleaseRequest> ParseReleaseRequest(absl::string_view json);
absl::StatusOr<GcRequest> ParseGcRequest(absl::string_view json);
absl::StatusOr<GcReply> ParseGcReply(absl::string_view json);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_MESSAGES_H_
