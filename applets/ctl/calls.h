#ifndef CNIVPC_APPLETS_CTL_CALLS_H_
#define CNIVPC_APPLETS_CTL_CALLS_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/ctl/options.h"
#include "applets/rpc/messages_admin.h"
#include "applets/rpc/messages_events.h"
#include "applets/rpc/messages_node.h"
#include "applets/rpc/messages_pool.h"

// What is asked of an ipamd, and its answers read.
namespace applets::ctl {

// Makes a call and returns the answer's body: rpc::Client::Call, say.
using Connection = std::function<absl::StatusOr<std::string>(
    absl::string_view method, absl::string_view path, absl::string_view body)>;

absl::StatusOr<rpc::PoolReply> AskPool(const Connection& connection);
absl::StatusOr<rpc::NodeReply> AskNode(const Connection& connection);
absl::StatusOr<rpc::UnusedReply> AskUnused(const Connection& connection);
// About the pod or the address of the options, if any.
absl::StatusOr<rpc::WhyReply> AskWhy(const Connection& connection,
                                     const Options& options);
// ... that came after the sequence `after`.
absl::StatusOr<rpc::EventsReply> AskEvents(const Connection& connection,
                                           const Options& options,
                                           uint64_t after);

absl::StatusOr<rpc::AddressReply> Pop(const Connection& connection,
                                      const Options& options);
absl::StatusOr<rpc::AddressReply> Push(const Connection& connection,
                                       const Options& options);
absl::StatusOr<rpc::GiveBackReply> GiveBack(
    const Connection& connection, const rpc::GiveBackRequest& request);
absl::StatusOr<rpc::SweepReply> Sweep(const Connection& connection,
                                      const Options& options);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_CALLS_H_
