#include "pool/shift_borrower.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "pool/outcome.h"

namespace pool {

using base::Ipv4;
using Kind = Intent::Kind;

Borrower::Borrower(const Pool& pool, Commit commit, ShiftOptions options,
                   absl::BitGenRef random)
    : pool_(pool),
      commit_(std::move(commit)),
      options_(std::move(options)),
      random_(random),
      doubts_(options_.settle) {}

ShiftActions Borrower::Start(Moment now) {
  for (const auto& [id, intent] : pool_.intents()) {
    if (intent.kind != Kind::kBorrow) continue;
    shifts_[intent.key] = {.peer = intent.peer};
  }
  const Shifts left = shifts_;
  for (const auto& [key, shift] : left) {
    const Intent* intent = pool_.FindShift(Kind::kBorrow, key);
    // Without an address nothing was taken over yet.
    if (intent->addresses.empty()) {
      Conclude(key, false, now);
    } else {
      Doubt(key, intent->addresses.at(0), now);
    }
  }
  Proceed(now);
  return Take();
}

ShiftActions Borrower::OnWanted(int count,
                                const std::vector<std::string>& peers,
                                Moment now) {
  wanted_ = std::max(count, 0);
  asked_ = 0;
  give_up_at_ = now.steady + kLongest;
  peers_ = peers;
  std::erase(peers_, options_.node);
  if (wanted_ == 0) actions_.push_back(Borrowed{std::vector<Ipv4>()});
  Proceed(now);
  return Take();
}

void Borrower::Proceed(Moment now) {
  if (now.steady >= gather_until_ || !IsAsking()) {
    gather_until_ = absl::InfiniteDuration();
  }
  Retry(now);
  LookThroughIfDue(now);
  GiveUpIfLate(now);
  BeginShifts(now);
  GiveUpIfVain(now);
}

size_t Borrower::UnderWay() const {
  return static_cast<size_t>(
      std::count_if(shifts_.begin(), shifts_.end(), [](const auto& entry) {
        return entry.second.stage == Stage::kAsking ||
               entry.second.stage == Stage::kTaking;
      }));
}

// --- whom to ask

void Borrower::BeginShifts(Moment now) {
  if (gather_until_ != absl::InfiniteDuration()) return;
  while (UnderWay() <
             std::min<size_t>(static_cast<size_t>(wanted_), kMaxUnderWay) &&
         shifts_.size() < kMaxOpen) {
    const std::optional<std::string> peer = BestPeer(now);
    if (!peer) return AskAround(now);
    if (!Begin(*peer, now)) return;
  }
}

// The one with the most to spare.
std::optional<std::string> Borrower::BestPeer(Moment now) const {
  std::optional<std::string> best;
  int most = 0;
  for (const auto& [peer, offer] : offers_) {
    if (offer.asking || now.steady >= offer.at + kFresh) continue;
    if (offer.spare <= most) continue;
    most = offer.spare;
    best = peer;
  }
  return best;
}

bool Borrower::Begin(const std::string& peer, Moment now) {
  const std::string key = NewKey();
  const auto [intent, records] =
      pool_.DecideBorrow(key, peer, options_.subnet, now.wall);
  if (const absl::Status status = commit_(records); !status.ok()) {
    refusal_ = status;
    offers_.clear();
    wanted_ = 0;
    actions_.push_back(Borrowed{status});
    return false;
  }
  --offers_[peer].spare;
  shifts_[key] = {.peer = peer, .sent_at = now.steady};
  actions_.push_back(CallLend{peer, key});
  return true;
}

bool Borrower::IsAsking() const {
  return std::any_of(offers_.begin(), offers_.end(),
                     [](const auto& entry) { return entry.second.asking; });
}

// A few at a time, by chance: in a large cluster nobody is asked by all.
void Borrower::AskAround(Moment now) {
  if (IsAsking()) return;
  std::vector<std::string> strangers;
  for (const std::string& peer : peers_) {
    const auto offer = offers_.find(peer);
    if (offer == offers_.end() || now.steady >= offer->second.at + kFresh) {
      strangers.push_back(peer);
    }
  }
  for (size_t i = 0; i < std::min(kSample, strangers.size()); ++i) {
    if (asked_++ >= kMaxAsked) return;
    std::swap(strangers[i],
              strangers[absl::Uniform(random_, i, strangers.size())]);
    offers_[strangers[i]] = {.at = now.steady, .asking = true};
    gather_until_ = now.steady + kGather;
    actions_.push_back(AskSpare{strangers[i]});
  }
}

ShiftActions Borrower::OnSpare(const std::string& peer,
                               const absl::StatusOr<Offer>& offer, Moment now) {
  Offered& known = offers_[peer];
  known = {.at = now.steady};
  if (!offer.ok()) {
    refusal_ = offer.status();
  } else if (offer->subnet == options_.subnet) {
    known.spare = offer->spare;
  }
  Proceed(now);
  return Take();
}

void Borrower::GiveUpIfVain(Moment now) {
  if (wanted_ == 0 || UnderWay() > 0 || IsAsking()) return;
  const bool too_many = shifts_.size() >= kMaxOpen;
  std::string why =
      absl::StrCat("none of ", peers_.size(), " nodes has an address to spare");
  if (too_many) why = "too many shifts whose outcome isn't known yet";
  GiveUp(std::move(why), now);
}

void Borrower::GiveUpIfLate(Moment now) {
  if (wanted_ == 0 || now.steady < give_up_at_) return;
  GiveUp("other nodes are slow to answer", now);
}

void Borrower::GiveUp(std::string why, Moment now) {
  if (!refusal_.ok()) absl::StrAppend(&why, "; ", refusal_.message());
  refusal_ = absl::OkStatus();
  wanted_ = 0;
  actions_.push_back(Borrowed{absl::ResourceExhaustedError(why)});
  std::erase_if(offers_, [&](const auto& entry) {
    return now.steady >= entry.second.at + kFresh;
  });
}

// --- a shift

bool Borrower::IsAsked(const std::string& key) const {
  const auto it = shifts_.find(key);
  return it != shifts_.end() && it->second.stage == Stage::kAsking;
}

void Borrower::PassOver(const std::string& peer, const absl::Status& why,
                        Moment now) {
  offers_[peer] = {.at = now.steady};
  refusal_ = why;
}

ShiftActions Borrower::OnPromised(const std::string& key,
                                  const Promise& promise, Moment now) {
  if (!IsAsked(key)) return Take();
  TakeOver(key, promise, now);
  Proceed(now);
  return Take();
}

ShiftActions Borrower::OnRefused(const std::string& key,
                                 const absl::Status& why, Moment now) {
  if (!IsAsked(key)) return Take();
  PassOver(shifts_.at(key).peer, why, now);
  Conclude(key, false, now);
  Proceed(now);
  return Take();
}

ShiftActions Borrower::OnNoAnswer(const std::string& key,
                                  const absl::Status& why, Moment now) {
  if (!IsAsked(key)) return Take();
  Shift& shift = shifts_.at(key);
  if (shift.attempts < kMaxAttempts) {
    shift.retry_at = now.steady + kRetry;
  } else {
    PassOver(shift.peer, why, now);
    Conclude(key, false, now);
  }
  Proceed(now);
  return Take();
}

void Borrower::TakeOver(const std::string& key, const Promise& promise,
                        Moment now) {
  Shift& shift = shifts_.at(key);
  // What TakeOver sends last must be sent while the promise holds.
  const absl::Duration not_after =
      shift.sent_at + promise.held_for - options_.take_over_limit;
  const Intent* intent = pool_.FindShift(Kind::kBorrow, key);
  if (now.steady > not_after || intent == nullptr) {
    return Conclude(key, false, now);
  }
  const auto records = pool_.DecidePromised(*intent, promise.ip, now.wall);
  if (!records.ok() || !commit_(*records).ok()) {
    return Conclude(key, false, now);
  }
  shift.stage = Stage::kTaking;
  shift.retry_at = absl::InfiniteDuration();
  actions_.push_back(
      Note{Reason::kArriving, promise.ip, absl::StrCat("node ", shift.peer)});
  actions_.push_back(CallTakeOver{key, promise.ip, promise.mac, not_after});
}

ShiftActions Borrower::OnTakenOver(const std::string& key,
                                   const absl::Status& status, Moment now) {
  const auto it = shifts_.find(key);
  if (it == shifts_.end() || it->second.stage != Stage::kTaking) return Take();
  if (!status.ok()) PassOver(it->second.peer, status, now);
  if (MayBeDone(status)) {
    const Intent* intent = pool_.FindShift(Kind::kBorrow, key);
    Doubt(key, intent->addresses.at(0), now);
  } else {
    Conclude(key, status.ok(), now);
  }
  Proceed(now);
  return Take();
}

void Borrower::Doubt(const std::string& key, Ipv4 ip, Moment now) {
  shifts_.at(key).stage = Stage::kDoubtful;
  doubts_.Add(key, ip, now.steady + options_.latest_effect + options_.settle);
  actions_.push_back(Note{Reason::kVpcUnavailable, ip,
                          "whether it was taken over isn't known yet"});
}

ShiftActions Borrower::OnListed(absl::Duration asked_at,
                                const absl::StatusOr<std::vector<Ipv4>>& listed,
                                Moment now) {
  looking_ = false;
  look_not_before_ = now.steady + Doubts::kPause;
  if (listed.ok()) {
    for (const Doubts::Verdict& verdict : doubts_.Compare(*listed, asked_at)) {
      Conclude(verdict.key, verdict.ours, now);
    }
  }
  Proceed(now);
  return Take();
}

// If it can't be stored it stays concluded, and is tried again.
void Borrower::Conclude(const std::string& key, bool taken, Moment now) {
  Shift& shift = shifts_.at(key);
  shift.stage = Stage::kConcluded;
  shift.taken = taken;
  shift.retry_at = now.steady + kRetry;
  const Intent* known = pool_.FindShift(Kind::kBorrow, key);
  if (known == nullptr) {
    shifts_.erase(key);
    return;
  }
  const Intent intent = *known;
  const absl::Status stored =
      commit_(taken ? pool_.DecideBorrowed(intent, now.wall)
                    : pool_.DecideUnborrowed(intent));
  if (!stored.ok()) return;
  const std::string peer = shift.peer;
  shifts_.erase(key);
  Settle(key, peer, taken);
  if (taken) {
    wanted_ = std::max(wanted_ - 1, 0);
    actions_.push_back(Borrowed{intent.addresses});
  } else if (!intent.addresses.empty()) {
    actions_.push_back(Note{Reason::kStayed, intent.addresses.at(0),
                            absl::StrCat("node ", peer)});
  }
}

// --- settling

void Borrower::Settle(const std::string& key, const std::string& peer,
                      bool taken) {
  settlements_[key] = {.peer = peer, .taken = taken};
  actions_.push_back(CallSettle{peer, key, taken});
}

ShiftActions Borrower::OnSettled(const std::string& key,
                                 const absl::Status& status, Moment now) {
  const auto it = settlements_.find(key);
  if (it == settlements_.end()) return Take();
  if (status.ok() || it->second.attempts >= kMaxSettles) {
    settlements_.erase(it);
  } else {
    it->second.retry_at = now.steady + kRetry * (1 << it->second.attempts);
  }
  Proceed(now);
  return Take();
}

// --- when

ShiftActions Borrower::OnTimer(Moment now) {
  Proceed(now);
  return Take();
}

void Borrower::Retry(Moment now) {
  const Shifts due = shifts_;
  for (const auto& [key, shift] : due) {
    if (now.steady < shift.retry_at) continue;
    if (shift.stage == Stage::kConcluded) {
      Conclude(key, shift.taken, now);
    } else if (shift.stage == Stage::kAsking) {
      Shift& again = shifts_.at(key);
      ++again.attempts;
      again.retry_at = absl::InfiniteDuration();
      again.sent_at = now.steady;
      actions_.push_back(CallLend{again.peer, key});
    }
  }
  for (auto& [key, settlement] : settlements_) {
    if (now.steady < settlement.retry_at) continue;
    ++settlement.attempts;
    settlement.retry_at = absl::InfiniteDuration();
    actions_.push_back(CallSettle{settlement.peer, key, settlement.taken});
  }
}

void Borrower::LookThroughIfDue(Moment now) {
  const absl::Duration due = std::max(doubts_.deadline(), look_not_before_);
  if (looking_ || now.steady < due) return;
  looking_ = true;
  actions_.push_back(LookThrough{});
}

absl::Duration Borrower::deadline() const {
  absl::Duration first = gather_until_;
  if (wanted_ > 0) first = std::min(first, give_up_at_);
  if (!looking_) {
    first = std::min(first, std::max(doubts_.deadline(), look_not_before_));
  }
  for (const auto& [key, shift] : shifts_) {
    first = std::min(first, shift.retry_at);
  }
  for (const auto& [key, settlement] : settlements_) {
    first = std::min(first, settlement.retry_at);
  }
  return first;
}

// 128 random bits: nobody guesses another's.
std::string Borrower::NewKey() {
  return absl::StrFormat("%016x%016x", absl::Uniform<uint64_t>(random_),
                         absl::Uniform<uint64_t>(random_));
}

ShiftActions Borrower::Take() { return std::exchange(actions_, {}); }

}  // namespace pool
