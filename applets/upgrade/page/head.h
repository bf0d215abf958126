// What stands above the table, as JSON. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_HEAD_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_HEAD_H_

#include <optional>
#include <string>

#include "applets/upgrade/catalogue.h"
#include "applets/upgrade/page/board.h"

namespace applets::upgrade::page {

// {"service": "on", "since": 1700000000, "asked": 40, "nodes": 40,
//  "versions": [["0.1.0", 38], ["0.2.0", 2]],   most frequent first
//  "ipamd": [["0.1.0", 40]],
//  "run": {"id": "2026-…", "kind": "upgrade", "phase": "running",
//    "who": "here", "pausing": false, "paused": false, "reason": "", "force":
//    false, "total": 40, "ended": 3, "failed": 0, "canaries": 1, "batch": 1,
//    "batchSize": 4, "returns": 2, "started": 1700000000}}
//
// `paused`: by a wish from elsewhere, in a cluster.
// `pausing`: it was asked to pause, and what is under way isn't at its end.
// `returns`: nodes that would go back. Without a run there is no "run".
std::string HeadJson(const Board& board, bool pausing);

// {"offer": {"version": "0.2.0", "sha256": "9f86…", "date": "2026-11-26",
//    "type": "Feature", "notes": ["…"]}, "newer": "0.3.0",
//  "releases": [{"version": …, "type": …, "date": …, "notes": […]}]}
//
// The offer has no date, type and notes if the catalogue doesn't know it;
// "newer" is a release of it that is newer than the offer, or missing.
std::string ReleasesJson(const Offer& offer,
                         const std::optional<Catalogue>& catalogue,
                         Catalogue::Line line);

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_HEAD_H_
