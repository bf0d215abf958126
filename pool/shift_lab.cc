#include "pool/shift_lab.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pool/recovery.h"

namespace pool {
namespace {

using base::Ipv4;

constexpr char kSubnet[] = "subnet-1";
constexpr int kNobody = -1;
constexpr absl::Duration kMessage = absl::Seconds(2);
// A message may turn up long after anybody waits for it.
constexpr absl::Duration kLate = absl::Seconds(300);
constexpr absl::Duration kPatience = absl::Seconds(5);
constexpr absl::Duration kVerify = absl::Seconds(20);

base::Mac MacOf(int node) {
  return base::Mac({2, 0, 0, 0, 0, static_cast<uint8_t>(node)});
}
int NodeOf(const base::Mac& mac) { return mac.bytes()[5]; }

bool IsUsable(const Address& row) {
  return row.state == State::kFresh || row.state == State::kWarm ||
         row.state == State::kLeased || row.state == State::kCooling;
}

}  // namespace

struct ShiftLab::Node {
  explicit Node(const Policy& policy) : disk(policy), pool(policy) {}

  std::string name;
  Pool disk;  // what the store has
  Pool pool;
  int life = 0;
  bool alive = false;
  bool lost = false;  // the store must be rebuilt first
  int commits_left = -1;
  bool dies_after = false;
  absl::Duration away;
  std::set<std::string> stalled;  // keys whose answer it comes to late
  std::unique_ptr<Lender> lender;
  std::unique_ptr<Borrower> borrower;
  std::unique_ptr<Audit> audit;
};

ShiftLab::ShiftLab(int nodes, const Options& options, Fate& fate)
    : options_(options), fate_(fate) {
  Policy policy;
  policy.probing = true;
  policy.loss_hold = options.loss_hold;
  for (int i = 0; i < nodes; ++i) {
    nodes_.push_back(std::make_unique<Node>(policy));
    nodes_[i]->name = absl::StrCat("node-", i);
  }
  for (int i = 0; i < nodes; ++i) Boot(i);
}

ShiftLab::~ShiftLab() = default;

// --- chance, time, words

int ShiftLab::Choose(const char* what, int count) {
  return calm_ ? 0 : fate_.Choose(what, count);
}
absl::Duration ShiftLab::Delay(absl::Duration most) {
  return fate_.Delay(most);
}

void ShiftLab::Say(int node, std::string text) {
  trace_.push_back(absl::StrCat(absl::ToDoubleSeconds(now_), " ",
                                node < 0 ? "vpc" : nodes_[node]->name, " ",
                                text));
}

Moment ShiftLab::Now() const {
  return {absl::FromUnixSeconds(1'700'000'000) + now_, now_};
}

ShiftLab::Node* ShiftLab::Find(const std::string& name) {
  for (const auto& node : nodes_) {
    if (node->name == name) return node.get();
  }
  return nullptr;
}

void ShiftLab::At(absl::Duration delay, Event event) {
  queue_.emplace(now_ + delay, std::move(event));
}

// For a process: not if it has died meanwhile.
void ShiftLab::Later(int node, absl::Duration delay, Event event) {
  At(delay, [this, node, life = nodes_[node]->life, event = std::move(event)] {
    if (nodes_[node]->alive && nodes_[node]->life == life) event();
  });
}

void ShiftLab::RunFor(absl::Duration time) {
  const absl::Duration end = now_ + time;
  while (!queue_.empty() && queue_.begin()->first <= end) {
    now_ = std::max(now_, queue_.begin()->first);
    const Event event = std::move(queue_.begin()->second);
    queue_.erase(queue_.begin());
    event();
    Check();
    if (!violation_.empty()) return;
  }
  now_ = end;
}

// --- the VPC

void ShiftLab::Own(Ipv4 ip, int node) { owners_[ip][now_] = node; }

int ShiftLab::OwnerOf(Ipv4 ip, absl::Duration at) const {
  const auto& history = owners_.at(ip);
  const auto it = history.upper_bound(at);
  return it == history.begin() ? kNobody : std::prev(it)->second;
}

std::vector<Ipv4> ShiftLab::Listed(int node, absl::Duration at) const {
  std::vector<Ipv4> listed;
  for (const auto& [ip, history] : owners_) {
    if (OwnerOf(ip, at) == node) listed.push_back(ip);
  }
  return listed;
}

void ShiftLab::Give(int node, Ipv4 ip) {
  Own(ip, node);
  Commit(
      node,
      {PutAddress{In(State::kWarm, {.ip = ip, .subnet = kSubnet}, Now().wall)}})
      .IgnoreError();
}

void ShiftLab::Move(int to, const CallTakeOver& call) {
  const auto [begin, end] = moving_.equal_range(call.ip);
  moving_.erase(std::find_if(begin, end, [&](const auto& move) {
    return move.second == NodeOf(call.from);
  }));
  if (OwnerOf(call.ip, now_) != NodeOf(call.from)) {
    return Say(-1, absl::StrCat(call.ip.ToString(), " stays"));
  }
  ++effects_;
  Own(call.ip, to);
  Say(-1, absl::StrCat(call.ip.ToString(), " moves to ", nodes_[to]->name));
}

// --- processes

absl::Status ShiftLab::Commit(int node, const Records& records) {
  Node& n = *nodes_[node];
  if (!n.alive) return absl::InternalError("dead");
  if (records.empty()) return absl::OkStatus();
  const bool dies = n.commits_left == 0;
  if (n.commits_left >= 0) --n.commits_left;
  if (!dies || n.dies_after) {
    n.disk.Apply(records);
    n.pool.Apply(records);
  }
  if (!dies) return absl::OkStatus();
  Say(node, n.dies_after ? "dies after a write" : "dies before a write");
  Crash(node, n.away);
  return absl::InternalError("dead");
}

void ShiftLab::Boot(int node) {
  Node& n = *nodes_[node];
  ++n.life;
  n.alive = true;
  n.stalled.clear();
  n.pool = n.disk;
  ShiftOptions options = options_.shift;
  options.node = n.name;
  options.subnet = kSubnet;
  const auto commit = [this, node](const Records& records) {
    return Commit(node, records);
  };
  n.lender = std::make_unique<Lender>(n.pool, commit, options);
  n.borrower = std::make_unique<Borrower>(n.pool, commit, options, random_);
  n.audit =
      std::make_unique<Audit>(options_.lag + kMessage, options_.latest_effect);
  if (n.lost) return Rebuild(node);
  Do(node, Side::kLender, n.lender->Start(Now()));
  Do(node, Side::kBorrower, n.borrower->Start(Now()));
  Later(node, Delay(kVerify), [this, node] { Verify(node); });
}

void ShiftLab::Rebuild(int node) {
  Node& n = *nodes_[node];
  const std::vector<Ipv4> listed = Listed(node, now_ - Delay(options_.lag));
  if (!Commit(node, DecideRebuild(n.pool, kSubnet, listed, {}, Now().wall))
           .ok()) {
    return;
  }
  n.lost = false;
  Do(node, Side::kLender, n.lender->Start(Now()));
  Do(node, Side::kBorrower, n.borrower->Start(Now()));
  Later(node, kVerify, [this, node] { Verify(node); });
}

void ShiftLab::Crash(int node, absl::Duration away) {
  Node& n = *nodes_[node];
  if (!n.alive) return;
  n.alive = false;
  n.commits_left = -1;
  At(away, [this, node] { Boot(node); });
}

void ShiftLab::LoseStore(int node, absl::Duration away) {
  Node& n = *nodes_[node];
  if (!n.alive) return;
  Say(node, "loses its store");
  n.disk = Pool(n.disk.policy());
  n.lost = true;
  Crash(node, away);
}

void ShiftLab::CrashAtCommit(int node, int nth, bool after,
                             absl::Duration away) {
  Node& n = *nodes_[node];
  n.commits_left = nth;
  n.dies_after = after;
  n.away = away;
}

// --- what they do

void ShiftLab::Want(int node, int count) {
  Node& n = *nodes_[node];
  if (!n.alive || n.lost) return;
  std::vector<std::string> names;
  for (const auto& other : nodes_) names.push_back(other->name);
  Do(node, Side::kBorrower, n.borrower->OnWanted(count, names, Now()));
}

void ShiftLab::Schedule(int node) {
  const Node& n = *nodes_[node];
  if (!n.alive) return;
  const absl::Duration next =
      std::min(n.lender->deadline(), n.borrower->deadline());
  if (next == absl::InfiniteDuration()) return;
  Later(node, std::max(next - now_, absl::ZeroDuration()),
        [this, node] { OnTimers(node); });
}

void ShiftLab::OnTimers(int node) {
  Node& n = *nodes_[node];
  if (now_ >= n.lender->deadline()) {
    Do(node, Side::kLender, n.lender->OnTimer(Now()));
  }
  if (n.alive && now_ >= n.borrower->deadline()) {
    Do(node, Side::kBorrower, n.borrower->OnTimer(Now()));
  }
}

void ShiftLab::Do(int node, Side side, const ShiftActions& actions) {
  for (const ShiftAction& action : actions) {
    if (nodes_[node]->alive) DoOne(node, side, action);
  }
  Schedule(node);
}

void ShiftLab::Admit(int node, Ipv4 ip) {
  Commit(node, nodes_[node]->pool.DecideAdmitted(ip, Now().wall)).IgnoreError();
}

void ShiftLab::DoOne(int node, Side side, const ShiftAction& action) {
  if (const auto* ask = std::get_if<AskSpare>(&action)) {
    Later(node, Delay(kMessage), [this, node, peer = ask->peer] {
      const Node* other = Find(peer);
      absl::StatusOr<Borrower::Offer> offer = absl::UnavailableError("dead");
      if (other->alive && !other->lost) {
        offer = Borrower::Offer{kSubnet, other->lender->Spare(0)};
      }
      Do(node, Side::kBorrower,
         nodes_[node]->borrower->OnSpare(peer, offer, Now()));
    });
  } else if (const auto* lend = std::get_if<CallLend>(&action)) {
    Lend(node, *lend);
  } else if (const auto* take = std::get_if<CallTakeOver>(&action)) {
    TakeOver(node, *take);
  } else if (const auto* settle = std::get_if<CallSettle>(&action)) {
    Settle(node, *settle);
  } else if (const auto* came = std::get_if<Borrowed>(&action)) {
    Say(node, came->came.ok() ? "got an address" : "got none");
    if (!came->came.ok()) return;
    for (const Ipv4 ip : *came->came) Admit(node, ip);
  } else if (const auto* kept = std::get_if<KeptBack>(&action)) {
    Say(node, absl::StrCat(kept->ip.ToString(), " was kept"));
    Admit(node, kept->ip);
  } else if (std::holds_alternative<pool::LookThrough>(action)) {
    LookThrough(node, side);
  }
}

void ShiftLab::Lend(int node, const CallLend& call) {
  Say(node, absl::StrCat("asks ", call.peer, " for ", call.key.substr(0, 4)));
  const int to = static_cast<int>(
      std::find_if(nodes_.begin(), nodes_.end(),
                   [&](const auto& n) { return n->name == call.peer; }) -
      nodes_.begin());
  // 0 arrives; 1 is lost; 2 arrives too late; 3 arrives, and again too late.
  const int fate = Choose("lend", 4);
  if (fate == 0 || fate == 3) {
    At(Delay(kMessage), [=, this] { DeliverLend(node, to, call); });
  }
  if (fate >= 2) At(Delay(kLate), [=, this] { DeliverLend(node, to, call); });
  Later(node, kPatience, [this, node, key = call.key] {
    if (nodes_[node]->stalled.contains(key)) return;
    Do(node, Side::kBorrower,
       nodes_[node]->borrower->OnNoAnswer(key, absl::UnavailableError("late"),
                                          Now()));
  });
}

void ShiftLab::DeliverLend(int from, int to, const CallLend& call) {
  Node& lender = *nodes_[to];
  if (!lender.alive || lender.lost) return;
  const auto loan = lender.lender->OnLend(
      {.key = call.key, .node = nodes_[from]->name, .subnet = kSubnet}, Now());
  Do(to, Side::kLender, lender.lender->Take());
  // 0 arrives; 1 is lost; 2 arrives, but who asked is busy for long.
  const int fate = lender.alive ? Choose("promise", 3) : 1;
  if (fate == 1) return;
  if (fate == 2) nodes_[from]->stalled.insert(call.key);
  if (loan.ok()) {
    Say(to, absl::StrCat("promises ", loan->ip.ToString(), " for ",
                         absl::FormatDuration(loan->held_for)));
  }
  Later(from, Delay(fate == 2 ? kLate : kMessage), [=, this] {
    nodes_[from]->stalled.erase(call.key);
    Borrower& borrower = *nodes_[from]->borrower;
    Do(from, Side::kBorrower,
       loan.ok() ? borrower.OnPromised(
                       call.key, {loan->ip, MacOf(to), loan->held_for}, Now())
                 : borrower.OnRefused(call.key, loan.status(), Now()));
  });
}

void ShiftLab::TakeOver(int node, const CallTakeOver& call) {
  if (now_ > call.not_after) {
    return Do(node, Side::kBorrower,
              nodes_[node]->borrower->OnTakenOver(
                  call.key, absl::AbortedError("too late"), Now()));
  }
  Say(node, absl::StrCat("takes ", call.ip.ToString(), " over"));
  // Sent at any time up to the limit, and done at any time after that.
  const absl::Duration sent = Delay(options_.take_over_limit);
  const auto tell = [this, node, key = call.key](const absl::Status& status) {
    Do(node, Side::kBorrower,
       nodes_[node]->borrower->OnTakenOver(key, status, Now()));
  };
  // 0 done and told; 1 done, soon or late, and not told; 2 never done nor told;
  // 3 refused; 4 begun late, for the node was busy.
  const int fate = Choose("take over", 5);
  if (fate <= 1) {
    Later(node, sent, [=, this] {
      moving_.emplace(call.ip, NodeOf(call.from));
      At(Delay(fate == 0 ? kMessage : options_.latest_effect), [=, this] {
        const bool had = OwnerOf(call.ip, now_) == NodeOf(call.from);
        Move(node, call);
        if (fate != 0) return;
        Later(node, Delay(kMessage), [tell, had] {
          tell(had ? absl::OkStatus() : absl::NotFoundError("moved on"));
        });
      });
    });
  }
  if (fate == 4) {
    Later(node, Delay(kLate), [=, this] { TakeOver(node, call); });
  } else if (fate == 3) {
    Later(node, sent, [tell] { tell(absl::NotFoundError("refused")); });
  } else if (fate != 0) {
    Later(node, sent + Delay(absl::Seconds(30)),
          [tell] { tell(absl::UnavailableError("no answer")); });
  }
}

void ShiftLab::Settle(int node, const CallSettle& call) {
  Say(node, absl::StrCat("settles ", call.key.substr(0, 4),
                         call.taken ? " taken" : " not taken"));
  const auto deliver = [this, node, call] {
    Node* lender = Find(call.peer);
    const int to = static_cast<int>(
        std::find_if(nodes_.begin(), nodes_.end(),
                     [&](const auto& n) { return n.get() == lender; }) -
        nodes_.begin());
    if (!lender->alive || lender->lost) return;
    lender->lender->OnSettle(call.key, nodes_[node]->name, call.taken, Now())
        .IgnoreError();
    Do(to, Side::kLender, lender->lender->Take());
  };
  // 0 arrives; 1 is lost; 2 arrives late.
  const int fate = Choose("settle", 3);
  if (fate == 0) At(Delay(kMessage), deliver);
  if (fate == 2) At(Delay(kLate), deliver);
  Later(node, kPatience, [=, this] {
    const absl::Status status =
        fate == 0 ? absl::OkStatus() : absl::UnavailableError("lost");
    Do(node, Side::kBorrower,
       nodes_[node]->borrower->OnSettled(call.key, status, Now()));
  });
}

void ShiftLab::LookThrough(int node, Side side) {
  const absl::Duration asked_at = now_;
  const absl::Duration read_at = now_ + Delay(kMessage);
  const absl::Duration lag = Delay(options_.lag);
  const bool fails = Choose("list", 2) == 1;
  Later(node, read_at - now_, [=, this] {
    absl::StatusOr<std::vector<Ipv4>> listed = Listed(node, read_at - lag);
    if (fails) listed = absl::UnavailableError("list");
    Node& n = *nodes_[node];
    Do(node, side,
       side == Side::kLender ? n.lender->OnListed(asked_at, listed, Now())
                             : n.borrower->OnListed(asked_at, listed, Now()));
  });
}

// As the steward does: what the VPC lists and the pool doesn't know is taken
// in, what was held back after a loss is given back.
void ShiftLab::Verify(int node) {
  Node& n = *nodes_[node];
  const std::vector<Ipv4> listed = Listed(node, now_ - Delay(options_.lag));
  const Audit::Findings findings =
      n.audit->Compare(n.pool, {listed, Now().wall, Now().wall}, {});
  Records records = n.pool.DecideArrived(findings.found, kSubnet, Now().wall);
  for (const Ipv4 ip : findings.found) {
    Say(node, absl::StrCat(ip.ToString(), " is adopted"));
  }
  for (const Ipv4 ip : n.pool.Held(Now().wall)) {
    if (OwnerOf(ip, now_) == node) Own(ip, kNobody);
    Say(node, absl::StrCat(ip.ToString(), " is given back"));
    records.push_back(DropAddress{ip});
  }
  Commit(node, records).IgnoreError();
  for (const Ipv4 ip : findings.found) {
    n.audit->Forget(ip);
    Commit(node, n.pool.DecideAdmitted(ip, Now().wall)).IgnoreError();
  }
  Later(node, kVerify, [this, node] { Verify(node); });
}

// --- what must hold

std::set<Ipv4> ShiftLab::UsableOn(int node) const {
  std::set<Ipv4> usable;
  for (const auto& [ip, row] : nodes_[node]->disk.addresses()) {
    if (IsUsable(row)) usable.insert(ip);
  }
  return usable;
}

void ShiftLab::Check() {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const int node = static_cast<int>(i);
    for (const Ipv4 ip : UsableOn(node)) {
      const int owner = OwnerOf(ip, now_);
      const auto [begin, end] = moving_.equal_range(ip);
      const bool leaves = std::any_of(
          begin, end, [&](const auto& move) { return move.second == node; });
      if (owner == node && !leaves) continue;
      violation_ = absl::StrCat(
          ip.ToString(), " is usable on ", nodes_[i]->name, ", and ",
          leaves ? "about to leave it" : absl::StrCat("is node ", owner, "'s"));
      Say(node, violation_);
    }
  }
}

std::string ShiftLab::Leftovers() const {
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i]->alive) return absl::StrCat(nodes_[i]->name, " is dead");
    for (const auto& [id, intent] : nodes_[i]->disk.intents()) {
      return absl::StrCat(nodes_[i]->name, ": shift ", intent.key, " is open");
    }
  }
  for (const auto& [ip, history] : owners_) {
    const int owner = OwnerOf(ip, now_);
    if (owner == kNobody) continue;
    if (!UsableOn(owner).contains(ip)) {
      return absl::StrCat(ip.ToString(), " isn't known to ",
                          nodes_[static_cast<size_t>(owner)]->name);
    }
  }
  return "";
}

}  // namespace pool
