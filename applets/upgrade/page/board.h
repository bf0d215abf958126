// What the page knows: whether the service is on, what each node was found to
// have, and how the run over them goes. Pure: it is told what happens, and is
// asked for rows.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_BOARD_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_BOARD_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "applets/upgrade/fleet.h"
#include "applets/upgrade/page/rows.h"
#include "applets/upgrade/query.h"

namespace applets::upgrade::page {

enum class Service {
  kOff,
  kAsking,  // every node is being asked what it has: the query task
  kOn,
};
absl::string_view ToString(Service service);

// Who carries the run on.
enum class Upgrader {
  kNobody,     // it is over, or was left unfinished
  kHere,       // this process
  kElsewhere,  // another one, from a terminal
};
absl::string_view ToString(Upgrader upgrader);

// The program that is offered.
struct Offer {
  std::string version = {};
  std::string sha256 = {};
};

// One node, from all that was heard of it.
struct Seen {
  std::string name = {};
  std::optional<Finding> finding = std::nullopt;
  absl::Time found = absl::InfinitePast();
  // From the last run that has touched it, and whether that had the program
  // that is offered.
  std::optional<FleetNode> mark = std::nullopt;
  bool offered = false;
  bool in_run = false;      // ... and that run isn't over
  bool takes_back = false;  // ... and goes back now
  bool asked = false;       // somebody asks it, or is about to
  bool awaited = false;     // ... and the query task waits for the answer
};
// Whether a run may begin, `idle`, says what can be asked for.
Row RowOf(const Seen& seen, const Offer& offer, bool idle);

class Board {
 public:
  Board(Offer offer, const std::vector<std::string>& nodes);

  // Begins the query task; also when it is on, to ask all again.
  void SwitchOn(absl::Time now);
  void SwitchOff(absl::Time now);

  // Up to `room` nodes that are to be asked now; each will be heard of, or was
  // asked for in vain when the service has been switched off.
  std::vector<size_t> TakeToAsk(size_t room);
  void Hear(size_t node, const Finding& finding, absl::Time now);

  // The run as it is now. Nodes that aren't on the list are passed over.
  void Show(const Fleet& fleet, Upgrader upgrader);

  const Offer& offer() const { return offer_; }
  Service service() const { return service_; }
  absl::Time since() const { return since_; }
  size_t asked() const { return asked_; }  // of the query task: with an answer
  size_t nodes() const { return seen_.size(); }
  const std::string& name(size_t node) const { return seen_[node].name; }
  // In the order of the list; none while the service is off.
  const std::vector<Row>& rows() const { return rows_; }
  const Seen* Find(const std::string& node) const;
  // The last run; none if there never was one.
  const std::optional<Fleet>& run() const { return run_; }
  Upgrader upgrader() const { return upgrader_; }
  // Whether a run may begin now.
  bool idle() const {
    return service_ == Service::kOn && (!run_ || run_->over()) &&
           upgrader_ == Upgrader::kNobody;
  }
  // Grows with every change.
  uint64_t age() const { return age_; }

 private:
  void Mark(Seen& seen, const FleetNode& node);
  void Ask(size_t node);
  void DrawAll();
  void Draw(size_t node);

  const Offer offer_;
  Service service_ = Service::kOff;
  absl::Time since_ = absl::InfinitePast();
  std::vector<Seen> seen_;
  std::unordered_map<std::string, size_t> places_;
  std::vector<Row> rows_;
  std::deque<size_t> to_ask_;
  size_t asked_ = 0;
  std::optional<Fleet> run_;
  Upgrader upgrader_ = Upgrader::kNobody;
  uint64_t age_ = 0;
};

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_BOARD_H_
