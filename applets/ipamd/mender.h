#ifndef CNIVPC_APPLETS_IPAMD_MENDER_H_
#define CNIVPC_APPLETS_IPAMD_MENDER_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/drift.h"
#include "applets/ipamd/journal.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/sight.h"
#include "applets/ipamd/undertaker.h"
#include "base/address.h"
#include "base/loop.h"
#include "netlink/monitor.h"
#include "netlink/node.h"
#include "pool/pool.h"

namespace applets::ipamd {

// Sees to it that the networks of an interface's pods stay as they were made:
// hears from the kernel what changes, on the node and in pods, has drift.h
// decide, and mends what is missing (netlink/pod_repair.h). Lives on the loop's
// thread, in the node's network namespace; a thread of its own, which owns
// nothing, does what blocks.
class Mender {
 public:
  // From the first thing that the kernel tells until all that has come in by
  // then is read: an ADD under way isn't disturbed by every word about it.
  static constexpr absl::Duration kGather = absl::Milliseconds(50);
  // The kernel doesn't tell of proxies that go: they are listed.
  static constexpr absl::Duration kProxyInterval = absl::Milliseconds(500);
  // All leases are looked at now and then, for what no event has told.
  static constexpr absl::Duration kPatrolInterval = absl::Minutes(1);
  // Of one round, the log tells of so many pods one by one.
  static constexpr int kMaxLinesPerRound = 10;

  struct Parts {
    base::Loop& loop;
    const pool::Pool& pool;
    Undertaker& undertaker;
    Metrics& metrics;
    const netlink::Node& node;
    Drift::Scope scope;
    // For the journal.
    std::function<void(Note)> note;
    // The address of the node's main interface, if `node` isn't that.
    std::function<base::Ipv4()> gateway = nullptr;
  };
  // Hears from now on, but doesn't look yet.
  static absl::StatusOr<std::unique_ptr<Mender>> Open(Parts parts);

  // Looks at all leases, soon, and from then on at what changes.
  void Begin();

  // How many parts are left alone for a while, for they don't last.
  int held_back() const;

 private:
  Mender(Parts parts, netlink::Monitor monitor);

  void Declare();
  void Watch();
  void OnHearTimer();
  void Hear(const netlink::Notice& notice, absl::Time now);
  void Relist();
  void Arm();
  void Tick();
  void Patrol();
  void ListProxies();
  void OnProxies(const absl::StatusOr<std::vector<base::Ipv4>>& proxies);
  Sights WhatIsKnown(const std::vector<Drift::Target>& targets) const;
  void OnLooked(const absl::StatusOr<Sights>& sights);
  void OnMended(const Sights& sights, const std::vector<Drift::Done>& done);
  void Tell(const Sight& sight, const Drift::Done& done, bool log);
  void TellHeldBack(const Drift::HeldBack& held);
  void TellUnseen(const Sight& sight);
  void TakeBack();
  base::Ipv4 Gateway() const;
  void Run(std::function<std::function<void()>()> blocking);

  Parts parts_;
  netlink::Monitor monitor_;
  Drift drift_;
  bool relist_ = true;  // events about links were lost
  bool told_unseen_ = false;
  // Networks that were mended while a DEL took them down.
  std::vector<Undertaker::Burial> leftovers_;
  bool gathering_ = false;
  std::unique_ptr<base::Watch> watch_;  // nullptr while it gathers
  base::Timer hear_timer_;
  base::Timer look_timer_;
  base::Timer proxy_timer_;
  base::Timer patrol_timer_;
  base::Timer leftover_timer_;
  // What the worker has posted is left undone when it is gone.
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
  base::Workers worker_{1};
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_MENDER_H_
