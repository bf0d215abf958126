#ifndef CNIVPC_APPLETS_RPC_PEER_MESSAGES_H_
#define CNIVPC_APPLETS_RPC_PEER_MESSAGES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"

// What the ipamds of two nodes say to each other: plain structs, and their
// JSON. Field names are the JSON's; unknown fields are ignored, so that
// versions N and N-1 can talk to each other both ways. docs/api.md shows each
// with curl.
//
// Besides these a node answers GETs by which operators look at it from another
// node (ipamd/peer_desk.h), and nothing else: no operator's call that changes
// something can be made here.
namespace applets::rpc {

// Where ipamd listens for other nodes unless told otherwise.
inline constexpr uint16_t kPeerPort = 7312;

// The longest name of a node, a subnet or a key.
inline constexpr size_t kMaxNameBytes = 253;

// POST /v1/lend: asks a node to give one of its addresses up. Repeating it with
// the same key gets the same answer.
struct LendRequest {
  std::string key;   // chosen at random by who asks, once for each address
  std::string node;  // who asks
  base::Mac mac;     // the interface that the address will be moved to
  std::string subnet;
};

// The address won't be used by the lender any more, and may be taken over from
// its interface until `held_for` is over, measured by who asked from before it
// sent the request.
struct LendReply {
  base::Ipv4 address;
  base::Mac mac;  // the interface that has it
  absl::Duration held_for;
};

// POST /v1/settle: how it ended. Answered {}, also when nothing is known of the
// key: it may be repeated.
struct SettleRequest {
  std::string key;
  std::string node;    // as in LendRequest
  bool taken = false;  // false: the lender keeps its address
};

// GET /v1/spare: what there is to be had.
struct SpareReply {
  std::string node;
  std::string subnet;
  int spare = 0;  // addresses that this node would lend now
};

std::string ToJson(const LendRequest& message);
std::string ToJson(const LendReply& message);
std::string ToJson(const SettleRequest& message);
std::string ToJson(const SpareReply& message);
// INVALID_ARGUMENT names the field at fault.
absl::StatusOr<LendRequest> ParseLendRequest(absl::string_view json);
absl::StatusOr<LendReply> ParseLendReply(absl::string_view json);
absl::StatusOr<SettleRequest> ParseSettleRequest(absl::string_view json);
absl::StatusOr<SpareReply> ParseSpareReply(absl::string_view json);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_PEER_MESSAGES_H_
