#include "applets/ctl/release.h"

#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "applets/ctl/admin_view.h"
#include "applets/ctl/failure.h"

namespace applets::ctl {
namespace {

std::string Question(const std::vector<base::Ipv4>& addresses) {
  std::string question = "About to give back to the VPC:\n";
  for (const base::Ipv4 address : addresses) {
    absl::StrAppend(&question, "  ", address.ToString(), "\n");
  }
  absl::StrAppend(&question, "Continue? [y/N] ");
  return question;
}

bool IsYes(const std::string& answer) {
  const std::string word =
      absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
  return word == "y" || word == "yes";
}

}  // namespace

Outcome ReleaseAddresses(const Options& options, const Host& host,
                         const Connection& ipamd) {
  rpc::GiveBackRequest request{options.target, {}};
  if (options.address) {
    request.addresses.push_back(*options.address);
  } else {
    const absl::StatusOr<rpc::UnusedReply> unused = AskUnused(ipamd);
    if (!unused.ok()) return {kFailed, "", ExplainRefused(unused.status())};
    for (const rpc::UnusedEntry& entry : unused->entries) {
      request.addresses.push_back(entry.address);
    }
    if (request.addresses.empty()) return {kDone, "", "Nothing to release.\n"};
  }
  if (!options.yes && !IsYes(host.ask(Question(request.addresses)))) {
    return {kNo, "", "Nothing was released.\n"};
  }
  // The person took their time: the connection's may be over.
  const absl::StatusOr<Connection> again = host.connect(options);
  if (!again.ok()) return {kFailed, "", ExplainUnreachable(again.status())};
  const absl::StatusOr<rpc::GiveBackReply> reply = GiveBack(*again, request);
  if (!reply.ok()) return {kFailed, "", ExplainRefused(reply.status())};
  absl::StatusOr<Output> output = FormatGiveBack(options, *reply);
  if (!output.ok()) return {kFailed, "", ExplainRefused(output.status())};
  const int exit_status = reply->refused.empty() ? kDone : kNo;
  return {exit_status, std::move(output->text), std::move(output->note)};
}

}  // namespace applets::ctl
