#include "applets/ctl/output.h"

#include <utility>

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

bool IsDocument(Format format) {
  return format == Format::kJson || format == Format::kYaml;
}

absl::StatusOr<Output> FormatDocument(Format format, absl::string_view json) {
  ASSIGN_OR_RETURN(std::string text, format == Format::kYaml
                                         ? ToYaml(json)
                                         : ToIndentedJson(json));
  return Output{std::move(text), ""};
}

Output FormatRows(const Options& options, Row header, std::vector<Row> rows) {
  if (rows.empty()) return {"", kNothingFound};
  if (options.headers) rows.insert(rows.begin(), std::move(header));
  return {FormatTable(rows), ""};
}

absl::StatusOr<Output> FormatPool(const Options& options, rpc::PoolReply reply,
                                  absl::Time now) {
  const rpc::PoolReply selected = Select(options, std::move(reply));
  if (IsDocument(options.format)) {
    return FormatDocument(options.format, rpc::ToJson(selected));
  }
  const Columns columns =
      options.format == Format::kWide ? Columns::kAll : Columns::kUsual;
  std::vector<Row> rows;
  for (const rpc::PoolEntry& entry : selected.entries) {
    rows.push_back(RowOf(options.action, columns, entry, now));
  }
  return FormatRows(options, HeaderOf(options.action, columns),
                    std::move(rows));
}

absl::StatusOr<Output> FormatVersion(const Options& options,
                                     const base::BuildInfo& info) {
  if (options.format == Format::kJson) {
    return FormatDocument(Format::kJson, VersionJson(info));
  }
  return Output{absl::StrCat("CNI Version:    ", info.version,          //
                             "\nCompiler:       ", info.compiler,       //
                             "\nBuild Time:     ", info.build_time,     //
                             "\nGit Commit ID:  ", info.commit, "\n"),  //
                ""};
}

}  // namespace applets::ctl
