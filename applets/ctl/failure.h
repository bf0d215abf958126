#ifndef CNIVPC_APPLETS_CTL_FAILURE_H_
#define CNIVPC_APPLETS_CTL_FAILURE_H_

#include <string>

#include "absl/status/status.h"

// What people read when nothing could be shown: what happened, and on a second
// line what to do about it. Pure.
namespace applets::ctl {

// `status` is from rpc::Client::Connect.
std::string ExplainUnreachable(const absl::Status& status);

// `status` is from finding a node by the API server.
std::string ExplainCluster(const absl::Status& status);

// `status` is from a call on a connection.
std::string ExplainRefused(const absl::Status& status);

// `status` is from writing a bundle.
std::string ExplainBundle(const absl::Status& status);

// `status` is from Parse.
std::string ExplainUsage(const absl::Status& status);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_FAILURE_H_
