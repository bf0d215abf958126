#include "vpc/ucloud/credentials_role.h"

#include <utility>

#include "absl/random/distributions.h"

namespace vpc::ucloud {

RoleCredentials::RoleCredentials(std::function<absl::StatusOr<Keys>()> ask,
                                 std::function<absl::Time()> now,
                                 absl::BitGenRef random)
    : ask_(std::move(ask)), now_(std::move(now)), random_(random) {}

absl::StatusOr<Keys> RoleCredentials::Get() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    const absl::Time now = now_();
    const Renewal::Step step = renewal_.Next(now);
    const bool old_will_do = step == Renewal::Step::kRenew && asking_;
    if (step == Renewal::Step::kUse || step == Renewal::Step::kFail ||
        old_will_do) {
      return renewal_.answer(now);
    }
    if (asking_) {
      asked_.wait(lock);
    } else {
      Ask(lock);
    }
  }
}

void RoleCredentials::Ask(std::unique_lock<std::mutex>& lock) {
  asking_ = true;
  const absl::Time began = now_();
  lock.unlock();
  absl::StatusOr<Keys> keys = ask_();
  lock.lock();
  asking_ = false;
  renewal_.Take(std::move(keys), began, now_(),
                absl::Uniform(random_, 0.0, 1.0));
  asked_.notify_all();
}

void RoleCredentials::Expired(const Keys& used) {
  const std::lock_guard<std::mutex> lock(mutex_);
  renewal_.Refused(used);
}

}  // namespace vpc::ucloud
