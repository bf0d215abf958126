#include "applets/ipamd/node_condition.h"

#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "applets/ledger/ledger.h"
#include "base/status.h"
#include "glog/logging.h"
#include "kube/resource.h"

namespace applets::ipamd {
namespace {

constexpr absl::Duration kLookEvery = absl::Seconds(1);
constexpr absl::Duration kCallLimit = absl::Seconds(20);

kube::ClientOptions ClientOptions() {
  kube::ClientOptions options;
  options.attempt_timeout = absl::Seconds(5);
  options.max_attempts = 2;
  return options;
}

// Blocks.
absl::Status WriteCondition(kube::Client& client, const std::string& node,
                            kube::NodeCondition condition) {
  const absl::Time now = absl::Now();
  const absl::Time deadline = now + kCallLimit;
  ASSIGN_OR_RETURN(const base::Json json,
                   client.Get(kube::kNodes, {"", node}, deadline));
  ASSIGN_OR_RETURN(const std::optional<kube::NodeCondition> before,
                   kube::DecodeNodeCondition(json, condition.type));
  if (before && before->is_true == condition.is_true) {
    condition.since = before->since;
  }
  return client
      .Patch({.resource = kube::kNodes,
              .key = {"", node},
              .subresource = "status",
              .patch = kube::NodeConditionPatch(condition, now),
              .strategic = true},
             deadline)
      .status();
}

}  // namespace

NodeCondition::NodeCondition(Parts parts)
    : parts_(std::move(parts)),
      client_(std::make_shared<kube::Client>(parts_.api, ClientOptions())),
      began_(ledger::BootNow()),
      timer_(parts_.loop, [this] { Look(); }) {
  // The first addresses may be on their way.
  steady_.OnWarm();
}

// A call under way ends at once, so that the thread can be joined.
NodeCondition::~NodeCondition() { client_->Stop(); }

void NodeCondition::Look() {
  timer_.Set(kLookEvery);
  const absl::Status could = parts_.could();
  const absl::Duration now = ledger::BootNow();
  const absl::Status told = steady_.Look(could, now);
  // What there is from before stays until it is known to be wrong: that the
  // VPC hasn't been asked yet is no address.
  const bool known =
      told.ok() == could.ok() && (!told.ok() || now >= began_ + kHold);
  if (plan_.begun() || known) plan_.Set(told);
  if (const auto condition = plan_.Next(absl::Now())) Write(*condition);
}

void NodeCondition::Write(const kube::NodeCondition& condition) {
  writing_.Run([this, client = client_, condition] {
    const absl::Status status = WriteCondition(*client, parts_.node, condition);
    parts_.loop.Post([this, condition, status] {
      parts_.metrics.Add("cnivpc_kubernetes_calls_total",
                         {{"call", "condition"},
                          {"code", absl::StatusCodeToString(status.code())}});
      if (status.ok()) {
        LOG(INFO) << "kubernetes: " << condition.type << "="
                  << (condition.is_true ? "True" : "False")
                  << " reason=" << condition.reason << ": "
                  << condition.message;
      } else {
        LOG(WARNING) << "kubernetes: condition: " << status.message();
      }
      plan_.OnWritten(status, absl::Now());
    });
  });
}

}  // namespace applets::ipamd
