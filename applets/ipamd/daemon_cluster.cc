// What a Daemon does as a part of a cluster.

#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "applets/ipamd/cluster.h"
#include "applets/ipamd/conflist.h"
#include "applets/ipamd/daemon.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

constexpr absl::Duration kConflistPoll = absl::Milliseconds(200);
constexpr absl::Duration kConflistRetry = absl::Seconds(5);

}  // namespace

void Daemon::OpenCluster() {
  if (!options_.cluster.api) return;
  cluster_ = std::make_unique<Cluster>(
      Cluster::Parts{loop_, ledger_->pool(), options_, node_, metrics_,
                     [this] { keeper_->Kick(); }});
  desk_->SetAdmit([this](const base::Pod& pod, Desk::Done done) {
    cluster_->Admit(pod, std::move(done));
  });
  if (!options_.cluster.calico) return;
  desk_->SetPrepare([this](const base::Pod& pod, base::Ipv4 ip,
                           Desk::Done done) {
    cluster_->Annotate(
        pod, ip, [this, done = std::move(done)](const absl::Status& status) {
          done(options_.cluster.calico_required ? status : absl::OkStatus());
        });
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
  if (!desk_->CouldLease().ok()) return conflist_timer_.Set(kConflistPoll);
  const auto written = ipamd::InstallConflist(conflist.path, conflist.text);
  if (!written.ok()) {
    LOG(ERROR) << "the runtime's configuration: " << written.status().message();
    return conflist_timer_.Set(kConflistRetry);
  }
  if (*written) LOG(INFO) << "wrote " << conflist.path;
}

}  // namespace applets::ipamd
