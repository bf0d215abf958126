#include "applets/ctl/admin_view.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/ctl/age.h"
#include "applets/ctl/table.h"

namespace applets::ctl {

absl::StatusOr<Output> FormatUnused(const Options& options,
                                    const rpc::UnusedReply& reply,
                                    absl::Time now) {
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, rpc::ToJson(reply));
  }
  const bool wide = options.format == Format::kWide;
  Row header = {"IP", "SUBNET"};
  if (wide) header.insert(header.end(), {"WHY", "SINCE"});
  std::vector<Row> rows;
  for (const rpc::UnusedEntry& entry : reply.entries) {
    Row row = {entry.address.ToString(), entry.subnet};
    if (wide) {
      const bool known = entry.since != absl::InfiniteFuture();
      row.push_back(entry.why);
      row.push_back(known ? FormatAge(now - entry.since) : "");
    }
    rows.push_back(std::move(row));
  }
  return FormatRows(options, std::move(header), std::move(rows));
}

absl::StatusOr<Output> FormatAddress(const Options& options,
                                     const rpc::AddressReply& reply) {
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, rpc::ToJson(reply));
  }
  const std::string address = reply.address.ToString();
  if (options.action == Action::kPop) {
    return Output{absl::StrCat("popped ", address, "\n"), ""};
  }
  return Output{absl::StrCat("pushed ", address, ", now ", reply.state, "\n"),
                ""};
}

absl::StatusOr<Output> FormatGiveBack(const Options& options,
                                      const rpc::GiveBackReply& reply) {
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, rpc::ToJson(reply));
  }
  Output output;
  for (const base::Ipv4 address : reply.released) {
    absl::StrAppend(&output.text, "released ", address.ToString(), "\n");
  }
  for (const rpc::Refused& refused : reply.refused) {
    absl::StrAppend(&output.note, "not released: ", refused.address.ToString(),
                    ": ", Printable(refused.problem), "\n");
  }
  return output;
}

absl::StatusOr<Output> FormatSweep(const Options& options,
                                   const rpc::SweepReply& reply) {
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, rpc::ToJson(reply));
  }
  std::vector<Row> rows;
  for (const rpc::SweepEntry& entry : reply.entries) {
    rows.push_back({entry.kind, entry.subject, entry.text});
  }
  if (rows.empty()) return Output{"", "Nothing is left over.\n"};
  Output output = FormatRows(options, {"KIND", "SUBJECT", "TEXT"}, rows);
  if (reply.dry_run) output.note = "Nothing was changed: --dry-run.\n";
  return output;
}

}  // namespace applets::ctl
