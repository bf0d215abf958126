#include "vpc/ucloud/budget.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace vpc::ucloud {
namespace {

// Added to every time that is computed, so that rounding never makes it a
// little too early.
constexpr absl::Duration kRounding = absl::Microseconds(1);

absl::Status Refuse(absl::string_view option, absl::string_view must) {
  return absl::InvalidArgumentError(absl::StrCat(option, ": must be ", must));
}

absl::Status CheckBreaker(const BreakerOptions& options) {
  if (options.failures_to_open < 1) {
    return Refuse("breaker.failures_to_open", "at least 1");
  }
  if (options.first_pause <= absl::ZeroDuration()) {
    return Refuse("breaker.first_pause", "positive");
  }
  if (options.max_pause < options.first_pause) {
    return Refuse("breaker.max_pause", "at least first_pause");
  }
  if (options.trial_patience <= absl::ZeroDuration()) {
    return Refuse("breaker.trial_patience", "positive");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckOptions(const BudgetOptions& options) {
  // Written so that NaN is refused, too.
  if (!(options.min_rate_per_second > 0)) {
    return Refuse("min_rate_per_second", "positive");
  }
  if (!(options.rate_per_second >= options.min_rate_per_second) ||
      !std::isfinite(options.rate_per_second)) {
    return Refuse("rate_per_second", "at least min_rate_per_second");
  }
  if (options.pod_reserve < 0) return Refuse("pod_reserve", "0 or more");
  if (options.burst <= options.pod_reserve) {
    return Refuse("burst", "more than pod_reserve");
  }
  if (!(options.lowering > 0 && options.lowering < 1)) {
    return Refuse("lowering", "between 0 and 1");
  }
  if (!(options.raise_per_second > 0) ||
      !std::isfinite(options.raise_per_second)) {
    return Refuse("raise_per_second", "positive");
  }
  if (options.max_waiting < 1) return Refuse("max_waiting", "at least 1");
  return CheckBreaker(options.breaker);
}

Budget::Budget(const BudgetOptions& options, absl::Time now)
    : options_(options),
      breaker_(options.breaker),
      now_(now),
      tokens_(options.burst),
      rate_(options.rate_per_second) {}

void Budget::Advance(absl::Time now) {
  if (now <= now_) return;
  const double seconds = absl::ToDoubleSeconds(now - now_);
  // The rate rises in a straight line, up to the configured one; tokens are the
  // area below it.
  double rising = 0;
  double raised = rate_;
  if (breaker_.state(now_) == CircuitState::kClosed) {
    const double raise = options_.raise_per_second;
    rising = std::min(seconds, (options_.rate_per_second - rate_) / raise);
    raised =
        rising < seconds ? options_.rate_per_second : rate_ + raise * rising;
  }
  tokens_ += (rate_ + raised) / 2 * rising + raised * (seconds - rising);
  tokens_ = std::min<double>(tokens_, options_.burst);
  rate_ = raised;
  now_ = now;
}

absl::Time Budget::TimeOf(double tokens) const {
  const double missing = tokens - tokens_;
  if (missing <= 0) return now_;
  const bool rises = breaker_.state(now_) == CircuitState::kClosed &&
                     rate_ < options_.rate_per_second;
  if (!rises) return now_ + absl::Seconds(missing / rate_) + kRounding;
  const double raise = options_.raise_per_second;
  const double rising = (options_.rate_per_second - rate_) / raise;
  const double meanwhile = (rate_ + options_.rate_per_second) / 2 * rising;
  // missing = rate·t + raise·t²/2, as long as it rises.
  const double seconds =
      missing > meanwhile
          ? rising + (missing - meanwhile) / options_.rate_per_second
          : (std::sqrt(rate_ * rate_ + 2 * raise * missing) - rate_) / raise;
  return now_ + absl::Seconds(seconds) + kRounding;
}

Budget::Ticket Budget::Ask(Priority priority, absl::Time deadline,
                           absl::Time now) {
  Advance(now);
  const Ticket ticket = next_ticket_++;
  const auto behind = std::find_if(
      waiting_.begin(), waiting_.end(),
      [priority](const Waiting& w) { return w.priority > priority; });
  waiting_.insert(behind, {ticket, priority, deadline});
  return ticket;
}

void Budget::Leave(Outcome outcome, absl::Time now) {
  Advance(now);
  breaker_.Ended(outcome, now_);
  if (outcome == Outcome::kThrottled || outcome == Outcome::kServerError) {
    Lower();
  }
}

void Budget::Lower() {
  if (now_ - lowered_at_ < options_.lowering_pause) return;
  lowered_at_ = now_;
  rate_ = std::max(rate_ * options_.lowering, options_.min_rate_per_second);
  // What was saved up at the old rate would come as the very burst that the
  // API doesn't want.
  tokens_ *= options_.lowering;
}

double Budget::NeedOf(Priority priority) const {
  return priority == Priority::kPod ? 1 : 1 + options_.pod_reserve;
}

// OK for one that may go or wait on.
absl::Status Budget::Judge(const Waiting& waiting, size_t ahead) const {
  if (!breaker_.Admits(now_)) {
    return absl::UnavailableError(
        absl::StrCat("not sent: ", breaker_.Reason(now_)));
  }
  if (ahead >= options_.max_waiting) {
    return absl::UnavailableError(
        absl::StrCat("not sent: ", ahead, " calls wait already"));
  }
  const absl::Time turn =
      TimeOf(static_cast<double>(ahead) + NeedOf(waiting.priority));
  if (waiting.deadline < turn) {
    return absl::DeadlineExceededError(absl::StrCat(
        "not sent: the budget of ", rate_, " calls/s has no room within ",
        absl::FormatDuration(waiting.deadline - now_)));
  }
  return absl::OkStatus();
}

std::vector<Budget::Verdict> Budget::Decide(absl::Time now) {
  Advance(now);
  std::vector<Verdict> verdicts;
  std::vector<Waiting> still;
  for (const Waiting& waiting : waiting_) {
    absl::Status judged = Judge(waiting, still.size());
    const bool go =
        judged.ok() && still.empty() && tokens_ >= NeedOf(waiting.priority);
    if (judged.ok() && !go) {
      still.push_back(waiting);
      continue;
    }
    if (go) {
      tokens_ -= 1;
      breaker_.Sent(now_);
    }
    verdicts.push_back({waiting.ticket, std::move(judged)});
  }
  waiting_ = std::move(still);
  return verdicts;
}

absl::Time Budget::deadline() const {
  return waiting_.empty() ? absl::InfiniteFuture()
                          : TimeOf(NeedOf(waiting_.front().priority));
}

}  // namespace vpc::ucloud
