#include "applets/cni/fake_leasing.h"

#include "absl/strings/str_cat.h"
#include "applets/cni/request.h"
#include "applets/ledger/ledger.h"
#include "base/status.h"
#include "netlink/pod_teardown.h"
#include "netlink/socket.h"

namespace applets::cni {
namespace {

using Variables = std::map<std::string, std::string>;

constexpr uint32_t kFirstAddress = 0x0a7e0301;  // 10.126.3.1

class FakeLeases final : public LeaseSource {
 public:
  explicit FakeLeases(FakeNode& node) : node_(node) {}

  absl::StatusOr<rpc::AcquireReply> Acquire(
      const rpc::AcquireRequest& request) override {
    RETURN_IF_ERROR(node_.Fault("Acquire"));
    node_.acquired.push_back(request);
    const auto [lease, added] =
        node_.leases.insert({request.attachment, base::Ipv4()});
    if (added) lease->second = base::Ipv4(kFirstAddress + node_.given++);
    return Reply(lease->second);
  }

  absl::Status Attached(const base::Attachment& attachment) override {
    RETURN_IF_ERROR(node_.Fault("Attached"));
    node_.attached.push_back(attachment);
    return absl::OkStatus();
  }

  absl::Status Release(const rpc::ReleaseRequest& request) override {
    RETURN_IF_ERROR(node_.Fault("Release"));
    ASSIGN_OR_RETURN(netlink::Socket host, netlink::Socket::Open());
    RETURN_IF_ERROR(netlink::TearDown(host, TracesOf(request)));
    node_.leases.erase(request.attachment);
    return absl::OkStatus();
  }

  absl::StatusOr<rpc::AcquireReply> Check(
      const base::Attachment& attachment) override {
    RETURN_IF_ERROR(node_.Fault("Check"));
    const auto lease = node_.leases.find(attachment);
    if (lease != node_.leases.end()) return Reply(lease->second);
    return absl::NotFoundError(
        absl::StrCat(attachment.ToString(), " has no lease"));
  }

  absl::StatusOr<rpc::GcReply> Gc(const rpc::GcRequest& request) override {
    RETURN_IF_ERROR(node_.Fault("Gc"));
    node_.gc_request = request;
    return node_.gc_reply;
  }

  absl::Status Ready() override { return node_.Fault("Ready"); }

 private:
  rpc::AcquireReply Reply(base::Ipv4 address) const {
    return {address, "subnet-a", node_.interface};
  }

  FakeNode& node_;
};

// Borrows its arguments.
Invocation InvocationOf(const Variables& variables, const std::string& config,
                        absl::Duration started_at) {
  return {.getenv = [&](const char* name) -> const char* {
            const auto it = variables.find(name);
            return it == variables.end() ? nullptr : it->second.c_str();
          },
          .read_stdin = [&] { return config; },
          .now = [] { return absl::FromUnixSeconds(1700794800); },
          .started_at = started_at};
}

}  // namespace

absl::Status FakeNode::Fault(const std::string& call) const {
  const auto fault = faults.find(call);
  return fault == faults.end() ? absl::OkStatus() : fault->second;
}

absl::StatusOr<std::unique_ptr<LeaseSource>> FakeLeasing::Open(
    const Config& config) {
  RETURN_IF_ERROR(node_.Fault("Open"));
  node_.timeout = config.timeout;
  return std::unique_ptr<LeaseSource>(new FakeLeases(node_));
}

absl::Status FakeLeasing::Enqueue(const Config&,
                                  const rpc::ReleaseRequest& request) {
  RETURN_IF_ERROR(node_.Fault("Enqueue"));
  node_.queue.push_back(request);
  return absl::OkStatus();
}

Outcome CallPlugin(const Variables& variables, const std::string& config,
                   FakeNode& node) {
  FakeLeasing leasing(node);
  return Run(InvocationOf(variables, config, kStartedAt), leasing);
}

Outcome CallPluginNow(const Variables& variables, const std::string& config,
                      Leasing& leasing) {
  return Run(InvocationOf(variables, config, ledger::BootNow()), leasing);
}

int CodeIn(const Outcome& outcome) {
  if (outcome.exit_status == 0) return 0;
  const auto json = base::Json::Parse(outcome.out);
  return json.ok() ? static_cast<int>(json->Int("code", -1).value_or(-1)) : -1;
}

std::string TextIn(const Outcome& outcome, absl::string_view key) {
  const auto json = base::Json::Parse(outcome.out);
  return json.ok() ? json->String(key, "").value_or("") : "";
}

}  // namespace applets::cni
