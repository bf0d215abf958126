#ifndef CNIVPC_APPLETS_IPAMD_FIXED_OFFICE_H_
#define CNIVPC_APPLETS_IPAMD_FIXED_OFFICE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "applets/ipamd/fixed/elector.h"
#include "applets/ipamd/fixed/registrar.h"
#include "applets/ipamd/metrics.h"
#include "base/loop.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/follower.h"
#include "vpc/provider.h"

namespace applets::ipamd::fixed {

// The cluster's controller of claims, on the node that leads: Elector says
// which, Registrar decides, and this makes the calls. While it leads it follows
// all claims and all StatefulSets; otherwise it looks at the lease now and
// then.
//
// Lives on the loop's thread; what blocks is done by one that owns nothing.
class Office {
 public:
  struct Parts {
    base::Loop& loop;
    std::shared_ptr<kube::Client> client;
    kube::Config api;
    std::shared_ptr<vpc::Provider> provider;
    Metrics& metrics;
    std::string node;
  };
  explicit Office(Parts parts);

  void Start() { Elect(); }
  // Whether there are fixed addresses on this node.
  void SetInterest(bool interested);
  // Lets others lead.
  void Stop();
  void UpdateMetrics();

 private:
  void Elect();
  void Send(const Elector::Call& call);
  void Open();
  void Close();
  void Work();
  void Do(const Registrar::Call& call);
  void Read(const kube::ObjectKey& key);
  void Write(const char* what, const kube::ObjectKey& key,
             std::function<absl::Status()> blocking);
  void Run(base::Workers& worker, std::function<base::Task()> blocking);
  void Count(const char* call, const absl::Status& status);

  const Parts parts_;
  absl::BitGen random_;
  Elector elector_;
  std::unique_ptr<Registrar> registrar_;  // while we lead
  bool stopped_ = false;
  int term_ = 0;  // how often we have begun to lead
  base::Timer elect_timer_;
  base::Timer work_timer_;
  base::Workers electing_{1};  // which waits for nothing else
  base::Workers working_{1};
  std::unique_ptr<kube::Follower> claims_;
  std::unique_ptr<kube::Follower> sets_;
};

}  // namespace applets::ipamd::fixed

#endif  // CNIVPC_APPLETS_IPAMD_FIXED_OFFICE_H_
