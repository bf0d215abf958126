#include "applets/upgrade/page/runner.h"

#include <memory>
#include <utility>

#include "base/status.h"

namespace applets::upgrade::page {

Runner::Runner(base::Loop& loop, const Engine& engine, Handlers handlers)
    : loop_(loop), engine_(engine), handlers_(std::move(handlers)) {}

Runner::~Runner() {
  Interrupt();
  if (thread_.joinable()) thread_.join();
}

void Runner::Go(Decide decide, Begun begun) {
  if (thread_.joinable()) thread_.join();  // it has ended
  busy_ = true;
  interrupted_ = false;
  thread_ = std::thread([this, decide = std::move(decide),
                         begun = std::move(begun)] { Work(decide, begun); });
}

void Runner::Work(const Decide& decide, const Begun& begun) {
  const auto lock = engine_.lock();
  absl::StatusOr<Fleet> fleet =
      lock.ok() ? Prepare(decide) : absl::StatusOr<Fleet>(lock.status());
  if (!fleet.ok()) {
    loop_.Post([this, begun, status = fleet.status()] {
      busy_ = false;
      begun(status);
    });
    return;
  }
  loop_.Post([begun] { begun(absl::OkStatus()); });
  fleet = engine_.carry(
      *std::move(fleet), [this] { return interrupted_.load(); },
      [this](const Fleet& now) { Tell(now); });
  loop_.Post([this, fleet = std::move(fleet)] {
    TakeNews();
    busy_ = false;
    handlers_.on_end(fleet);
  });
}

absl::StatusOr<Fleet> Runner::Prepare(const Decide& decide) {
  ASSIGN_OR_RETURN(std::optional<Fleet> left, engine_.load());
  ASSIGN_OR_RETURN(Fleet fleet, decide(std::move(left)));
  RETURN_IF_ERROR(engine_.check(fleet));
  return fleet;
}

// Only the latest is of interest.
void Runner::Tell(const Fleet& fleet) {
  const std::lock_guard lock(mutex_);
  if (!news_) loop_.Post([this] { TakeNews(); });
  news_ = fleet;
}

void Runner::TakeNews() {
  std::optional<Fleet> news;
  {
    const std::lock_guard lock(mutex_);
    news = std::exchange(news_, std::nullopt);
  }
  if (news) handlers_.on_news(*news);
}

}  // namespace applets::upgrade::page
