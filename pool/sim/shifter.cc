#include "pool/sim/shifter.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "pool/sim/node.h"

namespace pool::sim {
namespace {

using base::Ipv4;

constexpr absl::Duration kMs = absl::Milliseconds(1);
// A call to another node that isn't answered for so long is given up.
constexpr absl::Duration kPatience = absl::Seconds(5);
// Calls that are late are so at most.
constexpr absl::Duration kMaxLateness = absl::Minutes(3);
// A node hears an answer when it has time for it.
constexpr absl::Duration kMaxHesitation = absl::Seconds(75);
// A node that has no time for a call to the VPC has it after so long.
constexpr absl::Duration kLongestBusy = absl::Seconds(90);

ShiftOptions OptionsOf(int id, const NodeTraits& traits) {
  ShiftOptions options;
  options.node = NameOfNode(id);
  options.subnet = NameOfSubnet(traits.subnet);
  options.keep = traits.watermarks.low;
  return options;
}

}  // namespace

std::string NameOfNode(int id) { return absl::StrCat("node-", id); }

int NodeNamed(const std::string& name) {
  int id = kNobody;
  return absl::SimpleAtoi(name.substr(name.find('-') + 1), &id) ? id : kNobody;
}

base::Mac MacOfNode(int id) {
  const auto bits = static_cast<uint32_t>(id);
  return base::Mac({0x52, 0x54, 0, static_cast<uint8_t>(bits >> 16),
                    static_cast<uint8_t>(bits >> 8),
                    static_cast<uint8_t>(bits)});
}

int NodeOfMac(const base::Mac& mac) {
  const std::array<uint8_t, 6> bytes = mac.bytes();
  return (bytes[3] << 16) | (bytes[4] << 8) | bytes[5];
}

Shifter::Shifter(Node& node, Process& process, Dice dice)
    : node_(node),
      process_(process),
      world_(node.world()),
      dice_(dice),
      options_(OptionsOf(node.id(), node.traits())),
      lender_(
          node.pool(),
          [this](const Records& records) { return Commit(records); }, options_),
      borrower_(
          node.pool(),
          [this](const Records& records) { return Commit(records); }, options_,
          dice_) {}

Moment Shifter::Now() const {
  return {process_.now(), node_.host().boottime()};
}

absl::Status Shifter::Commit(const Records& records) {
  absl::Status status = process_.Record(records);
  changed_ |= status.ok();
  return status;
}

void Shifter::Start() {
  Do(Side::kLender, lender_.Start(Now()));
  if (process_.is_dead()) return;
  Do(Side::kBorrower, borrower_.Start(Now()));
}

void Shifter::Borrow(int count) {
  std::vector<std::string> peers;
  for (const int id : world_.layout.NodesOf(node_.traits().subnet)) {
    peers.push_back(NameOfNode(id));
  }
  Do(Side::kBorrower, borrower_.OnWanted(count, peers, Now()));
}

// --- doing what they decide

struct Shifter::Performer {
  Shifter& shifter;
  const Side side;

