#ifndef CNIVPC_APPLETS_CTL_ADMIN_VIEW_H_
#define CNIVPC_APPLETS_CTL_ADMIN_VIEW_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/ctl/options.h"
#include "applets/ctl/output.h"
#include "applets/rpc/messages_admin.h"

// What an operator's commands have done, or found. Pure.
namespace applets::ctl {

absl::StatusOr<Output> FormatUnused(const Options& options,
                                    const rpc::UnusedReply& reply,
                                    absl::Time now);

// pop, push: "popped 10.0.0.5".
absl::StatusOr<Output> FormatAddress(const Options& options,
                                     const rpc::AddressReply& reply);

// What was refused is the note.
absl::StatusOr<Output> FormatGiveBack(const Options& options,
                                      const rpc::GiveBackReply& reply);

absl::StatusOr<Output> FormatSweep(const Options& options,
                                   const rpc::SweepReply& reply);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_ADMIN_VIEW_H_
