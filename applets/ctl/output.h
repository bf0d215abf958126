#ifndef CNIVPC_APPLETS_CTL_OUTPUT_H_
#define CNIVPC_APPLETS_CTL_OUTPUT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/ctl/options.h"
#include "applets/ctl/table.h"
#include "applets/rpc/messages_pool.h"
#include "base/build_info.h"

// From an answer to text. Pure; every text has its last newline.
namespace applets::ctl {

// What is printed: the answer on stdout, and a note on stderr, "" for none.
struct Output {
  std::string text;
  std::string note;
};

// `json` indented, or as YAML.
absl::StatusOr<Output> FormatDocument(Format format, absl::string_view json);
bool IsDocument(Format format);

// A table, with its header unless the options say otherwise; kubectl's words
// when there are no rows.
Output FormatRows(const Options& options, Row header, std::vector<Row> rows);

// `reply` as get pool, get pod or pool list show it. In JSON and YAML it is the
// daemon's own message (GET /v1/pool) with the addresses of the view.
absl::StatusOr<Output> FormatPool(const Options& options, rpc::PoolReply reply,
                                  absl::Time now);

// In text, the lines that `cnivpc version` has too.
absl::StatusOr<Output> FormatVersion(const Options& options,
                                     const base::BuildInfo& info);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_OUTPUT_H_
