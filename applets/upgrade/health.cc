#include "applets/upgrade/health.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

// docs/operations.md, "Metrics". An ADD asks for a lease, and says so when the
// pod has its network.
constexpr char kCalls[] = "cnivpc_rpc_requests_total{";
constexpr char kBegins[] = "path=\"/v1/leases/acquire\"";
constexpr char kSucceeds[] = "path=\"/v1/leases/attached\"";
constexpr char kGood[] = "code=\"OK\"";

// Of what is kept of a node's own words.
constexpr size_t kMaxWhyBytes = 300;

// 0 if it isn't understood.
int64_t ValueOf(absl::string_view line) {
  double value = 0;
  const bool ok = absl::SimpleAtod(line.substr(line.rfind(' ') + 1), &value);
  return ok && value >= 0 && value < 1e15 ? static_cast<int64_t>(value) : 0;
}

int64_t Percent(const AddCounts& counts) {
  return counts.all <= 0
             ? 0
             : static_cast<int64_t>(static_cast<double>(counts.failed) * 100 /
                                    static_cast<double>(counts.all));
}

// What came between; an ipamd that was started anew counts from 0.
AddCounts Since(const AddCounts& before, const AddCounts& now) {
  if (now.all < before.all || now.failed < before.failed) return now;
  return {now.all - before.all, now.failed - before.failed};
}

}  // namespace

AddCounts AddCountsIn(absl::string_view metrics) {
  int64_t begun = 0, succeeded = 0;
  for (const absl::string_view line : absl::StrSplit(metrics, '\n')) {
    if (!absl::StartsWith(line, kCalls)) continue;
    if (absl::StrContains(line, kBegins)) begun += ValueOf(line);
    if (absl::StrContains(line, kSucceeds) && absl::StrContains(line, kGood)) {
      succeeded += ValueOf(line);
    }
  }
  return {begun, std::max<int64_t>(0, begun - succeeded)};
}

std::string WhyUnwell(const std::optional<AddCounts>& before,
                      const std::optional<IpamdHealth>& now,
                      int64_t max_percent) {
  if (!now) return before ? "ipamd doesn't answer any more" : "";
  if (!now->ready) return absl::StrCat("ipamd isn't ready: ", now->why);
  const AddCounts was = before.value_or(AddCounts());
  const AddCounts since = Since(was, now->adds);
  const int64_t share = Percent(since);
  if (since.failed < kFewFailedAdds || share <= max_percent ||
      share <= Percent(was)) {
    return "";
  }
  return absl::StrCat(since.failed, " of ", since.all,
                      " ADDs have failed since the look before (", share,
                      " %), more than ", max_percent, " %");
}

void Write(base::JsonWriter& writer, absl::string_view key,
           const AddCounts& counts) {
  base::WriteKey(writer, key);
  writer.StartObject();
  base::WriteMember(writer, "all", counts.all);
  base::WriteMember(writer, "failed", counts.failed);
  writer.EndObject();
}

absl::StatusOr<AddCounts> ReadAddCounts(const base::Json& json) {
  AddCounts counts;
  ASSIGN_OR_RETURN(counts.all, json.Int("all"));
  ASSIGN_OR_RETURN(counts.failed, json.Int("failed"));
  if (counts.failed >= 0 && counts.all >= counts.failed) return counts;
  return json.Error("no counts");
}

void Write(base::JsonWriter& writer, absl::string_view key,
           const IpamdHealth& health) {
  base::WriteKey(writer, key);
  writer.StartObject();
  base::WriteKey(writer, "ready");
  writer.Bool(health.ready);
  base::WriteMember(writer, "why",
                    absl::string_view(health.why).substr(0, kMaxWhyBytes));
  Write(writer, "adds", health.adds);
  writer.EndObject();
}

absl::StatusOr<IpamdHealth> ReadIpamdHealth(const base::Json& json) {
  IpamdHealth health;
  ASSIGN_OR_RETURN(health.ready, json.Bool("ready", false));
  ASSIGN_OR_RETURN(health.why, json.String("why", ""));
  ASSIGN_OR_RETURN(const base::Json adds, json.Get("adds"));
  ASSIGN_OR_RETURN(health.adds, ReadAddCounts(adds));
  return health;
}

}  // namespace applets::upgrade
