#include "applets/upgrade/page/head.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "applets/upgrade/codec.h"
#include "applets/upgrade/version.h"
#include "base/json.h"

namespace applets::upgrade::page {
namespace {

constexpr size_t kShownVersions = 5;

using Counts = std::map<std::string, int64_t>;

void WriteCounts(base::JsonWriter& writer, absl::string_view key,
                 const Counts& counts) {
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(),
                                                      counts.end());
  absl::c_stable_sort(
      sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  if (sorted.size() > kShownVersions) sorted.resize(kShownVersions);
  base::WriteKey(writer, key);
  writer.StartArray();
  for (const auto& [version, count] : sorted) {
    writer.StartArray();
    base::WriteString(writer, version);
    writer.Int64(count);
    writer.EndArray();
  }
  writer.EndArray();
}

void WriteVersions(base::JsonWriter& writer, const Board& board) {
  Counts versions;
  Counts ipamd;
  for (const Row& row : board.rows()) {
    if (!row.version.empty()) ++versions[row.version];
    if (!row.ipamd.empty()) ++ipamd[row.ipamd];
  }
  WriteCounts(writer, "versions", versions);
  WriteCounts(writer, "ipamd", ipamd);
}

int64_t Ended(const Fleet& fleet) {
  return fleet.Count(NodeState::kDone) + fleet.Count(NodeState::kUnchanged) +
         fleet.Count(NodeState::kSkipped) + fleet.Count(NodeState::kFailed) +
         fleet.Count(NodeState::kReturned) + fleet.Count(NodeState::kLost);
}

// Of a run that takes back, those that wait are done.
int64_t GoingBack(const Fleet& fleet) {
  return absl::c_count_if(fleet.nodes, [&](const FleetNode& node) {
    return (node.state == NodeState::kDone ||
            node.state == NodeState::kUpgraded) &&
           !node.before.empty() && node.before != fleet.wanted;
  });
}

int64_t BatchOf(const Fleet& fleet) {
  int64_t batch = -1;
  for (const FleetNode& node : fleet.nodes) batch = std::max(batch, node.batch);
  return batch;
}

void WriteRun(base::JsonWriter& writer, const Fleet& fleet, Upgrader upgrader) {
  const bool back = fleet.phase == FleetPhase::kReturning;
  const int64_t returns = GoingBack(fleet);
  base::WriteMember(writer, "id", fleet.id);
  base::WriteMember(writer, "kind",
                    fleet.wanted.empty() ? "return" : "upgrade");
  base::WriteMember(writer, "phase", ToString(fleet.phase));
  base::WriteMember(writer, "who", ToString(upgrader));
  base::WriteMember(writer, "reason", fleet.reason);
  Write(writer, "paused", fleet.paused);
  Write(writer, "force", fleet.means.force);
  base::WriteMember(writer, "total", static_cast<int64_t>(fleet.nodes.size()));
  base::WriteMember(writer, "ended", Ended(fleet) - (back ? returns : 0));
  base::WriteMember(
      writer, "failed",
      fleet.Count(NodeState::kFailed) + fleet.Count(NodeState::kLost));
  base::WriteMember(writer, "canaries", fleet.rules.canaries);
  base::WriteMember(writer, "batch", BatchOf(fleet));
  base::WriteMember(writer, "batchSize", fleet.rules.batch_size);
  base::WriteMember(writer, "returns", returns);
  base::WriteMember(writer, "started", absl::ToUnixSeconds(fleet.started));
}

void WriteRelease(base::JsonWriter& writer, const Release& release) {
  base::WriteMember(writer, "type", ToString(release.type));
  base::WriteMember(writer, "date", absl::FormatCivilTime(release.date));
  base::WriteKey(writer, "notes");
  writer.StartArray();
  for (const std::string& note : release.notes) {
    base::WriteString(writer, note);
  }
  writer.EndArray();
}

void WriteReleases(base::JsonWriter& writer,
                   const std::optional<Catalogue>& catalogue) {
  base::WriteKey(writer, "releases");
  writer.StartArray();
  if (catalogue) {
    for (const Release& release : catalogue->releases()) {
      writer.StartObject();
      base::WriteMember(writer, "version", release.version.text());
      WriteRelease(writer, release);
      writer.EndObject();
    }
  }
  writer.EndArray();
}

}  // namespace

std::string HeadJson(const Board& board, bool pausing) {
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteMember(writer, "service", ToString(board.service()));
  base::WriteMember(writer, "since",
                    board.since() == absl::InfinitePast()
                        ? 0
                        : absl::ToUnixSeconds(board.since()));
  base::WriteMember(writer, "asked", static_cast<int64_t>(board.asked()));
  base::WriteMember(writer, "nodes", static_cast<int64_t>(board.nodes()));
  WriteVersions(writer, board);
  if (board.run()) {
    base::WriteKey(writer, "run");
    writer.StartObject();
    WriteRun(writer, *board.run(), board.upgrader());
    Write(writer, "pausing", pausing);
    writer.EndObject();
  }
  writer.EndObject();
  return text.GetString();
}

std::string ReleasesJson(const Offer& offer,
                         const std::optional<Catalogue>& catalogue,
                         Catalogue::Line line) {
  const auto version = Version::Parse(offer.version);
  const Release* known =
      catalogue && version.ok() ? catalogue->Find(*version) : nullptr;
  const Release* latest = catalogue ? catalogue->Latest(line) : nullptr;
  rapidjson::StringBuffer text;
  base::JsonWriter writer(text);
  writer.StartObject();
  base::WriteKey(writer, "offer");
  writer.StartObject();
  base::WriteMember(writer, "version", offer.version);
  base::WriteMember(writer, "sha256", offer.sha256);
  if (known != nullptr) WriteRelease(writer, *known);
  writer.EndObject();
  if (latest != nullptr && version.ok() && latest->version > *version) {
    base::WriteMember(writer, "newer", latest->version.text());
  }
  WriteReleases(writer, catalogue);
  writer.EndObject();
  return text.GetString();
}

}  // namespace applets::upgrade::page
