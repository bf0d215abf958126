#include "applets/cni/system_leasing.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "applets/cni/daemon_leases.h"
#include "applets/cni/offline_leases.h"
#include "applets/ledger/queue.h"
#include "applets/rpc/client.h"

namespace applets::cni {
namespace {

const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& value) {
  return value.status();
}

class SystemLeases final : public LeaseSource {
 public:
  explicit SystemLeases(const Config& config)
      : config_(config), deadline_(absl::Now() + config.timeout) {}

  absl::StatusOr<rpc::AcquireReply> Acquire(
      const rpc::AcquireRequest& request) override {
    return Ask([&](LeaseSource& leases) { return leases.Acquire(request); });
  }
  absl::Status Attached(const base::Attachment& attachment) override {
    return Ask(
        [&](LeaseSource& leases) { return leases.Attached(attachment); });
  }
  absl::Status Release(const rpc::ReleaseRequest& request) override {
    return Ask([&](LeaseSource& leases) { return leases.Release(request); });
  }
  absl::StatusOr<rpc::AcquireReply> Check(
      const base::Attachment& attachment) override {
    return Ask([&](LeaseSource& leases) { return leases.Check(attachment); });
  }
  absl::StatusOr<rpc::GcReply> Gc(const rpc::GcRequest& request) override {
    return Ask([&](LeaseSource& leases) { return leases.Gc(request); });
  }
  absl::Status Ready() override {
    return Ask([](LeaseSource& leases) { return leases.Ready(); });
  }

 private:
  // OK when there is an ipamd to talk to, NOT_FOUND when there is none.
  absl::Status Connect();

  template <typename Call>
  auto Ask(Call call) -> decltype(call(std::declval<LeaseSource&>()));

  const Config& config_;
  absl::Time deadline_;
  // The connection guards the lease, so it stays for the next call.
  std::unique_ptr<LeaseSource> daemon_;
};

absl::Status SystemLeases::Connect() {
  if (daemon_ != nullptr) return absl::OkStatus();
  auto daemon = DaemonLeases::Connect(config_);
  if (!daemon.ok()) return daemon.status();
  daemon_ = *std::move(daemon);
  return absl::OkStatus();
}

// All calls are the same done twice, so one whose ipamd went away without a
// word is made again: by the next ipamd, or by ourselves.
//
// Without ipamd the store's lock decides. A slice of waiting that has run out
// for nothing means that somebody holds it: an ipamd that is starting, or other
// plugins, whose turns are short.
template <typename Call>
auto SystemLeases::Ask(Call call)
    -> decltype(call(std::declval<LeaseSource&>())) {
  while (true) {
    absl::Status connected = Connect();
    if (connected.ok()) {
      auto answer = call(*daemon_);
      const bool again = rpc::WentAway(StatusOf(answer));
      if (!again || absl::Now() >= deadline_) return answer;
      daemon_.reset();
      continue;
    }
    if (!absl::IsNotFound(connected)) return connected;
    const absl::Time slice_end = std::min(absl::Now() + kLockSlice, deadline_);
    OfflineLeases offline(config_, slice_end);
    auto answer = call(offline);
    const absl::Time now = absl::Now();
    if (!absl::IsUnavailable(StatusOf(answer)) || now < slice_end ||
        now >= deadline_) {
      return answer;
    }
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<LeaseSource>> SystemLeasing::Open(
    const Config& config) {
  return std::make_unique<SystemLeases>(config);
}

absl::Status SystemLeasing::Enqueue(const Config& config,
                                    const rpc::ReleaseRequest& request) {
  return ledger::Enqueue(config.state_dir, request);
}

}  // namespace applets::cni
