#include "applets/ledger/offline.h"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ledger/ledger.h"
#include "applets/ledger/locate.h"
#include "applets/ledger/realm.h"
#include "applets/ledger/recovery.h"
#include "base/status.h"
#include "netlink/further_interface.h"
#include "netlink/link.h"
#include "netlink/node.h"
#include "netlink/socket.h"

namespace applets::ledger {
namespace {

using rpc::AcquireReply;

// An allocation without an answer that was made so long ago has taken place by
// now, if it ever will, and the VPC's list shows it (pool/steward.h: the latest
// effect, and how far reads lag). Later ones are left to ipamd.
constexpr absl::Duration kSettled = absl::Seconds(75);
// The runtime waits, and tries again.
constexpr int kMetadataAttempts = 1;

// An open ledger, with all that it took to open it.
struct Desk {
  std::unique_ptr<Ledger> ledger;
  VpcConfig vpc;
  bool located = false;  // `vpc` leaves nothing open: ipamd left it
  absl::Time now;
  // Of a further interface's store: whose it is.
  std::optional<RealmRecord> realm = {};
};

absl::Status TakeConfig(Desk& desk, const VpcConfig& fallback) {
  desk.vpc = fallback;
  ASSIGN_OR_RETURN(const std::string stored,
                   desk.ledger->store().Setting("vpc"));
  if (stored.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(desk.vpc, ParseVpcConfig(stored));
  desk.located = true;
  return absl::OkStatus();
}

absl::StatusOr<Desk> OpenDesk(const OfflineOptions& options) {
  Desk desk;
  desk.now = absl::Now();
  pool::Policy policy;
  ASSIGN_OR_RETURN(desk.ledger, Ledger::Open(options.state_dir, policy,
                                             desk.now, options.deadline));
  RETURN_IF_ERROR(TakeConfig(desk, options.vpc));
  policy.cooldown = desk.vpc.cooldown;
  desk.ledger->SetPolicy(policy);
  return desk;
}

// The store of that further interface, of which `own` is the node's.
absl::StatusOr<Desk> OpenRealm(const OfflineOptions& options, const Desk& own,
                               const std::string& name) {
  OfflineOptions there = options;
  there.state_dir = RealmDir(options.state_dir, name);
  there.vpc = own.vpc;
  ASSIGN_OR_RETURN(Desk desk, OpenDesk(there));
  ASSIGN_OR_RETURN(const std::string record,
                   desk.ledger->store().Setting(kRealmSetting));
  ASSIGN_OR_RETURN(desk.realm, ParseRealmRecord(record));
  return desk;
}

// Calls `visit` with the stores of further interfaces, one after the other, as
// long as it says true.
absl::Status VisitRealms(const OfflineOptions& options, const Desk& own,
                         const std::function<bool(Desk)>& visit) {
  ASSIGN_OR_RETURN(const auto names, RealmsIn(options.state_dir));
  for (const std::string& name : names) {
    auto desk = OpenRealm(options, own, name);
    if (absl::IsInvalidArgument(desk.status())) continue;  // nothing in it yet
    RETURN_IF_ERROR(desk.status());
    if (!visit(*std::move(desk))) break;
  }
  return absl::OkStatus();
}

// The store that has the attachment's lease; else the node's own.
absl::StatusOr<Desk> OpenDeskOf(const OfflineOptions& options,
                                const rpc::Attachment& attachment) {
  ASSIGN_OR_RETURN(Desk own, OpenDesk(options));
  if (own.ledger->pool().Find(attachment) != nullptr) return own;
  std::optional<Desk> holder;
  RETURN_IF_ERROR(VisitRealms(options, own, [&](Desk desk) {
    if (desk.ledger->pool().Find(attachment) == nullptr) return true;
    holder = std::move(desk);
    return false;
  }));
  return holder ? *std::move(holder) : std::move(own);
}

// The node's interface, by what ipamd left or, if it has never run here, by
// what the metadata say now.
absl::StatusOr<netlink::Node> FindNode(Desk& desk, netlink::Socket& host) {
  if (desk.located) return netlink::FindNode(host, desk.vpc.interface);
  auto location = Locate(desk.vpc, "", kMetadataAttempts, host);
  if (absl::IsUnavailable(location.status())) {
    return absl::UnavailableError(
        absl::StrCat("ipamd isn't running and has never run on this node, and "
                     "where the node "
                     "is in the VPC can't be found out without it: ",
                     location.status().message()));
  }
  RETURN_IF_ERROR(location.status());
  desk.vpc = std::move(location->vpc);
  desk.located = true;
  return std::move(location->node);
}

// Opens the VPC, and asks it (and the kernel) whatever the store leaves open.
absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenVpc(
    const OfflineOptions& options, Desk& desk, netlink::Socket& host,
    const netlink::Node& node) {
  ASSIGN_OR_RETURN(auto provider,
                   OpenProvider(desk.vpc, options.state_dir, node));
  const pool::Records settled = pool::DecideSettled(
      desk.ledger->pool(),
      desk.vpc.vpc == "embedded" ? desk.now : desk.now - kSettled);
  const bool rebuild = desk.ledger->needs_rebuild();
  if (!rebuild && settled.empty()) return provider;
  ASSIGN_OR_RETURN(const auto listed, provider->List());
  ASSIGN_OR_RETURN(const auto users, LookAtKernel(host));
  RETURN_IF_ERROR(desk.ledger->Record(
      rebuild ? pool::DecideRebuild(desk.ledger->pool(), desk.vpc.subnet,
                                    listed, users, desk.now)
              : pool::DecideTakeIn(desk.ledger->pool(), desk.vpc.subnet, listed,
                                   users, desk.now)));
  RETURN_IF_ERROR(desk.ledger->Record(settled));
  if (!rebuild) return provider;
  ClaimUnlisted(*provider, listed, users);
  // What rests may have been given back a moment ago, of which the list didn't
  // know yet: only a later one tells (pool::Rebuilt). The embedded VPC is a
  // file.
  if (desk.vpc.vpc == "embedded" || desk.ledger->pool().counts().cooling == 0) {
    RETURN_IF_ERROR(desk.ledger->MarkRebuilt());
  }
  return provider;
}

AcquireReply ReplyOf(const pool::Address& row, const netlink::Node& node) {
  return {row.ip,
          row.subnet,
          {node.name, node.ifindex, node.mtu_bytes, node.address}};
}

// Of a pod on a further interface; `main` is the node's own one.
absl::StatusOr<AcquireReply> FurtherReplyOf(const pool::Address& row,
                                            const RealmRecord& realm,
                                            const netlink::Node& main,
                                            netlink::Socket& host) {
  ASSIGN_OR_RETURN(const netlink::Node further,
                   netlink::FindNode(host, realm.mac));
  netlink::Link link;
  link.name = further.name;
  link.index = further.ifindex;
  AcquireReply reply = ReplyOf(row, further);
  reply.node.address = main.address;
  reply.node.table = netlink::TableOf(link);
  return reply;
}

// Which pods are to have an address of another subnet only ipamd knows.
absl::Status CheckOfOwnSubnet(const Desk& desk) {
  ASSIGN_OR_RETURN(const std::string realms,
                   desk.ledger->store().Setting(kRealmsSetting));
  if (realms != "yes") return absl::OkStatus();
  return absl::UnavailableError(
      "ipamd isn't running, and the cluster has PodNetworkings: only ipamd "
      "knows which subnet the pod's address is to be of");
}

// Only ipamd brings a pod its fixed address; what has its lease keeps it.
absl::Status CheckOrdinary(const Desk& desk,
                           const rpc::AcquireRequest& request) {
  const pool::Pool& pool = desk.ledger->pool();
  if (pool.Find(request.attachment) != nullptr) return absl::OkStatus();
  RETURN_IF_ERROR(CheckOfOwnSubnet(desk));
  const pool::Address* kept =
      pool.FindTenant({request.pod.ns, request.pod.name});
  if (kept == nullptr) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("ipamd isn't running, and ", kept->ip.ToString(),
                   " is the pod's fixed address, which only ipamd gives"));
}

absl::Status AllocateOne(Desk& desk, vpc::Provider& provider) {
  auto [intent, records] =
      desk.ledger->pool().DecideAllocate(1, desk.vpc.subnet, desk.now);
  RETURN_IF_ERROR(desk.ledger->Record(records));
  const auto given = provider.Allocate(1, vpc::Priority::kPod);
  if (absl::IsUnavailable(given.status()) ||
      absl::IsDeadlineExceeded(given.status())) {
    return given.status();  // unknown outcome: the intent stays open
  }
  RETURN_IF_ERROR(desk.ledger->Record(desk.ledger->pool().DecideAllocated(
      intent, given.ok() ? *given : std::vector<base::Ipv4>(), desk.now)));
  return given.status();
}

absl::StatusOr<pool::Grant> Grant(Desk& desk, vpc::Provider& provider,
                                  const pool::Wish& wish) {
  const pool::Pool& pool = desk.ledger->pool();
  RETURN_IF_ERROR(desk.ledger->Record(desk.ledger->needs_rebuild()
                                          ? pool.DecideExpire(desk.now)
                                          : pool.DecideTick(desk.now)));
  auto grant = desk.ledger->pool().DecideAcquire(wish, desk.now);
  if (grant.status().code() != absl::StatusCode::kResourceExhausted) {
    return grant;
  }
  if (const absl::Status status = AllocateOne(desk, provider); !status.ok()) {
    return pool::Dry(desk.ledger->pool(), desk.vpc.subnet, status, desk.now);
  }
  return desk.ledger->pool().DecideAcquire(wish, desk.now);
}

}  // namespace

absl::StatusOr<AcquireReply> Acquire(const OfflineOptions& options,
                                     const rpc::AcquireRequest& request) {
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  ASSIGN_OR_RETURN(Desk desk, OpenDesk(options));
  RETURN_IF_ERROR(CheckOrdinary(desk, request));
  ASSIGN_OR_RETURN(const netlink::Node node, FindNode(desk, host));
  ASSIGN_OR_RETURN(const auto provider, OpenVpc(options, desk, host, node));
  const pool::Wish wish{request.attachment, request.pod, request.netns,
                        request.host_ifname, request.started_at};
  ASSIGN_OR_RETURN(const pool::Grant grant, Grant(desk, *provider, wish));
  RETURN_IF_ERROR(netlink::PrepareNode(netlink::Sysctl(), node.name));
  RETURN_IF_ERROR(desk.ledger->Record(grant.records));
  return ReplyOf(grant.address, node);
}

absl::Status Attached(const OfflineOptions& options,
                      const rpc::Attachment& attachment) {
  ASSIGN_OR_RETURN(const Desk desk, OpenDeskOf(options, attachment));
  ASSIGN_OR_RETURN(const pool::Records records,
                   desk.ledger->pool().DecideAttached(attachment));
  return desk.ledger->Record(records);
}

absl::StatusOr<AcquireReply> Check(const OfflineOptions& options,
                                   const rpc::Attachment& attachment) {
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  ASSIGN_OR_RETURN(Desk desk, OpenDeskOf(options, attachment));
  const pool::Address* row = desk.ledger->pool().Find(attachment);
  if (row == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no lease for ", attachment.ToString()));
  }
  ASSIGN_OR_RETURN(const netlink::Node node, FindNode(desk, host));
  if (desk.realm) return FurtherReplyOf(*row, *desk.realm, node, host);
  return ReplyOf(*row, node);
}

absl::StatusOr<std::optional<Released>> BeginRelease(
    const OfflineOptions& options, const rpc::ReleaseRequest& request) {
  ASSIGN_OR_RETURN(const Desk desk, OpenDeskOf(options, request.attachment));
  const pool::Pool& pool = desk.ledger->pool();
  RETURN_IF_ERROR(desk.ledger->Record(
      pool.DecideDetach(request.attachment, request.started_at, desk.now)));
  const pool::Address* row = pool.Find(request.attachment);
  if (row == nullptr || row->lease->phase != pool::Phase::kDetaching) {
    return std::nullopt;
  }
  return Released{row->ip, row->lease->host_ifname};
}

absl::Status EndRelease(const OfflineOptions& options,
                        const rpc::Attachment& attachment) {
  ASSIGN_OR_RETURN(const Desk desk, OpenDeskOf(options, attachment));
  return desk.ledger->Record(
      desk.ledger->pool().DecideDetached(attachment, desk.now));
}

absl::StatusOr<std::vector<rpc::Attachment>> Stale(
    const OfflineOptions& options, const rpc::GcRequest& request) {
  ASSIGN_OR_RETURN(const Desk own, OpenDesk(options));
  std::vector<rpc::Attachment> stale;
  const auto add = [&](const Desk& desk) {
    for (const pool::Lease& lease : desk.ledger->pool().NotIn(
             request.network, {request.valid.begin(), request.valid.end()})) {
      stale.push_back(lease.attachment);
    }
  };
  add(own);
  RETURN_IF_ERROR(VisitRealms(options, own, [&](const Desk& desk) {
    add(desk);
    return true;
  }));
  return stale;
}

absl::Status CouldLease(const OfflineOptions& options) {
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  ASSIGN_OR_RETURN(Desk desk, OpenDesk(options));
  RETURN_IF_ERROR(CheckOfOwnSubnet(desk));
  ASSIGN_OR_RETURN(const netlink::Node node, FindNode(desk, host));
  ASSIGN_OR_RETURN(const auto provider, OpenVpc(options, desk, host, node));
  if (desk.ledger->pool().counts().warm > 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(const vpc::Subnet subnet, provider->Describe());
  if (subnet.available > 0) return absl::OkStatus();
  return pool::Dry(desk.ledger->pool(), desk.vpc.subnet,
                   absl::ResourceExhaustedError(absl::StrCat(
                       "subnet ", desk.vpc.subnet, " has no address left")),
                   desk.now);
}

}  // namespace applets::ledger
