// What a Shifter has to do with other nodes: where they are, and calls to them.

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ipamd/shifter.h"
#include "base/http.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

constexpr absl::Duration kSpareTimeout = absl::Seconds(3);
constexpr absl::Duration kCallTimeout = absl::Seconds(5);
// Shorter than cnivpctl waits, which then hears who didn't answer.
constexpr absl::Duration kLookTimeout = absl::Seconds(4);
// How long an answer of the API server may take, and a list of nodes be used.
constexpr absl::Duration kDirectoryTimeout = absl::Seconds(5);
constexpr absl::Duration kListAge = absl::Minutes(1);

pool::Moment Now() { return {absl::Now(), ledger::BootNow()}; }

absl::Status NoSuchPeer(const std::string& node) {
  return base::MarkNotSent(absl::NotFoundError(absl::StrCat(
      "where node ", node, " is isn't known: see --peers and --peers-file")));
}

// Blocks. Nothing was sent to a node that isn't found.
absl::StatusOr<rpc::Peer> Locate(const rpc::PeerDirectory* directory,
                                 const std::string& node) {
  if (directory == nullptr) return NoSuchPeer(node);
  auto peer = directory->Find(node, absl::Now() + kDirectoryTimeout);
  if (!peer.ok()) return base::MarkNotSent(peer.status());
  return peer;
}

}  // namespace

void Shifter::Borrow(int count) {
  peers_.LookAgain();
  if (!ListIsStale()) {
    return Do(Side::kBorrower,
              borrower_.OnWanted(count, peers_.names(), Now()));
  }
  Run(talking_,
      [this, directory = directory_, subnet = shift_.subnet,
       count]() -> Finish {
        auto listed = directory->List(subnet, absl::Now() + kDirectoryTimeout);
        return [this, count, listed = std::move(listed)] {
          OnListed(listed);
          Do(Side::kBorrower, borrower_.OnWanted(count, peers_.names(), Now()));
        };
      });
}

bool Shifter::ListIsStale() const {
  return directory_ != nullptr && ledger::BootNow() - listed_at_ > kListAge;
}

// An API server that doesn't answer leaves the nodes as they were.
void Shifter::OnListed(const absl::StatusOr<std::vector<rpc::Peer>>& listed) {
  CountPeerCall("directory", listed.status());
  listed_at_ = ledger::BootNow();
  if (!listed.ok()) {
    LOG(WARNING) << "peers: the cluster's nodes: " << listed.status().message();
    return;
  }
  std::vector<rpc::Peer> others;
  for (const rpc::Peer& peer : *listed) {
    if (peer.node != shift_.node) others.push_back(peer);
  }
  peers_.SetListed(others);
}

// As Run; where the node is may have to be asked for first.
void Shifter::RunWithPeer(Crew& crew, const std::string& node,
                          std::function<Finish(const MaybePeer&)> blocking) {
  const rpc::Peer* known = peers_.Find(node);
  std::optional<rpc::Peer> peer;
  if (known != nullptr) peer = *known;
  Run(crew,
      [directory = directory_, node, peer, blocking = std::move(blocking)] {
        return blocking(peer ? *peer : Locate(directory.get(), node));
      });
}

void Shifter::Ask(const pool::AskSpare& ask) {
  const auto tell =
      [this, node = ask.peer](const absl::StatusOr<rpc::SpareReply>& reply) {
        CountPeerCall("spare", reply.status());
        using Offer = pool::Borrower::Offer;
        const absl::StatusOr<Offer> offer =
            reply.ok() ? absl::StatusOr<Offer>({reply->subnet, reply->spare})
                       : reply.status();
        Do(Side::kBorrower, borrower_.OnSpare(node, offer, Now()));
      };
  RunWithPeer(talking_, ask.peer,
              [access = access_, tell](const MaybePeer& peer) -> Finish {
                const auto reply = peer.ok() ? rpc::PeerClient(access).Spare(
                                                   *peer, kSpareTimeout)
                                             : peer.status();
                return [tell, reply] { tell(reply); };
              });
}

void Shifter::Lend(const pool::CallLend& call) {
  const auto tell =
      [this, key = call.key](const absl::StatusOr<rpc::LendReply>& reply) {
        CountPeerCall("lend", reply.status());
        OnLent(key, reply);
      };
  const rpc::LendRequest request{call.key, shift_.node, parts_.interface.mac,
                                 shift_.subnet};
  RunWithPeer(
      talking_, call.peer,
      [access = access_, request, tell](const MaybePeer& peer) -> Finish {
        const auto reply = peer.ok() ? rpc::PeerClient(access).Lend(
                                           *peer, request, kCallTimeout)
                                     : peer.status();
        return [tell, reply] { tell(reply); };
      });
}

void Shifter::OnLent(const std::string& key,
                     const absl::StatusOr<rpc::LendReply>& reply) {
  const absl::Status& status = reply.status();
  pool::ShiftActions actions;
  if (reply.ok()) {
    actions = borrower_.OnPromised(
        key, {reply->address, reply->mac, reply->held_for}, Now());
  } else if (rpc::WasRefused(status) || base::WasNotSent(status)) {
    actions = borrower_.OnRefused(key, status, Now());
  } else {
    actions = borrower_.OnNoAnswer(key, status, Now());
  }
  Do(Side::kBorrower, std::move(actions));
}

void Shifter::Settle(const pool::CallSettle& call) {
  const auto tell = [this, key = call.key](const absl::Status& status) {
    CountPeerCall("settle", status);
    Do(Side::kBorrower, borrower_.OnSettled(key, status, Now()));
  };
  const rpc::SettleRequest request{call.key, shift_.node, call.taken};
  RunWithPeer(
      talking_, call.peer,
      [access = access_, request, tell](const MaybePeer& peer) -> Finish {
        absl::Status status = peer.status();
        if (peer.ok()) {
          status = rpc::PeerClient(access).Settle(*peer, request, kCallTimeout);
        }
        return [tell, status] { tell(status); };
      });
}

void Shifter::LookAt(const std::string& node, const std::string& path,
                     const rpc::Reply& reply) {
  if (access_.none()) {
    return reply(absl::FailedPreconditionError(
        "this node's ipamd has neither certificates nor a token to talk to "
        "others with: see --peer-cert and --peer-token-file"));
  }
  peers_.LookAgain();
  if (ListIsStale()) peers_.SetListed({});
  RunWithPeer(
      looking_, node,
      [this, access = access_, path, reply](const MaybePeer& peer) -> Finish {
        const auto body =
            peer.ok() ? rpc::PeerClient(access).Look(*peer, path, kLookTimeout)
                      : peer.status();
        return [this, reply, body] {
          CountPeerCall("look", body.status());
          if (!body.ok()) return reply(body.status());
          reply(rpc::Answer{*body});
        };
      });
}

}  // namespace applets::ipamd
