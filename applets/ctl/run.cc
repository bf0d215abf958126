#include "applets/ctl/run.h"

#include <utility>

#include "applets/ctl/admin_view.h"
#include "applets/ctl/bundle.h"
#include "applets/ctl/completion.h"
#include "applets/ctl/failure.h"
#include "applets/ctl/follow.h"
#include "applets/ctl/help.h"
#include "applets/ctl/node_view.h"
#include "applets/ctl/output.h"
#include "applets/ctl/parse.h"
#include "applets/ctl/release.h"
#include "applets/ctl/story_view.h"
#include "base/build_info.h"

namespace applets::ctl {
namespace {

Outcome Printed(absl::StatusOr<Output> output) {
  if (!output.ok()) return {kFailed, "", ExplainRefused(output.status())};
  return {kDone, std::move(output->text), std::move(output->note)};
}

// An answer, formatted by `format`.
template <typename Reply, typename Format>
Outcome Answered(absl::StatusOr<Reply> reply, Format format) {
  if (!reply.ok()) return {kFailed, "", ExplainRefused(reply.status())};
  return Printed(format(*std::move(reply)));
}

Outcome ShowStatus(const Options& options, const rpc::NodeReply& node,
                   absl::Time now) {
  Outcome outcome = Printed(FormatStatus(options, node, now));
  if (outcome.exit_status == kDone && !node.ready) outcome.exit_status = kNo;
  return outcome;
}

// What needs one call on the connection.
Outcome AskOnce(const Options& options, const Host& host,
                const Connection& ipamd) {
  const absl::Time now = host.now();
  switch (options.action) {
    case Action::kGetNode:
      return Answered(AskPool(ipamd), [&](rpc::PoolReply pool) {
        return FormatNodes(options, {std::move(pool)});
      });
    case Action::kGetUnused:
      return Answered(AskUnused(ipamd), [&](const rpc::UnusedReply& reply) {
        return FormatUnused(options, reply, now);
      });
    case Action::kWhy:
      return Answered(AskWhy(ipamd, options), [&](const rpc::WhyReply& reply) {
        return FormatWhy(options, reply);
      });
    case Action::kPop:
    case Action::kPush:
      return Answered(options.action == Action::kPop ? Pop(ipamd, options)
                                                     : Push(ipamd, options),
                      [&](const rpc::AddressReply& reply) {
                        return FormatAddress(options, reply);
                      });
    case Action::kGc:
      return Answered(Sweep(ipamd, options), [&](const rpc::SweepReply& reply) {
        return FormatSweep(options, reply);
      });
    default:
      return Answered(AskPool(ipamd), [&](rpc::PoolReply pool) {
        return FormatPool(options, std::move(pool), now);
      });
  }
}

// What the API server tells of all nodes.
Outcome ShowCluster(const Options& options, const Host& host) {
  const auto nodes = host.nodes(options);
  if (!nodes.ok()) return {kFailed, "", ExplainCluster(nodes.status())};
  return Printed(FormatCluster(options, *nodes));
}

Outcome Ask(const Options& options, const Host& host) {
  if (!options.kubeconfig.empty() && options.node.empty()) {
    return ShowCluster(options, host);
  }
  if (options.action == Action::kEvents) return ShowEvents(options, host);
  const absl::StatusOr<Connection> ipamd = host.connect(options);
  if (!ipamd.ok()) {
    return {kFailed, "",
            options.kubeconfig.empty() ? ExplainUnreachable(ipamd.status())
                                       : ExplainCluster(ipamd.status())};
  }
  if (options.action == Action::kRelease) {
    return ReleaseAddresses(options, host, *ipamd);
  }
  if (options.action == Action::kStatus) {
    const absl::StatusOr<rpc::NodeReply> node = AskNode(*ipamd);
    if (!node.ok()) return {kFailed, "", ExplainRefused(node.status())};
    return ShowStatus(options, *node, host.now());
  }
  return AskOnce(options, host, *ipamd);
}

}  // namespace

Outcome Run(absl::Span<const std::string> arguments, const Host& host) {
  const absl::StatusOr<Options> options = Parse(arguments);
  if (!options.ok()) return {kUsage, "", ExplainUsage(options.status())};
  switch (options->action) {
    case Action::kVersion:
      return Printed(FormatVersion(*options, base::GetBuildInfo()));
    case Action::kCompletion:
      return {kDone, CompletionScript(options->subject), ""};
    case Action::kHelp:
      return {kDone, HelpText(options->subject), ""};
    case Action::kBundle:
      return WriteBundle(*options, host);
    default:
      return Ask(*options, host);
  }
}

}  // namespace applets::ctl
