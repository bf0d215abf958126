// What a Daemon does about further interfaces.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "applets/ipamd/daemon.h"
#include "applets/ledger/vpc_config.h"
#include "base/status.h"

namespace applets::ipamd {
namespace {

constexpr absl::Duration kLockLimit = absl::Seconds(10);

}  // namespace

absl::Status Daemon::OpenRealms() {
  auto interfaces =
      ledger::OpenInterfaces(options_.vpc, options_.state_dir, access_);
  realms_ = std::make_unique<Realms>(Realms::Parts{
      .loop = loop_,
      .pools = *pools_,
      .metrics = metrics_,
      .undertaker = *undertaker_,
      .options = options_,
      .access = access_,
      .interfaces = std::move(interfaces),
      .handlers = [this](const Realm& realm) { return HandlersFor(realm); },
      .pods =
          [this] {
            auto pods = reception_->Waiting();
            if (cluster_ == nullptr) return pods;
            const auto expected = cluster_->Expected();
            pods.insert(pods.end(), expected.begin(), expected.end());
            return pods;
          },
      .note = [this](Note note) { Write(std::move(note)); },
      .on_opened = [this](SubnetPool& pool) { OnOpened(pool); },
      .on_closing =
          [this](SubnetPool& pool) {
            if (cluster_ != nullptr) cluster_->OnClosing(pool);
          },
      .on_change = [this] { OnChange(); }});
  return realms_->OpenStores(absl::Now() + kLockLimit);
}

void Daemon::OpenReception() {
  auto find = [this](const base::Pod& pod, const Cluster::Found& found) {
    cluster_->Find(pod, found);
  };
  reception_ = std::make_unique<Reception>(Reception::Parts{
      .loop = loop_,
      .pools = *pools_,
      .find = cluster_ == nullptr ? nullptr : Reception::Find(find),
      .choose = [this](const kube::Pod* pod) { return realms_->Choose(pod); },
      .direct = [this](
                    const kube::Pod* pod, const SubnetPool& pool,
                    const pool::Wish& wish,
                    const Turned& turned) { Direct(pod, pool, wish, turned); },
      .on_waiting = [this] { realms_->Kick(); }});
}

// How many pods are about to ask the realm's pool for an address.
int Daemon::Demand(const Realm& realm) const {
  if (cluster_ == nullptr) return 0;
  const auto pods = cluster_->Expected();
  return static_cast<int>(
      std::count_if(pods.begin(), pods.end(), [&](const kube::Pod* pod) {
        const Networking::Choice choice = realms_->Choose(pod);
        return choice.way == Networking::Choice::Way::kPool &&
               choice.realm == realm;
      }));
}

void Daemon::KickAll() {
  for (const auto& pool : pools_->all()) pool->keeper().Kick();
  realms_->Kick();
}

// Interfaces have come or gone, or are known now. The node's own pool isn't
// rebuilt before, for it would take other interfaces' pods for its own.
void Daemon::OnChange() {
  if (!own_started_ && !realms_->is_blind()) {
    own_started_ = true;
    own().Start();
  }
  if (reception_ != nullptr) reception_->OnChange();
}

}  // namespace applets::ipamd
