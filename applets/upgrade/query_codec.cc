#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "applets/upgrade/codec.h"
#include "applets/upgrade/query.h"
#include "base/json.h"

namespace applets::upgrade {
namespace {

constexpr size_t kShownDigits = 8;

std::string NameOf(const Artifact& artifact) {
  if (artifact.presence == Artifact::Presence::kMissing) return "nothing";
  return artifact.version.empty() ? "unknown" : artifact.version;
}

// Builds of a version are told apart by their sums.
std::string VersionText(const Finding& finding) {
  if (!finding.reached) return "-";
  const std::string& sum = finding.installed.sha256;
  if (sum.empty()) return NameOf(finding.installed);
  return absl::StrCat(NameOf(finding.installed), " (",
                      sum.substr(0, kShownDigits), ")");
}

std::string LineOf(const NodeFinding& one) {
  const Finding& finding = one.finding;
  return absl::StrFormat(
      "%-24s %-15s %-24s %-12s%s%s\n", one.node,
      finding.address.empty() ? "-" : finding.address, VersionText(finding),
      finding.ipamd.empty() ? "-" : finding.ipamd,
      finding.at_work ? " upgrading" : "",
      finding.problem.empty() ? "" : absl::StrCat(" ", finding.problem));
}

void WriteNode(base::JsonWriter& writer, const NodeFinding& one) {
  const Finding& finding = one.finding;
  writer.StartObject();
  base::WriteMember(writer, "node", one.node);
  Write(writer, "reached", finding.reached);
  Write(writer, "upgradable", finding.upgradable);
  base::WriteMember(writer, "address", finding.address);
  base::WriteMember(writer, "version", finding.installed.version);
  base::WriteMember(writer, "sha256", finding.installed.sha256);
  base::WriteMember(writer, "previous", finding.previous.version);
  base::WriteMember(writer, "ipamd", finding.ipamd);
  Write(writer, "atWork", finding.at_work);
  base::WriteMember(writer, "problem", finding.problem);
  writer.EndObject();
}

}  // namespace

std::string ToText(const std::vector<NodeFinding>& findings) {
  std::string text = absl::StrFormat("%-24s %-15s %-24s %s\n", "NODE",
                                     "ADDRESS", "VERSION", "IPAMD");
  std::map<std::string, int> counts;
  for (const NodeFinding& one : findings) {
    absl::StrAppend(&text, LineOf(one));
    ++counts[one.finding.reached ? VersionText(one.finding) : "no answer"];
  }
  absl::string_view before = "";
  for (const auto& [version, count] : counts) {
    absl::StrAppend(&text, before, count, " ", version);
    before = ", ";
  }
  return absl::StrCat(text, "\n");
}

std::string ToJson(const std::vector<NodeFinding>& findings) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteKey(writer, "nodes");
  writer.StartArray();
  for (const NodeFinding& one : findings) WriteNode(writer, one);
  writer.EndArray();
  writer.EndObject();
  return text.GetString();
}

}  // namespace applets::upgrade
