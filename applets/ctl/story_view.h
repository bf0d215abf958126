#ifndef CNIVPC_APPLETS_CTL_STORY_VIEW_H_
#define CNIVPC_APPLETS_CTL_STORY_VIEW_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ctl/options.h"
#include "applets/ctl/output.h"
#include "applets/rpc/messages_events.h"

// What happened and why, for people and for programs. Pure.
namespace applets::ctl {

// Those of the events that are asked for. With a note if the daemon has
// forgotten some.
absl::StatusOr<Output> FormatEvents(const Options& options,
                                    rpc::EventsReply reply, absl::Time now);

// The same while following: no header, and JSON and YAML a document for each
// event (a line, or one that begins with ---).
absl::StatusOr<std::string> FormatNews(const Options& options,
                                       const rpc::EventsReply& reply);

absl::StatusOr<Output> FormatWhy(const Options& options,
                                 const rpc::WhyReply& reply);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_STORY_VIEW_H_
