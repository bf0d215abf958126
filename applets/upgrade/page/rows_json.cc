#include <cstdint>

#include "absl/algorithm/container.h"
#include "applets/upgrade/page/rows.h"
#include "base/json.h"

namespace applets::upgrade::page {
namespace {

constexpr size_t kShownDigits = 8;

void WriteCan(base::JsonWriter& writer, const Row& row) {
  base::WriteKey(writer, "can");
  writer.StartArray();
  if (row.can_upgrade) base::WriteString(writer, "upgrade");
  if (row.can_force) base::WriteString(writer, "force");
  if (row.can_return) base::WriteString(writer, "return");
  writer.EndArray();
}

void WriteRow(base::JsonWriter& writer, const Row& row) {
  writer.StartObject();
  base::WriteMember(writer, "node", row.node);
  base::WriteMember(writer, "address", row.address);
  base::WriteMember(writer, "version", row.version);
  base::WriteMember(writer, "sha256",
                    absl::string_view(row.sha256).substr(0, kShownDigits));
  base::WriteMember(writer, "previous", row.previous);
  base::WriteMember(writer, "ipamd", row.ipamd);
  base::WriteMember(writer, "state", ToString(row.state));
  base::WriteMember(writer, "changed",
                    row.changed == absl::InfinitePast()
                        ? 0
                        : absl::ToUnixSeconds(row.changed));
  base::WriteMember(writer, "text", row.text);
  base::WriteMember(writer, "outcome", row.outcome);
  WriteCan(writer, row);
  writer.EndObject();
}

void WriteCounts(base::JsonWriter& writer, const View& view) {
  base::WriteKey(writer, "counts");
  writer.StartObject();
  for (size_t i = 0; i < kRowStates; ++i) {
    if (view.counts[i] == 0) continue;
    base::WriteMember(writer, ToString(static_cast<RowState>(i)),
                      static_cast<int64_t>(view.counts[i]));
  }
  writer.EndObject();
  base::WriteMember(writer, "total", static_cast<int64_t>(view.total));
}

bool SameNodes(const View& a, const View& b) {
  return a.page == b.page &&
         absl::c_equal(a.rows, b.rows, [](const Row& left, const Row& right) {
           return left.node == right.node;
         });
}

}  // namespace

std::string ToJson(const View& view) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteCounts(writer, view);
  base::WriteMember(writer, "page", static_cast<int64_t>(view.page));
  base::WriteKey(writer, "rows");
  writer.StartArray();
  for (const Row& row : view.rows) WriteRow(writer, row);
  writer.EndArray();
  writer.EndObject();
  return text.GetString();
}

std::string DeltaJson(const View& before, const View& now) {
  if (before == now) return "";
  if (!SameNodes(before, now)) return ToJson(now);
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  WriteCounts(writer, now);
  base::WriteKey(writer, "changed");
  writer.StartArray();
  for (size_t i = 0; i < now.rows.size(); ++i) {
    if (before.rows[i] == now.rows[i]) continue;
    writer.StartObject();
    base::WriteMember(writer, "at", static_cast<int64_t>(i));
    base::WriteKey(writer, "row");
    WriteRow(writer, now.rows[i]);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return text.GetString();
}

}  // namespace applets::upgrade::page
