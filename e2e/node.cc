#include "e2e/node.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "glog/logging.h"

namespace e2e {
namespace {

using base::Ipv4;

constexpr absl::Duration kLockLimit = absl::Seconds(10);
// ADDs that wait at the same time.
constexpr int kMaxWaiting = 10;
constexpr double kConflicts = 0.01;

// The store is on a disk that works.
void MustBeOk(const absl::Status& status) { CHECK(status.ok()) << status; }

}  // namespace

FastClock::FastClock(absl::Time start, double speed)
    : start_(start), speed_(speed), real_start_(absl::Now()) {}

absl::Time FastClock::Now() const {
  return start_ + (absl::Now() - real_start_) * speed_;
}

absl::Duration FastClock::Real(absl::Duration duration) const {
  return duration / speed_;
}

struct Node::Performer {
  Node& node;

  void operator()(const pool::CallAllocate& a) const { node.Allocate(a); }
  void operator()(const pool::CallRelease& a) const { node.Release(a); }
  void operator()(const pool::CallClaim& a) const { node.Claim(a); }
  void operator()(const pool::CallList&) const { node.List(); }
  void operator()(const pool::LookAtFlows& a) const {
    node.Post([&node = node, ips = a.ips] {
      node.Do(node.steward_->OnFlows(ips, std::set<Ipv4>(), node.clock_.Now()));
    });
  }
  void operator()(const pool::Verified& a) const {
    MustBeOk(node.ledger_->SetVerifiedAt(a.at));
  }
  void operator()(const pool::Rebuilt&) const {
    MustBeOk(node.ledger_->MarkRebuilt());
  }
  void operator()(const pool::StartProbe& a) const { node.Probe(a.ip); }
  void operator()(const pool::StopProbe& a) const { node.probing_.erase(a.ip); }
  void operator()(const pool::Borrow&) const {}
  void operator()(const pool::Note& a) const { ++node.fleet_.notes[a.reason]; }
  void operator()(const pool::Serve&) const {}  // Tick looks anyway
};

Node::Node(base::Loop& loop, const FastClock& clock, Fleet& fleet,
           OpenProvider open_provider, NodeSpec spec)
    : loop_(loop),
      clock_(clock),
      fleet_(fleet),
      open_provider_(std::move(open_provider)),
      spec_(std::move(spec)),
      random_(std::seed_seq{spec_.seed}),
      timer_(loop, [this] { Do(steward_->OnTimer(clock_.Now())); }) {
  Open();
}

void Node::Open() {
  provider_ = open_provider_();
  auto ledger = applets::ledger::Ledger::Open(
      spec_.state_dir, spec_.policy, clock_.Now(), absl::Now() + kLockLimit);
  MustBeOk(ledger.status());
  ledger_ = *std::move(ledger);
  steward_ = std::make_unique<pool::Steward>(
      ledger_->pool(),
      [this](const pool::Records& records) { return ledger_->Record(records); },
      spec_.steward, random_);
  Do(steward_->Start(ledger_->needs_rebuild(), ledger_->verified_at(),
                     clock_.Now()));
}

void Node::Crash() {
  ++life_;
  to_do_.clear();
  probing_.clear();
  timer_.Cancel();
  steward_.reset();
  ledger_.reset();
  Open();
}

// --- what the steward decides

void Node::Do(pool::Actions actions) {
  for (pool::Action& action : actions) to_do_.push_back(std::move(action));
  if (doing_) return;
  doing_ = true;
  while (!to_do_.empty()) {
    const pool::Action action = std::move(to_do_.front());
    to_do_.pop_front();
    std::visit(Performer{*this}, action);
  }
  doing_ = false;
  const absl::Time deadline = steward_->deadline();
  if (deadline == absl::InfiniteFuture()) return timer_.Cancel();
  timer_.Set(
      std::max(absl::ZeroDuration(), clock_.Real(deadline - clock_.Now())));
}

void Node::Post(Finish finish) {
  loop_.Post([this, life = life_, finish = std::move(finish)] {
    if (life == life_) finish();
  });
}

void Node::Run(base::Workers& workers, std::function<Finish()> blocking) {
  ++fleet_.operations;
  workers.Run([this, life = life_, blocking = std::move(blocking)] {
    loop_.Post([this, life, finish = blocking()] {
      if (life == life_) finish();
    });
  });
}

void Node::Allocate(const pool::CallAllocate& call) {
  Run(changing_, [this, provider = provider_, call]() -> Finish {
    auto given = provider->Allocate(call.intent.count, vpc::Priority::kFill);
    return [this, id = call.intent.id, given = std::move(given)] {
      Do(steward_->OnAllocated(id, given, clock_.Now()));
    };
  });
}

void Node::Release(const pool::CallRelease& call) {
  Run(changing_, [this, provider = provider_, call]() -> Finish {
    const absl::Status status = provider->Release(call.ip);
    return [this, call, status] {
      Do(steward_->OnReleased(call.intent_id, call.ip, status, clock_.Now()));
    };
  });
}

void Node::Claim(const pool::CallClaim& call) {
  Run(asking_, [this, provider = provider_, call]() -> Finish {
    const absl::Status status = provider->Claim(call.ip);
    return [this, call, status] {
      Do(steward_->OnClaimed(call.ip, status, clock_.Now()));
    };
  });
}

void Node::List() {
  const absl::Time asked_at = clock_.Now();
  Run(asking_, [this, provider = provider_, asked_at]() -> Finish {
    const auto listed = provider->List();
    return [this, asked_at, listed] {
      const absl::Time now = clock_.Now();
      Do(listed.ok() ? steward_->OnListed(asked_at,
                                          pool::Listing{*listed, Users()}, now)
                     : steward_->OnListed(asked_at, listed.status(), now));
    };
  });
}

void Node::Probe(Ipv4 ip) {
  probing_.insert(ip);
  const bool conflict = absl::Bernoulli(random_, kConflicts);
  Post([this, ip, conflict] {
    if (probing_.erase(ip) == 0) return;  // stopped
    const absl::Time now = clock_.Now();
    Do(conflict ? steward_->OnConflict(ip, "somebody", now)
                : steward_->OnAdmitted(ip, now));
  });
}

// --- pods

std::vector<pool::User> Node::Users() const {
  std::vector<pool::User> users;
  for (const auto& [attachment, ip] : pods_) {
    users.push_back({ip, "ucni0", attachment});
  }
  return users;
}

bool Node::StartPod() {
  const absl::Time now = clock_.Now();
  if (!steward_->MayLease(now)) return false;
  const base::Attachment attachment = {
      "cnivpc", absl::StrCat(spec_.name, "-", ++pods_so_far_), "eth0"};
  pool::Wish wish;
  wish.attachment = attachment;
  wish.started_at = applets::ledger::BootNow();
  const auto grant = ledger_->pool().DecideAcquire(wish, now);
  if (!grant.ok()) return false;
  MustBeOk(ledger_->Record(grant->records));
  MustBeOk(ledger_->Record(*ledger_->pool().DecideAttached(attachment)));
  const Ipv4 ip = grant->address.ip;
  if (++fleet_.pods_of[ip] > 1) ++fleet_.shared;
  pods_.emplace_back(attachment, ip);
  return true;
}

void Node::StopPod() {
  const auto [attachment, ip] = pods_.front();
  pods_.pop_front();
  const absl::Time now = clock_.Now();
  MustBeOk(ledger_->Record(ledger_->pool().DecideDetach(
      attachment, applets::ledger::BootNow(), now)));
  MustBeOk(ledger_->Record(ledger_->pool().DecideDetached(attachment, now)));
  if (--fleet_.pods_of[ip] == 0) fleet_.pods_of.erase(ip);
}

void Node::Tick() {
  const auto size = [this] { return static_cast<int>(pods_.size()); };
  while (size() > wanted_) StopPod();
  while (size() < wanted_ && StartPod()) {
  }
  const int waiting = std::clamp(wanted_ - size(), 0, kMaxWaiting);
  Do(steward_->OnChange(waiting, clock_.Now()));
}

// --- what is to be seen of it

std::set<Ipv4> Node::Addresses() const {
  std::set<Ipv4> addresses;
  for (const auto& [ip, row] : ledger_->pool().addresses()) {
    addresses.insert(ip);
  }
  return addresses;
}

bool Node::IsIdle() const {
  const pool::Counts counts = ledger_->pool().counts();
  return !steward_->needs_rebuild() && ledger_->pool().intents().empty() &&
         counts.total() == counts.warm;
}

}  // namespace e2e
