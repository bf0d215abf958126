// For tests: a node's leases in memory, with faults, and calls of the plugin.
#ifndef CNIVPC_APPLETS_CNI_FAKE_LEASING_H_
#define CNIVPC_APPLETS_CNI_FAKE_LEASING_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "applets/cni/lease_source.h"
#include "applets/cni/plugin.h"
#include "base/json.h"

namespace applets::cni {

// What FakeLeasing answers, and has been told. The addresses are 10.126.3.1 and
// so on, each given once.
struct FakeNode {
  // By call: "Open", "Acquire", "Attached", "Release", "Check", "Gc", "Ready",
  // "Enqueue". A call that is not in here succeeds.
  std::map<std::string, absl::Status> faults;

  rpc::NodeInterface interface;
  std::map<base::Attachment, base::Ipv4> leases;
  std::vector<base::Attachment> attached;
  std::vector<rpc::ReleaseRequest> queue;
  std::vector<rpc::AcquireRequest> acquired;
  rpc::GcReply gc_reply;
  rpc::GcRequest gc_request;
  absl::Duration timeout;  // of the last Open
  uint32_t given = 0;

  absl::Status Fault(const std::string& call) const;
};

// As ipamd would: Release takes the pod's network down, in the calling thread's
// network namespace.
class FakeLeasing final : public Leasing {
 public:
  explicit FakeLeasing(FakeNode& node) : node_(node) {}

  absl::StatusOr<std::unique_ptr<LeaseSource>> Open(
      const Config& config) override;
  absl::Status Enqueue(const Config& config,
                       const rpc::ReleaseRequest& request) override;

 private:
  FakeNode& node_;
};

// Makes a call; variables that aren't given aren't set. It began at kStartedAt
// and is logged at 2023-11-24T03:00:00Z.
inline constexpr absl::Duration kStartedAt = absl::Seconds(77);
Outcome CallPlugin(const std::map<std::string, std::string>& variables,
                   const std::string& config, FakeNode& node);
// The same with other leases, and begun now.
Outcome CallPluginNow(const std::map<std::string, std::string>& variables,
                      const std::string& config, Leasing& leasing);

// The code in an Outcome's error, 0 if it succeeded.
int CodeIn(const Outcome& outcome);
// A text member of what went to stdout, "" if there is none.
std::string TextIn(const Outcome& outcome, absl::string_view key);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_FAKE_LEASING_H_
