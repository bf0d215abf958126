#include "applets/ipamd/peer_desk.h"

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::ipamd {
namespace {

using rpc::Answer;

absl::Status MaySpeakFor(const rpc::PeerIdentity& identity,
                         const std::string& node) {
  if (identity.MayActAs(node)) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("your certificate isn't node ", node, "'s"));
}

}  // namespace

void PeerDesk::Serve(const rpc::PeerCall& call, const rpc::Reply& reply) {
  if (call.method == "GET") return Get(call, reply);
  if (call.path == "/v1/lend") return reply(Lend(call));
  if (call.path == "/v1/settle") return reply(Settle(call));
  reply(absl::UnimplementedError("no such path"));
}

void PeerDesk::Get(const rpc::PeerCall& call, const rpc::Reply& reply) {
  if (call.path == "/healthz") return reply(Answer{"ok\n", "text/plain"});
  if (call.path == "/v1/spare") {
    return reply(Answer{rpc::ToJson(rpc::SpareReply{
        parts_.node, parts_.subnet, parts_.lender.Spare(parts_.waiting())})});
  }
  if (!absl::c_linear_search(kLooks, call.path)) {
    return reply(absl::UnimplementedError("no such path"));
  }
  parts_.look({.method = "GET",
               .path = call.path,
               .query = call.query,
               .body = "",
               .peer = {},
               .connection = 0},
              reply);
}

absl::StatusOr<Answer> PeerDesk::Lend(const rpc::PeerCall& call) {
  ASSIGN_OR_RETURN(const rpc::LendRequest request,
                   rpc::ParseLendRequest(call.body));
  RETURN_IF_ERROR(MaySpeakFor(call.identity, request.node));
  ASSIGN_OR_RETURN(const pool::Lender::Loan loan,
                   parts_.lender.OnLend({request.key, request.node,
                                         request.subnet, parts_.waiting()},
                                        parts_.now()));
  return Answer{rpc::ToJson(
      rpc::LendReply{loan.ip, parts_.interface.mac, loan.held_for})};
}

absl::StatusOr<Answer> PeerDesk::Settle(const rpc::PeerCall& call) {
  ASSIGN_OR_RETURN(const rpc::SettleRequest request,
                   rpc::ParseSettleRequest(call.body));
  RETURN_IF_ERROR(MaySpeakFor(call.identity, request.node));
  RETURN_IF_ERROR(parts_.lender.OnSettle(request.key, request.node,
                                         request.taken, parts_.now()));
  return Answer{};
}

}  // namespace applets::ipamd
