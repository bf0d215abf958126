// One row, from all that was heard of its node.
#include <string>

#include "applets/upgrade/page/board.h"

namespace applets::upgrade::page {
namespace {

using Presence = Artifact::Presence;

// Whether the node was asked after the run was through with it.
bool IsNews(const Seen& seen) {
  return seen.finding && (!seen.mark || seen.found > seen.mark->changed);
}

RowState StateInRun(const Seen& seen) {
  switch (seen.mark->state) {
    case NodeState::kUpgrading:
      return RowState::kUpgrading;
    case NodeState::kUpgraded:
      return seen.takes_back ? RowState::kWaiting : RowState::kChecking;
    case NodeState::kChecking:
      return RowState::kChecking;
    case NodeState::kReturning:
      return RowState::kReturning;
    default:
      return RowState::kWaiting;
  }
}

bool IsUnderWay(const Seen& seen) {
  if (!seen.mark || !seen.in_run) return false;
  switch (seen.mark->state) {
    case NodeState::kDone:
      return seen.takes_back;
    case NodeState::kUnchanged:
    case NodeState::kSkipped:
    case NodeState::kFailed:
    case NodeState::kReturned:
    case NodeState::kLost:
      return false;
    default:
      return true;
  }
}

RowState StateFound(const Finding& finding, const Offer& offer) {
  if (!finding.reached) return RowState::kUnreachable;
  if (finding.at_work) return RowState::kUpgrading;
  if (finding.last != Phase::kDone && finding.last != Phase::kUndone) {
    return RowState::kLost;
  }
  if (finding.installed.sha256 == offer.sha256) return RowState::kCurrent;
  if (!finding.upgradable || !finding.problem.empty() ||
      finding.installed.version.empty()) {
    return RowState::kUnreadable;
  }
  const bool failed =
      finding.last == Phase::kUndone && finding.last_wanted == offer.sha256;
  return failed ? RowState::kFailed : RowState::kOutdated;
}

// What the run has left behind, until the node itself says otherwise.
RowState StateAfterRun(const Seen& seen, const Offer& offer) {
  const RowState found =
      seen.finding ? StateFound(*seen.finding, offer) : RowState::kUnknown;
  const bool news = IsNews(seen);
  switch (seen.mark->state) {
    case NodeState::kDone:
    case NodeState::kUnchanged:
    case NodeState::kUpgraded:
      return news || !seen.offered ? found : RowState::kCurrent;
    case NodeState::kFailed:
      return news && found == RowState::kCurrent ? found : RowState::kFailed;
    case NodeState::kLost:
      return news && seen.finding->reached ? found : RowState::kLost;
    case NodeState::kSkipped:
      return news && seen.finding->reached ? found : RowState::kUnreachable;
    default:
      return found;
  }
}

RowState StateOf(const Seen& seen, const Offer& offer) {
  if (IsUnderWay(seen)) return StateInRun(seen);
  if (seen.mark) return StateAfterRun(seen, offer);
  return seen.finding ? StateFound(*seen.finding, offer) : RowState::kUnknown;
}

bool HasOffered(const Seen& seen) {
  if (!seen.mark || !seen.offered || IsNews(seen)) return false;
  return seen.mark->state == NodeState::kUpgraded ||
         seen.mark->state == NodeState::kChecking ||
         seen.mark->state == NodeState::kDone ||
         seen.mark->state == NodeState::kUnchanged;
}

// What the node has: as it has said, or as the run has left it since.
void FillVersions(const Seen& seen, const Offer& offer, Row& row) {
  if (!seen.finding) return;
  const Finding& finding = *seen.finding;
  row.address = finding.address;
  row.ipamd = finding.ipamd;
  row.version = finding.installed.version;
  row.sha256 = finding.installed.sha256;
  row.previous = finding.previous.version;
  if (finding.previous.presence != Presence::kMissing && row.previous.empty()) {
    row.previous = finding.previous.sha256.substr(0, 8);
  }
  if (!HasOffered(seen)) return;
  row.version = offer.version;
  row.sha256 = offer.sha256;
}

void FillStory(const Seen& seen, Row& row) {
  if (seen.mark) {
    row.changed = seen.mark->changed;
    row.text = seen.mark->text;
    row.outcome = std::string(ToString(seen.mark->state));
  } else if (seen.finding) {
    row.changed = seen.finding->last_changed;
    if (seen.finding->last != Phase::kDone) {
      row.text = seen.finding->last_reason;
    }
  }
  if (!seen.finding || !row.text.empty()) return;
  row.text = seen.finding->problem;
}

void FillActions(const Seen& seen, const Offer& offer, Row& row) {
  if (!seen.finding || !seen.finding->reached || !seen.finding->upgradable) {
    return;
  }
  const Finding& finding = *seen.finding;
  if (row.state == RowState::kUpgrading) return;
  const bool other = finding.installed.sha256 != offer.sha256;
  row.can_upgrade = other && (row.state == RowState::kOutdated ||
                              row.state == RowState::kFailed);
  row.can_force = other || row.state == RowState::kLost;
  row.can_return = finding.previous.presence != Presence::kMissing &&
                   finding.previous.sha256 != finding.installed.sha256;
}

}  // namespace

Row RowOf(const Seen& seen, const Offer& offer, bool idle) {
  Row row{.node = seen.name};
  row.state = StateOf(seen, offer);
  FillVersions(seen, offer, row);
  FillStory(seen, row);
  if (idle) FillActions(seen, offer, row);
  return row;
}

}  // namespace applets::upgrade::page
