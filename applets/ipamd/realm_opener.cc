#include "applets/ipamd/realm_opener.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "applets/ledger/vpc_config.h"
#include "base/status.h"
#include "glog/logging.h"
#include "netlink/further_interface.h"
#include "netlink/socket.h"
#include "netlink/sysctl.h"

namespace applets::ipamd {
namespace {

using ledger::RealmRecord;

// Between looks for a link that is to appear.
constexpr absl::Duration kLook = absl::Milliseconds(200);

absl::StatusOr<netlink::Node> PrepareNow(const RealmRecord& record,
                                         const netlink::Node& main,
                                         const std::string& sysctl_root) {
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  return netlink::PrepareFurther(host, netlink::Sysctl(sysctl_root), main,
                                 {.mac = record.mac,
                                  .address = record.address,
                                  .subnet = base::Ipv4Prefix::Containing(
                                      record.address, record.prefix_length),
                                  .gateway = record.gateway});
}

absl::Status AbandonLink(const netlink::Node& further) {
  if (further.ifindex == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
  return netlink::AbandonFurther(host, further);
}

absl::Status GiveBackAll(vpc::Provider& provider) {
  const auto listed = provider.List();
  if (absl::IsNotFound(listed.status())) return absl::OkStatus();
  RETURN_IF_ERROR(listed.status());
  for (const base::Ipv4 ip : *listed) RETURN_IF_ERROR(provider.Release(ip));
  return absl::OkStatus();
}

}  // namespace

vpc::InterfaceWish WishOf(const ledger::Realm& realm) {
  return {.subnet = realm.subnet, .security_groups = realm.security_groups};
}

RealmRecord RecordOf(const ledger::Realm& realm,
                     const vpc::Interface& interface) {
  return {.realm = realm,
          .stage = RealmRecord::Stage::kAttached,
          .interface_id = interface.id,
          .mac = interface.mac,
          .address = interface.address,
          .prefix_length = interface.prefix.length(),
          .gateway = interface.gateway};
}

absl::StatusOr<netlink::Node> PrepareLink(const RealmRecord& record,
                                          const netlink::Node& main,
                                          const std::string& sysctl_root,
                                          absl::Time deadline) {
  for (;;) {
    auto node = PrepareNow(record, main, sysctl_root);
    const absl::Time now = absl::Now();
    if (!absl::IsNotFound(node.status()) || now >= deadline) return node;
    absl::SleepFor(std::min(kLook, deadline - now));
  }
}

absl::Status TakeAway(vpc::Interfaces* interfaces, vpc::Provider* provider,
                      const RealmRecord& record, const netlink::Node& further) {
  if (interfaces == nullptr) {
    return absl::FailedPreconditionError("the VPC has no further interfaces");
  }
  const absl::Status abandoned = AbandonLink(further);
  if (!abandoned.ok()) {
    LOG(WARNING) << "interface=" << further.name << ": " << abandoned.message();
  }
  if (provider != nullptr) RETURN_IF_ERROR(GiveBackAll(*provider));
  return interfaces->Remove(record.interface_id);
}

bool MayChange(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status);
}

Options OptionsFor(const Options& own, const RealmRecord& record) {
  Options options = own;
  options.vpc = ledger::ForInterface(own.vpc,
                                     {.id = record.interface_id,
                                      .mac = record.mac,
                                      .subnet = record.realm.subnet,
                                      .vpc = own.vpc.ucloud.place.vpc_id},
                                     "");
  options.peers = {};
  return options;
}

}  // namespace applets::ipamd
