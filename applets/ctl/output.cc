#include "applets/ctl/output.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "applets/ctl/document.h"
#include "applets/ctl/pool_view.h"
#include "applets/ctl/table.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::ctl {
namespace {

// kubectl's words.
constexpr char kNothingFound[] = "No resources found.\n";

Output Table(const Options& options, const rpc::PoolReply& reply,
             absl::Time now) {
  if (reply.entries.empty()) return {"", kNothingFound};
  const Columns columns =
      options.format == Format::kWide ? Columns::kAll : Columns::kUsual;
  std::vector<Row> rows;
  if (options.headers) rows.push_back(HeaderOf(options.action, columns));
  for (const rpc::PoolEntry& entry : reply.entries) {
    rows.push_back(RowOf(options.action, columns, entry, now));
  }
  return {FormatTable(rows), ""};
}

// `json` as kJson or kYaml.
absl::StatusOr<Output> Document(Format format, absl::string_view json) {
  ASSIGN_OR_RETURN(std::string text, format == Format::kYaml
                                         ? ToYaml(json)
                                         : ToIndentedJson(json));
  return Output{std::move(text), ""};
}

std::string VersionJson(const base::BuildInfo& info) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteMember(writer, "version", info.version);
  base::WriteMember(writer, "compiler", info.compiler);
  base::WriteMember(writer, "buildTime", info.build_time);
  base::WriteMember(writer, "gitCommit", info.commit);
  writer.EndObject();
  return text.GetString();
}

}  // namespace

absl::StatusOr<Output> FormatPool(const Options& options, rpc::PoolReply reply,
                                  absl::Time now) {
  const rpc::PoolReply selected = Select(options.action, std::move(reply));
  if (options.format == Format::kJson || options.format == Format::kYaml) {
    return Document(options.format, rpc::ToJson(selected));
  }
  return Table(options, selected, now);
}

absl::StatusOr<Output> FormatVersion(const Options& options,
                                     const base::BuildInfo& info) {
  if (options.format == Format::kJson) {
    return Document(Format::kJson, VersionJson(info));
  }
  return Output{absl::StrCat("CNI Version:    ", info.version,          //
                             "\nCompiler:       ", info.compiler,       //
                             "\nBuild Time:     ", info.build_time,     //
                             "\nGit Commit ID:  ", info.commit, "\n"),  //
                ""};
}

}  // namespace applets::ctl
