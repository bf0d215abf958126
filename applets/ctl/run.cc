#include "applets/ctl/run.h"

#include <utility>

#include "applets/ctl/completion.h"
#include "applets/ctl/failure.h"
#include "applets/ctl/help.h"
#include "applets/ctl/options.h"
#include "applets/ctl/output.h"
#include "applets/ctl/parse.h"
#include "base/build_info.h"

namespace applets::ctl {
namespace {

Outcome Printed(absl::StatusOr<Output> output) {
  if (!output.ok()) return {kFailed, "", ExplainRefused(output.status())};
  return {kDone, std::move(output->text), std::move(output->note)};
}

Outcome ShowPool(const Options& options, const Host& host) {
  absl::StatusOr<rpc::Client> client =
      host.connect(options.socket, options.timeout);
  if (!client.ok()) return {kFailed, "", ExplainUnreachable(client.status())};
  absl::StatusOr<rpc::PoolReply> reply = client->Pool();
  if (!reply.ok()) return {kFailed, "", ExplainRefused(reply.status())};
  return Printed(FormatPool(options, *std::move(reply), host.now()));
}

Outcome Do(const Options& options, const Host& host) {
  switch (options.action) {
    case Action::kGetPool:
    case Action::kGetPod:
    case Action::kPoolList:
      return ShowPool(options, host);
    case Action::kVersion:
      return Printed(FormatVersion(options, base::GetBuildInfo()));
    case Action::kCompletion:
      return {kDone, CompletionScript(options.subject), ""};
    case Action::kHelp:
    case Action::kLater:  // Parse has refused it
      break;
  }
  return {kDone, HelpText(options.subject), ""};
}

}  // namespace

Outcome Run(absl::Span<const std::string> arguments, const Host& host) {
  const absl::StatusOr<Options> options = Parse(arguments);
  if (!options.ok()) return {kUsage, "", ExplainUsage(options.status())};
  return Do(*options, host);
}

}  // namespace applets::ctl
