#include "applets/ctl/calls.h"

#include "absl/strings/str_cat.h"
#include "applets/rpc/query.h"
#include "base/status.h"

namespace applets::ctl {
namespace {

// "pod=default%2Fweb-1", "address=10.0.0.5", or "".
std::string SubjectOf(const Options& options) {
  if (options.address) {
    return absl::StrCat("address=", options.address->ToString());
  }
  if (!options.pod) return "";
  return absl::StrCat("pod=", rpc::Escape(absl::StrCat(options.pod->ns, "/",
                                                       options.pod->name)));
}

}  // namespace

absl::StatusOr<rpc::PoolReply> AskPool(const Connection& connection) {
  ASSIGN_OR_RETURN(const std::string body, connection("GET", "/v1/pool", ""));
  return rpc::ParsePoolReply(body);
}

absl::StatusOr<rpc::NodeReply> AskNode(const Connection& connection) {
  ASSIGN_OR_RETURN(const std::string body, connection("GET", "/v1/node", ""));
  return rpc::ParseNodeReply(body);
}

absl::StatusOr<rpc::UnusedReply> AskUnused(const Connection& connection) {
  ASSIGN_OR_RETURN(const std::string body,
                   connection("GET", "/v1/addresses/unused", ""));
  return rpc::ParseUnusedReply(body);
}

absl::StatusOr<rpc::WhyReply> AskWhy(const Connection& connection,
                                     const Options& options) {
  ASSIGN_OR_RETURN(
      const std::string body,
      connection("GET", absl::StrCat("/v1/why?", SubjectOf(options)), ""));
  return rpc::ParseWhyReply(body);
}

absl::StatusOr<rpc::EventsReply> AskEvents(const Connection& connection,
                                           const Options& options,
                                           uint64_t after) {
  ASSIGN_OR_RETURN(const std::string body,
                   connection("GET",
                              absl::StrCat("/v1/events?since=", after, "&",
                                           SubjectOf(options)),
                              ""));
  return rpc::ParseEventsReply(body);
}

absl::StatusOr<rpc::AddressReply> Pop(const Connection& connection,
                                      const Options& options) {
  ASSIGN_OR_RETURN(const std::string body,
                   connection("POST", "/v1/addresses/pop",
                              rpc::ToJson(rpc::AddressRequest{
                                  options.target, options.address})));
  return rpc::ParseAddressReply(body);
}

absl::StatusOr<rpc::AddressReply> Push(const Connection& connection,
                                       const Options& options) {
  ASSIGN_OR_RETURN(const std::string body,
                   connection("POST", "/v1/addresses/push",
                              rpc::ToJson(rpc::AddressRequest{
                                  options.target, options.address})));
  return rpc::ParseAddressReply(body);
}

absl::StatusOr<rpc::GiveBackReply> GiveBack(
    const Connection& connection, const rpc::GiveBackRequest& request) {
  ASSIGN_OR_RETURN(
      const std::string body,
      connection("POST", "/v1/addresses/release", rpc::ToJson(request)));
  return rpc::ParseGiveBackReply(body);
}

absl::StatusOr<rpc::SweepReply> Sweep(const Connection& connection,
                                      const Options& options) {
  ASSIGN_OR_RETURN(const std::string body,
                   connection("POST", "/v1/sweep",
                              rpc::ToJson(rpc::SweepRequest{options.dry_run})));
  return rpc::ParseSweepReply(body);
}

}  // namespace applets::ctl
