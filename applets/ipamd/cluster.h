#ifndef CNIVPC_APPLETS_IPAMD_CLUSTER_H_
#define CNIVPC_APPLETS_IPAMD_CLUSTER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "applets/ipamd/bulletin.h"
#include "applets/ipamd/herald.h"
#include "applets/ipamd/journal.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/networking.h"
#include "applets/ipamd/options.h"
#include "applets/ipamd/pools.h"
#include "applets/ipamd/roster.h"
#include "base/address.h"
#include "base/attachment.h"
#include "base/loop.h"
#include "kube/client.h"
#include "kube/follower.h"

namespace applets::ipamd {

// This node as a part of a Kubernetes cluster: the pods that are scheduled here
// (one list, one watch), the PodNetworkings (the same), its Ipamd resources,
// Events, and Calico's annotation.
// Nobody waits for the API server, unless Calico's annotation is wanted: while
// it is down pods get their addresses all the same, and the log, a metric and
// the status say so.
//
// Lives on the loop's thread; calls are made on threads that own nothing.
class Cluster {
 public:
  struct NetworkingNews {
    std::vector<Networking::Change> changes;
    bool complete = false;  // all that there are have been told
    absl::Status status;    // OK, or why we may be behind
  };
  struct Parts {
    base::Loop& loop;
    const Pools& pools;
    const Options& options;
    Metrics& metrics;
    // Demand() may have changed, and not by the pool.
    std::function<void()> on_demand;
    // PodNetworkings have changed.
    std::function<void(const NetworkingNews&)> on_networkings;
  };
  explicit Cluster(Parts parts);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  // Begins, when on_demand may be called.
  void Start();

  // A pool has changed.
  void OnRecords(const SubnetPool& pool);
  // A further pool is there; or is about to go, with its Ipamd resource.
  void OnOpened(const SubnetPool& pool);
  void OnClosing(const SubnetPool& pool);
  // Something went into the journal.
  void OnNote(const Note& note);

  // Writes Calico's annotation, then calls `done`. A pod without a name in
  // Kubernetes needs none. An error, too, if the name is another pod's by now.
  using Done = std::function<void(const absl::Status&)>;
  void Annotate(const base::Pod& pod, base::Ipv4 ip, Done done);

  // That very pod, or null if the API server doesn't know it or can't tell now.
  // One that the watch hasn't told yet is asked for once, and a second at most
  // is waited for it.
  using Found = std::function<void(const kube::Pod*)>;
  void Find(const base::Pod& pod, Found found);

  // The pods that are about to ask for an address.
  std::vector<const kube::Pod*> Expected() const;

  // "ok", or why the API server isn't reached.
  std::string Health() const;
  void UpdateMetrics();

 private:
  struct News {
    std::vector<Roster::Change> changes;
    absl::Status status;
  };
  static News NewsOf(kube::Follower::Report report);
  void Take(News news);
  void TakeStatus(const absl::Status& status);
  bool MayAsk(const base::Pod& pod) const;
  void Ask(const base::Pod& pod, Found found);
  static NetworkingNews NetworkingNewsOf(const kube::Follower::Report& report);
  void AddBulletin(const SubnetPool& pool, std::string name);
  void Call(base::Workers& workers, const char* what,
            std::function<absl::Status()> blocking, Done done);

  const Parts parts_;
  const std::shared_ptr<kube::Client> client_;
  Roster roster_;
  Herald herald_;
  absl::Status status_;
  bool answered_ = false;  // or has failed to; before that it may be asked
  int asking_ = 0;         // calls under way
  absl::Time ask_again_;   // after one that took too long
  base::Workers writing_{1};
  base::Workers reading_;
  base::Workers annotating_;
  std::vector<std::unique_ptr<Bulletin>> bulletins_;
  std::unique_ptr<kube::Follower> pods_;
  std::unique_ptr<kube::Follower> networkings_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_CLUSTER_H_
