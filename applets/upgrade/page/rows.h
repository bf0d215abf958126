// The table of the page "Network plugins": which rows there are to see, of a
// fleet of thousands. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_ROWS_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_ROWS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "applets/rpc/query.h"

namespace applets::upgrade::page {

// What a node is at, for people.
enum class RowState {
  kUnknown,      // nobody has asked it
  kCurrent,      // has the version that is offered
  kOutdated,     // has another one
  kUnreadable,   // what it has can't be told, or can't upgrade itself
  kUnreachable,  // doesn't answer
  kWaiting,      // its turn in the run comes later
  kUpgrading,
  kChecking,   // has the new version, and is being looked at
  kReturning,  // gets back what it had
  kFailed,     // couldn't, and has what it had
  kLost,       // somebody must look at it
};
inline constexpr size_t kRowStates = 11;
absl::string_view ToString(RowState state);

struct Row {
  std::string node = {};
  std::string address = {};
  std::string version = {};   // "" if it can't be told
  std::string sha256 = {};    // ... of what is installed
  std::string previous = {};  // what a rollback would install; "" if nothing
  std::string ipamd = {};
  RowState state = RowState::kUnknown;
  absl::Time changed = absl::InfinitePast();
  std::string text = {};     // the last thing that was heard of it, or
  std::string outcome = {};  // ... how the last run ended there, by its name
  // What can be asked for now.
  bool can_upgrade = false;
  bool can_force = false;
  bool can_return = false;

  friend bool operator==(const Row&, const Row&) = default;
};

// Which rows somebody wants to see.
struct Question {
  enum class Order { kList, kNode, kVersion, kState, kChanged };
  std::string search = {};  // in node, address, version, text; any case
  std::optional<RowState> state = std::nullopt;
  Order order = Order::kList;
  bool descending = false;
  size_t page = 0;
  size_t size = 50;

  friend bool operator==(const Question&, const Question&) = default;
};
inline constexpr size_t kMaxPageRows = 200;
inline constexpr size_t kMaxSearchBytes = 200;

// search=…&state=failed&order=version&descending=1&page=0&size=50; all may be
// missing. INVALID_ARGUMENT names what is wrong.
absl::StatusOr<Question> QuestionOf(const rpc::Query& query);

// What there is to see.
struct View {
  std::array<size_t, kRowStates> counts = {};  // of all that the search finds
  size_t total = 0;                            // with the state, too
  size_t page = 0;  // the last one, if the question's is behind it
  std::vector<Row> rows = {};

  friend bool operator==(const View&, const View&) = default;
};
View Look(absl::Span<const Row> all, const Question& question);

// The names of all that the question finds, whatever page they are on, and that
// can be upgraded, by force or not.
std::vector<std::string> NamesOf(absl::Span<const Row> all,
                                 const Question& question);

// {"counts": {"current": 4990, …}, "total": 10, "page": 0, "rows": [{"node":
//   "node-a", "address": "10.0.0.5", "version": "0.2.0", "sha256": "9f86d081",
//   "previous": "0.1.0", "ipamd": "0.2.0", "state": "current",
//   "changed": 1700000000, "text": "", "outcome": "done",
//   "can": ["upgrade", "force", "return"]}]}
std::string ToJson(const View& view);

// From one view to the next for somebody who has the first:
//   {"counts": …, "total": …, "changed": [{"at": 3, "row": {…}}]}
// or, when other rows are to be seen now, ToJson. "" when nothing is new.
std::string DeltaJson(const View& before, const View& now);

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_ROWS_H_