  void operator()(const AskSpare& ask) const { shifter.Ask(ask); }
  void operator()(const CallLend& call) const { shifter.Lend(call); }
  void operator()(const CallTakeOver& call) const { shifter.TakeOver(call); }
  void operator()(const CallSettle& call) const { shifter.Settle(call); }
  void operator()(const pool::LookThrough&) const { shifter.LookThrough(side); }
  void operator()(const Note& note) const { shifter.process_.Write(note); }
  void operator()(const Borrowed& borrowed) const {
    if (borrowed.came.ok()) {
      shifter.world_.totals.borrowed += borrowed.came->size();
    }
    shifter.process_.OnBorrowed(borrowed.came);
  }
  void operator()(const KeptBack& kept) const {
    shifter.process_.OnKeptBack(kept.ip);
  }
};

void Shifter::Do(Side side, ShiftActions actions) {
  for (ShiftAction& action : actions) {
    to_do_.emplace_back(side, std::move(action));
  }
  if (doing_) return;
  doing_ = true;
  while (!process_.is_dead() && (!to_do_.empty() || changed_)) {
    if (to_do_.empty()) {
      changed_ = false;
      process_.Kick();
      continue;
    }
    if (world_.faults.Draw(node_.id(), Fault::kCrashBetween)) {
      node_.Crash();
      break;
    }
    const auto [whose, action] = std::move(to_do_.front());
    to_do_.pop_front();
    std::visit(Performer{*this, whose}, action);
  }
  doing_ = false;
  if (!process_.is_dead()) Arm();
}

void Shifter::Arm() {
  const absl::Duration deadline =
      std::min(lender_.deadline(), borrower_.deadline());
  if (deadline == absl::InfiniteDuration()) return;
  const absl::Time due =
      world_.agenda.now() +
      std::max(absl::ZeroDuration(), deadline - node_.host().boottime());
  if (alarm_ <= due) return;
  alarm_ = due;
  world_.agenda.At(due, WhileAlive(node_, [this, due] {
                     if (alarm_ != due) return;
                     alarm_ = absl::InfiniteFuture();
                     Do(Side::kLender, lender_.OnTimer(Now()));
                     if (process_.is_dead()) return;
                     Do(Side::kBorrower, borrower_.OnTimer(Now()));
                   }));
}

// --- calls to other nodes

// What becomes of a call, and of its answer.
template <typename Reply>
void Shifter::Call(const std::string& peer, Service<Reply> service,
                   Answer<Reply> answer) {
  Agenda& agenda = world_.agenda;
  Faults& faults = world_.faults;
  const int me = node_.id();
  auto said =
      std::make_shared<Answer<Reply>>(WhileAlive(node_, std::move(answer)));
  const auto give_up = [&agenda, said] {
    agenda.After(kPatience, [said] { (*said)(nullptr); });
  };
  absl::Duration there = dice_.Between(kMs, 20 * kMs);
  absl::Duration back = dice_.Between(kMs, 20 * kMs);
  bool is_heard = true;
  if (faults.Draw(me, Fault::kCallLost)) return give_up();
  if (auto late = faults.Draw(me, Fault::kCallLate)) {
    there = late->Between(kPatience, kMaxLateness);
    is_heard = false;
  }
  if (faults.Draw(me, Fault::kAnswerLost)) is_heard = false;
  if (auto late = faults.Draw(me, Fault::kAnswerLate)) {
    back = late->Between(kPatience, kMaxHesitation);
  }
  auto serve = std::make_shared<Service<Reply>>(std::move(service));
  Node* const other = world_.NodeAt(NodeNamed(peer));
  const auto deliver = [other, serve]() -> std::optional<Reply> {
    Shifter* const shifter = other == nullptr ? nullptr : other->shifter();
    if (shifter == nullptr) {
      return Reply(absl::UnavailableError("nobody listens"));
    }
    Process* const process = other->process();
    Reply reply = (*serve)(*shifter);
    if (process->is_dead()) return std::nullopt;
    shifter->Do(Side::kLender, shifter->lender_.Take());
    return reply;
  };
  if (auto again = faults.Draw(me, Fault::kCallRepeated)) {
    agenda.After(again->Between(there, kMaxLateness),
                 [deliver] { static_cast<void>(deliver()); });
  }
  if (!is_heard) give_up();
  agenda.After(there, [&agenda, deliver, is_heard, back, said, give_up] {
    const std::optional<Reply> reply = deliver();
    if (!is_heard) return;
    if (!reply) return give_up();
    agenda.After(back, [said, reply] { (*said)(&*reply); });
  });
}

void Shifter::Ask(const AskSpare& ask) {
  using Reply = absl::StatusOr<Borrower::Offer>;
  Call<Reply>(
      ask.peer,
      [](Shifter& other) -> Reply {
        const int waiting = other.process_.desk().waiting();
        return Borrower::Offer{other.options_.subnet,
                               other.lender_.Spare(waiting)};
      },
      [this, peer = ask.peer](const Reply* reply) {
        const absl::Status silence = absl::UnavailableError("no answer");
        Do(Side::kBorrower,
           borrower_.OnSpare(peer, reply == nullptr ? silence : *reply, Now()));
      });
}

void Shifter::Lend(const CallLend& call) {
  using Reply = absl::StatusOr<Lender::Loan>;
  Call<Reply>(
      call.peer,
      [wish = Lender::Wish{call.key, options_.node, options_.subnet}](
          Shifter& other) mutable -> Reply {
        wish.waiting = other.process_.desk().waiting();
        return other.lender_.OnLend(wish, other.Now());
      },
      [this, call](const Reply* reply) {
        if (reply == nullptr) {
          return Do(Side::kBorrower,
                    borrower_.OnNoAnswer(
                        call.key, absl::UnavailableError("no answer"), Now()));
        }
        if (!reply->ok()) {
          return Do(Side::kBorrower,
                    borrower_.OnRefused(call.key, reply->status(), Now()));
        }
        const Borrower::Promise promise{
            (*reply)->ip, MacOfNode(NodeNamed(call.peer)), (*reply)->held_for};
        Do(Side::kBorrower, borrower_.OnPromised(call.key, promise, Now()));
      });
}

void Shifter::Settle(const CallSettle& call) {
  Call<absl::Status>(
      call.peer,
      [call, me = options_.node](Shifter& other) {
        return other.lender_.OnSettle(call.key, me, call.taken, other.Now());
      },
      [this, key = call.key](const absl::Status* status) {
        const absl::Status silence = absl::UnavailableError("no answer");
        Do(Side::kBorrower,
           borrower_.OnSettled(key, status == nullptr ? silence : *status,
                               Now()));
      });
}

// --- calls to the VPC

void Shifter::TakeOver(const CallTakeOver& call) {
  auto busy = world_.faults.Draw(node_.id(), Fault::kBusy);
  if (!busy) return Send(call);
  world_.agenda.After(busy->Between(absl::ZeroDuration(), kLongestBusy),
                      WhileAlive(node_, [this, call] { Send(call); }));
}

void Shifter::Send(const CallTakeOver& call) {
  auto tell = WhileAlive(node_, [this, key = call.key](absl::Status status) {
    Do(Side::kBorrower, borrower_.OnTakenOver(key, status, Now()));
  });
  if (node_.host().boottime() > call.not_after) {
    return tell(absl::AbortedError("too late"));
  }
  process_.Count(world_.totals.moves, "TakeOver");
  world_.cloud.TakeOver({node_.id(), call.ip, NodeOfMac(call.from)},
                        std::move(tell));
}

void Shifter::LookThrough(Side side) {
  process_.Count(world_.totals.lists, "List of a shift");
  const absl::Duration asked_at = node_.host().boottime();
  world_.cloud.List(node_.id(),
                    WhileAlive(node_, [this, side, asked_at](Cloud::Ips ips) {
                      Do(side, side == Side::kLender
                                   ? lender_.OnListed(asked_at, ips, Now())
                                   : borrower_.OnListed(asked_at, ips, Now()));
                    }));
}

}  // namespace pool::sim
