// What a Daemon does as a part of a cluster.

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ipamd/cluster.h"
#include "applets/ipamd/conflist.h"
#include "applets/ipamd/daemon.h"
#include "applets/ipamd/fixed/api.h"
#include "applets/ipamd/fixed/registrar.h"
#include "applets/ipamd/roster.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

constexpr absl::Duration kConflistPoll = absl::Milliseconds(200);
constexpr absl::Duration kConflistRetry = absl::Seconds(5);

fixed::Place PlaceOf(const Options& options, const netlink::Node& node) {
  const vpc::ucloud::Place& place = options.vpc.ucloud.place;
  const bool is_ucloud = options.vpc.vpc == "ucloud";
  return {.mac = is_ucloud ? place.mac : node.mac,
          .subnet = options.vpc.subnet,
          .vpc = place.vpc_id,
          .zone = place.zone};
}

}  // namespace

void Daemon::OpenCluster() {
  if (options_.cluster.api) {
    cluster_ = std::make_unique<Cluster>(Cluster::Parts{
        loop_, *pools_, options_, metrics_, [this] { KickAll(); },
        [this](const Cluster::NetworkingNews& news) {
          realms_->Take(news.changes, news.complete);
        }});
  }
  if (cluster_ != nullptr && options_.cluster.condition) {
    condition_ = std::make_unique<NodeCondition>(NodeCondition::Parts{
        loop_, *options_.cluster.api, options_.node, metrics_,
        [this] { return stopping_ ? absl::OkStatus() : Readiness(); }});
  }
  for (const auto& pool : pools_->all()) OnOpened(*pool);
}

// A pool is there.
void Daemon::OnOpened(SubnetPool& pool) {
  if (cluster_ == nullptr) return;
  if (&pool != &own()) cluster_->OnOpened(pool);
  if (!options_.cluster.calico) return;
  pool.desk().SetPrepare([this](const base::Pod& pod, base::Ipv4 ip,
                                Desk::Done done) {
    cluster_->Annotate(
        pod, ip, [this, done = std::move(done)](const absl::Status& status) {
          done(options_.cluster.calico_required ? status : absl::OkStatus());
        });
  });
}

// --- fixed addresses

// The keeper is made first, so it has a client of its own for this.
std::function<absl::StatusOr<pool::Tenants>()> Daemon::TenantsLister() const {
  if (!options_.cluster.api || !options_.cluster.fixed) return nullptr;
  return [client = std::make_shared<kube::Client>(*options_.cluster.api,
                                                  fixed::ApiOptions())] {
    return fixed::ListTenants(*client);
  };
}

void Daemon::OpenFixed() {
  if (cluster_ == nullptr || !options_.cluster.fixed) return;
  fixed_ = std::make_unique<fixed::FixedAddresses>(fixed::FixedAddresses::Parts{
      loop_, own().ledger(), own().keeper().provider(), *options_.cluster.api,
      options_.node, metrics_,
      [this] { return PlaceOf(options_, own().node()); },
      [this] { return own().keeper().steward().MayLease(absl::Now()); },
      [this](const fixed::Visitor& visitor, const pool::Tenant& tenant,
             std::function<void(absl::StatusOr<base::Ipv4>)> done) {
        pool::Wish wish;
        wish.attachment = visitor.attachment;
        wish.pod = visitor.pod;
        own().desk().Want(wish, tenant, std::move(done));
      },
      [this](const absl::Status& status) { own().OnStoreStatus(status); },
      [this](const pool::Note& note) { own().Tell(note); },
      [this] { own().keeper().Kick(); }});
}

// What kind of address an ADD's pod is to have.
void Daemon::Direct(const kube::Pod* pod, const SubnetPool& pool,
                    const pool::Wish& wish, const Turned& turned) {
  using Way = Desk::Turn::Way;
  if (pod == nullptr && fixed_ != nullptr && fixed_->Keeps(wish.pod)) {
    return turned({.way = Way::kRefused,
                   .status = absl::UnavailableError(
                       "a fixed address is kept for the pod, and the API "
                       "server can't be asked about it; try again"),
                   .reason = pool::Reason::kClaimUnavailable});
  }
  if (pod == nullptr) return turned({});
  absl::Status status = CheckSupported(*pod);
  if (status.ok() && FixedBy(*pod) && fixed_ == nullptr) {
    status = absl::FailedPreconditionError(
        "the pod asks for a fixed address, and ipamd gives none "
        "(--fixed-addresses=false)");
  }
  if (status.ok() && FixedBy(*pod) && &pool != &own()) {
    status = absl::FailedPreconditionError(
        "the pod asks for a fixed address, and its PodNetworking has other "
        "subnets than the node's own, of which ipamd gives none");
  }
  if (!status.ok()) {
    return turned({.way = Way::kRefused,
                   .status = status,
                   .reason = pool::Reason::kUnsupported});
  }
  if (FixedBy(*pod)) return Bring(*pod, wish, turned);
  turned({});
}

void Daemon::Bring(const kube::Pod& pod, const pool::Wish& wish,
                   const Turned& turned) {
  fixed_->Bring(
      {wish.attachment, wish.pod, *FixedBy(pod), KeptFor(pod)},
      [turned](const fixed::FixedAddresses::Outcome& outcome) {
        if (outcome.ip.ok()) {
          return turned({.way = Desk::Turn::Way::kFixed, .ip = *outcome.ip});
        }
        turned({.way = Desk::Turn::Way::kRefused,
                .status = outcome.ip.status(),
                .reason = outcome.reason,
                .told = outcome.told});
      });
}

void Daemon::Write(Note note) {
  if (cluster_ != nullptr) cluster_->OnNote(note);
  journal_.Add(std::move(note), absl::Now());
}

// Once, when a pod could get an address. It stays when we stop: the plugin
// works without us.
void Daemon::InstallConflist() {
  const ConflistOptions& conflist = options_.conflist;
  if (conflist.path.empty()) return;
  if (!own().desk().CouldLease().ok()) {
    return conflist_timer_.Set(kConflistPoll);
  }
  const auto written = ipamd::InstallConflist(conflist.path, conflist.text);
  if (!written.ok()) {
    LOG(ERROR) << "the runtime's configuration: " << written.status().message();
    return conflist_timer_.Set(kConflistRetry);
  }
  if (*written) LOG(INFO) << "wrote " << conflist.path;
}

}  // namespace applets::ipamd
