#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_OFFICE_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_OFFICE_H_

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/upgrade/page/board.h"
#include "applets/upgrade/page/engine.h"
#include "applets/upgrade/page/router.h"
#include "applets/upgrade/page/runner.h"
#include "applets/upgrade/page/server.h"
#include "base/loop.h"

namespace applets::upgrade::page {

// The page's shell: joins the board (what is known), the router (what is asked
// for), the nodes, and the run. Lives on the loop's thread.
class Office {
 public:
  struct Settings {
    Router::Settings access = {};
    std::string releases_json = {};
    std::string refusal =
        {};  // why nothing is installed without --force, or ""
  };
  // How many nodes are asked at a time.
  static constexpr size_t kAskedAtOnce = 32;
  // How long news are gathered before they are sent.
  static constexpr absl::Duration kGather = absl::Milliseconds(150);
  static constexpr absl::Duration kHeartbeat = absl::Seconds(15);
  // How often the record is looked at, for runs from elsewhere.
  static constexpr absl::Duration kLookAround = absl::Seconds(1);

  Office(base::Loop& loop, Engine engine, Board board, Settings settings);
  // Waits for what is under way on nodes.
  ~Office();

  void Answer(const Request& request, const Exchange& exchange);

  // Begins nothing more; `ended` when nothing is under way.
  void Wind(std::function<void()> ended);

 private:
  // Somebody who follows, and what was sent last.
  struct Follower {
    std::shared_ptr<Stream> stream;
    Question question;
    std::optional<View> view = std::nullopt;
    std::string head = {};
  };
  using Answering = std::function<void(const absl::Status&)>;

  void Show(const page::Show& show, const Exchange& exchange);
  void Carry(const Order& order, const Answering& answer);
  void Do(const Switch& order, const Answering& answer);
  void Do(const Begin& order, const Answering& answer);
  void Do(const Steer& order, const Answering& answer);
  void GoOn(const Steer& order, const Answering& answer);
  void Go(Runner::Decide decide, const Answering& answer);
  void OnEnd(const absl::StatusOr<Fleet>& fleet);

  void AskNodes();
  void LookAround();
  void Take(const std::optional<Fleet>& fleet, bool taken);
  void Beat();
  void Touch();
  void Tell();
  void Tell(Follower& follower, const std::string& head);

  base::Loop& loop_;
  const Engine engine_;
  const Settings settings_;
  Board board_;
  Router router_;
  std::list<Follower> followers_;
  bool pausing_ = false;
  std::optional<Steer> then_;  // when the run here has been interrupted
  size_t asking_ = 0;
  std::optional<std::string> stamp_ = std::nullopt;  // none: look again
  bool looking_ = false;
  std::function<void()> ended_;
  std::shared_ptr<std::atomic<bool>> over_;  // for what waits on a worker
  bool touched_ = false;
  base::Timer news_;
  base::Timer heartbeat_;
  base::Timer look_;
  Runner runner_;
  base::Workers workers_;
};

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_OFFICE_H_
