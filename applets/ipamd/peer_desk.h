#ifndef CNIVPC_APPLETS_IPAMD_PEER_DESK_H_
#define CNIVPC_APPLETS_IPAMD_PEER_DESK_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/rpc/peer_messages.h"
#include "applets/rpc/peer_server.h"
#include "applets/rpc/server.h"
#include "netlink/node.h"
#include "pool/shift.h"
#include "pool/shift_lender.h"

namespace applets::ipamd {

// What other nodes may ask of this one: the calls of rpc/peer_messages.h, what
// their operators may look at (kLooks), GET /healthz, and nothing else. What
// the lender wants done because of a call is left with it (Lender::Take). Lives
// on the loop's thread.
class PeerDesk {
 public:
  // Calls of the socket that change nothing, cost the VPC nothing, and tell no
  // settings: `cnivpctl -n`.
  static constexpr absl::string_view kLooks[] = {
      "/readyz", "/v1/events", "/v1/node", "/v1/pool", "/v1/why"};

  struct Parts {
    pool::Lender& lender;
    const netlink::Node& interface;
    std::string node;  // this node's name
    std::string subnet;
    // How many ADDs wait here.
    std::function<int()> waiting;
    // Answers one of kLooks as on the socket.
    std::function<void(const rpc::Call&, const rpc::Reply&)> look;
    std::function<pool::Moment()> now;
  };
  explicit PeerDesk(Parts parts) : parts_(std::move(parts)) {}

  // PERMISSION_DENIED when somebody speaks for another node, UNIMPLEMENTED for
  // anything else that can be asked, and what pool::Lender and the parsers say.
  void Serve(const rpc::PeerCall& call, const rpc::Reply& reply);

 private:
  void Get(const rpc::PeerCall& call, const rpc::Reply& reply);
  absl::StatusOr<rpc::Answer> Lend(const rpc::PeerCall& call);
  absl::StatusOr<rpc::Answer> Settle(const rpc::PeerCall& call);

  const Parts parts_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_PEER_DESK_H_
