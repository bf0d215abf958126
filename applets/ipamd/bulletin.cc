#include "applets/ipamd/bulletin.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "kube/objects.h"
#include "kube/resource.h"

namespace applets::ipamd {
namespace {

constexpr char kNamespace[] = "kube-system";
// Where other nodes' ipamds are, as UK8S has it.
constexpr int kPeerPort = 7312;
// Longer than any call that nobody waits for should take.
constexpr absl::Duration kCallLimit = absl::Seconds(20);

}  // namespace

std::string FurtherIpamdName(const std::string& node, const SubnetPool& pool) {
  return absl::StrCat(node, "-", absl::AsciiStrToLower(pool.name()));
}

absl::Status WriteIpamd(kube::Client& client, const Publisher::Call& call) {
  const absl::Time deadline = absl::Now() + kCallLimit;
  kube::Ipamd ipamd = call.ipamd;
  if (call.adopt) {
    ASSIGN_OR_RETURN(const base::Json json,
                     client.Get(kube::kNodes, {"", ipamd.node}, deadline));
    ASSIGN_OR_RETURN(const kube::Node node, kube::DecodeNode(json));
    ipamd.meta.owners = {{"v1", "Node", ipamd.node, node.meta.uid, false}};
  }
  absl::Status status = client
                            .Patch({.resource = kube::kIpamds,
                                    .key = ipamd.meta.key,
                                    .patch = kube::IpamdPatch(ipamd)},
                                   deadline)
                            .status();
  if (!call.adopt || !absl::IsNotFound(status)) return status;
  absl::Status made = client
                          .Create(kube::kIpamds, ipamd.meta.key.name_space,
                                  kube::EncodeIpamd(ipamd), deadline)
                          .status();
  if (!absl::IsNotFound(made)) return made;
  return absl::NotFoundError(absl::StrCat(
      "the cluster doesn't know the resource (deploy/crds.yaml has it): ",
      made.message()));
}

absl::Status DeleteIpamd(kube::Client& client, const std::string& name) {
  absl::Status status = client.Delete(kube::kIpamds, {kNamespace, name}, {},
                                      absl::Now() + kCallLimit);
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

Bulletin::Bulletin(base::Loop& loop, const SubnetPool& pool, std::string name,
                   base::Ipv4 address, Write write)
    : pool_(pool),
      name_(std::move(name)),
      address_(address),
      write_(std::move(write)),
      timer_(loop, [this] { Publish(); }) {}

void Bulletin::OnRecords() {
  if (publisher_.deadline() == absl::InfiniteFuture()) return;
  publisher_.Set(Describe());
  timer_.Set(
      std::max(absl::ZeroDuration(), publisher_.deadline() - absl::Now()));
}

kube::Ipamd Bulletin::Describe() const {
  const Options& options = pool_.options();
  kube::Ipamd ipamd;
  ipamd.meta.key = {kNamespace, name_};
  ipamd.node = options.node;
  ipamd.address = absl::StrCat(address_.ToString(), ":", kPeerPort);
  ipamd.subnet = pool_.subnet();
  ipamd.current = pool_.pool().counts().warm;
  ipamd.low = options.watermarks.low;
  ipamd.high = options.watermarks.high;
  ipamd.fill = kube::FillOf(ipamd.current, ipamd.low, ipamd.high);
  return ipamd;
}

void Bulletin::Publish() {
  publisher_.Set(Describe());
  if (const auto call = publisher_.Next(absl::Now())) {
    write_(*call, [this, alive = std::weak_ptr<const bool>(alive_)](
                      const absl::Status& status) {
      if (alive.expired()) return;
      publisher_.OnWritten(status, absl::Now());
      Publish();
    });
  }
  const absl::Time deadline = publisher_.deadline();
  if (deadline == absl::InfiniteFuture()) return timer_.Cancel();
  timer_.Set(std::max(absl::ZeroDuration(), deadline - absl::Now()));
}

}  // namespace applets::ipamd
