#include "kube/follower.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"

namespace kube {
namespace {

// All pages of a list, repetitions included.
constexpr absl::Duration kListLimit = absl::Minutes(2);

}  // namespace

Follower::Follower(std::unique_ptr<Client> client, Query query, Tell tell,
                   MirrorOptions options)
    : client_(std::move(client)),
      query_(std::move(query)),
      tell_(std::move(tell)),
      mirror_(random_, options),
      thread_([this] { Run(); }) {}

Follower::~Follower() {
  Stop();
  thread_.join();
}

void Follower::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (watch_ != nullptr) watch_->Stop();
  }
  wake_.notify_all();
  client_->Stop();
}

void Follower::Run() {
  for (;;) {
    const Mirror::Step step = mirror_.next();
    if (!WaitUntil(step.at)) return;
    if (step.what == Mirror::Step::What::kWatch) {
      WatchFrom(step);
    } else {
      Say(List(step));
    }
  }
}

bool Follower::WaitUntil(absl::Time at) {
  std::unique_lock lock(mutex_);
  while (!stopping_ && absl::Now() < at) {
    wake_.wait_for(lock, absl::ToChronoNanoseconds(at - absl::Now()));
  }
  return !stopping_;
}

std::vector<Change> Follower::List(const Mirror::Step& step) {
  const absl::Time deadline = absl::Now() + kListLimit;
  const bool at_hand = step.what == Mirror::Step::What::kListAtHand;
  const auto list =
      at_hand ? client_->ListPage(query_, {.resource_version = "0"}, deadline)
              : client_->List(query_, deadline);
  client_->CloseIdle();  // the next list is far away
  return mirror_.OnListed(list, absl::Now());
}

void Follower::WatchFrom(const Mirror::Step& step) {
  const auto watch = client_->OpenWatch(query_, step.resource_version);
  if (!watch.ok()) {
    mirror_.OnEnded(watch.status(), absl::Now());
    return Say({});
  }
  if (!Expose(watch->get())) return;
  const absl::Cleanup hide = [this] { Expose(nullptr); };
  mirror_.OnOpened(absl::Now());
  Say({});
  for (;;) {
    const auto events = (*watch)->Next();
    if (!events.ok() || events->empty()) {
      mirror_.OnEnded(events.status(), absl::Now());
      return Say({});
    }
    Say(mirror_.OnEvents(*events, absl::Now()));
    if (mirror_.next().what != Mirror::Step::What::kWatch) return;
  }
}

void Follower::Say(std::vector<Change> changes) {
  const bool news = !changes.empty() || mirror_.complete() != told_complete_ ||
                    mirror_.status() != told_status_;
  if (!news) return;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
  told_complete_ = mirror_.complete();
  told_status_ = mirror_.status();
  tell_({std::move(changes), told_complete_, told_status_});
}

bool Follower::Expose(Watch* watch) {
  const std::lock_guard lock(mutex_);
  watch_ = watch;
  return !stopping_;
}

}  // namespace kube
