#include "pool/shift_lender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace pool {

using base::Ipv4;
using Kind = Intent::Kind;

Lender::Lender(const Pool& pool, Commit commit, ShiftOptions options)
    : pool_(pool),
      commit_(std::move(commit)),
      options_(std::move(options)),
      doubts_(options_.settle) {}

ShiftActions Lender::Start(Moment now) {
  for (const auto& [id, intent] : pool_.intents()) {
    if (intent.kind == Kind::kLend) Promise(intent, now);
  }
  return Take();
}

// From when the promise is over nothing is sent to the VPC on it; what was sent
// has taken place when the latest effect is over, too; and the lists show it
// when they have settled.
void Lender::Promise(const Intent& intent, Moment now) {
  promised_until_[intent.key] = now.steady + options_.promise;
  doubts_.Add(intent.key, intent.addresses.at(0),
              now.steady + options_.Aftermath());
}

int Lender::Spare(int waiting) const {
  const Counts counts = pool_.counts();
  const int free = kMaxLoans - counts.leaving;
  return std::clamp(counts.warm - options_.keep - waiting, 0,
                    std::max(free, 0));
}

absl::Status Lender::MayLend(const Wish& wish) const {
  if (wish.subnet != options_.subnet) {
    return absl::FailedPreconditionError(
        absl::StrCat("this node's subnet is ", options_.subnet, ", not ",
                     wish.subnet, ": addresses don't move between subnets"));
  }
  const auto to_it = std::count_if(
      pool_.intents().begin(), pool_.intents().end(), [&](const auto& entry) {
        return entry.second.kind == Kind::kLend &&
               entry.second.peer == wish.node;
      });
  if (to_it >= kMaxLoansToOne) {
    return absl::ResourceExhaustedError(
        absl::StrCat("node ", wish.node, " has ", to_it,
                     " promises that it hasn't settled"));
  }
  if (Spare(wish.waiting) > 0) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "node ", options_.node, " has no address to spare: warm=",
      pool_.counts().warm, " kept=", options_.keep, " awaited=", wish.waiting));
}

absl::StatusOr<Lender::Loan> Lender::Repeat(const Intent& intent,
                                            const Wish& wish,
                                            Moment now) const {
  const auto until = promised_until_.find(intent.key);
  const absl::Duration left = until == promised_until_.end()
                                  ? absl::ZeroDuration()
                                  : until->second - now.steady;
  if (intent.peer != wish.node || intent.subnet != wish.subnet ||
      left <= absl::ZeroDuration()) {
    return absl::AbortedError("that promise is over, or another node's");
  }
  return Loan{intent.addresses.at(0), left};
}

absl::StatusOr<Lender::Loan> Lender::OnLend(const Wish& wish, Moment now) {
  if (const Intent* known = pool_.FindShift(Kind::kLend, wish.key)) {
    return Repeat(*known, wish, now);
  }
  RETURN_IF_ERROR(MayLend(wish));
  const auto [intent, records] =
      pool_.DecideLend(wish.key, wish.node, options_.subnet, now.wall);
  if (records.empty()) {
    return absl::ResourceExhaustedError("no warm address of that subnet");
  }
  RETURN_IF_ERROR(commit_(records));
  Promise(intent, now);
  Say(Reason::kLeaving, intent, "");
  return Loan{intent.addresses.at(0), options_.promise};
}

absl::Status Lender::OnSettle(const std::string& key, const std::string& node,
                              bool taken, Moment now) {
  const Intent* intent = pool_.FindShift(Kind::kLend, key);
  if (intent == nullptr) return absl::OkStatus();
  if (intent->peer != node) {
    return absl::PermissionDeniedError("that promise is another node's");
  }
  return Close(*intent, taken, now);
}

// `known` is borrowed from the pool, which the records change.
absl::Status Lender::Close(const Intent& known, bool taken, Moment now) {
  const Intent intent = known;
  RETURN_IF_ERROR(commit_(taken ? pool_.DecideLent(intent)
                                : pool_.DecideKeptBack(intent, now.wall)));
  promised_until_.erase(intent.key);
  doubts_.Remove(intent.key);
  Say(taken ? Reason::kLent : Reason::kStayed, intent, "");
  if (!taken) actions_.push_back(KeptBack{intent.addresses.at(0)});
  return absl::OkStatus();
}

ShiftActions Lender::OnListed(absl::Duration asked_at,
                              const absl::StatusOr<std::vector<Ipv4>>& listed,
                              Moment now) {
  looking_ = false;
  look_not_before_ = now.steady + Doubts::kPause;
  if (!listed.ok()) return Take();
  for (const Doubts::Verdict& verdict : doubts_.Compare(*listed, asked_at)) {
    const Intent* intent = pool_.FindShift(Kind::kLend, verdict.key);
    if (intent == nullptr) continue;
    const absl::Status closed = Close(*intent, !verdict.ours, now);
    // It couldn't be stored: the next list says so again.
    if (!closed.ok()) doubts_.Add(verdict.key, verdict.ip, asked_at);
  }
  LookThroughIfDue(now);
  return Take();
}

ShiftActions Lender::OnTimer(Moment now) {
  LookThroughIfDue(now);
  return Take();
}

void Lender::LookThroughIfDue(Moment now) {
  if (looking_ || now.steady < deadline()) return;
  looking_ = true;
  actions_.push_back(LookThrough{});
}

absl::Duration Lender::deadline() const {
  if (looking_) return absl::InfiniteDuration();
  return std::max(doubts_.deadline(), look_not_before_);
}

void Lender::Say(Reason reason, const Intent& intent, absl::string_view text) {
  actions_.push_back(
      Note{reason, intent.addresses.at(0),
           absl::StrCat("node ", intent.peer, text.empty() ? "" : ": ", text)});
}

ShiftActions Lender::Take() { return std::exchange(actions_, {}); }

}  // namespace pool
