#include "pool/sim/cloud.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace pool::sim {
namespace {

using base::Ipv4;

enum : uint64_t { kSquatters = 1, kCalls = 2 };

constexpr absl::Duration kMs = absl::Milliseconds(1);

absl::Status NoAnswer() { return absl::DeadlineExceededError("no answer"); }

// When a caller that gets no answer gives up: at once, for the connection was
// reset; after a time-out; after several attempts.
absl::Duration DrawPatience(Dice& dice, absl::Duration longest) {
  switch (dice.Below(3)) {
    case 0:
      return dice.Between(5 * kMs, 500 * kMs);
    case 1:
      return longest / 2;
    default:
      return dice.Between(longest / 2, longest);
  }
}

}  // namespace

Cloud::Cloud(Parts parts, Dice dice, Watcher watcher)
    : parts_(parts),
      watcher_(std::move(watcher)),
      table_(parts.layout),
      squatted_(parts.layout.address_count()) {
  for (size_t id = 0; id < parts.layout.nodes().size(); ++id) {
    dice_.push_back(dice.Split(kCalls).Split(id));
  }
  for (const SubnetTraits& subnet : parts.layout.subnets()) {
    Dice squatters = dice.Split(kSquatters).Split(subnet.first);
    for (size_t i = 0; i < subnet.size; ++i) {
      squatted_[subnet.first + i] = squatters.Chance(subnet.squatted);
    }
  }
}

// --- how calls go

Cloud::Course Cloud::DrawCourse(int node, absl::Duration patience) {
  if (std::optional<Course> trouble = DrawTrouble(node, patience))
    return *trouble;
  Dice& dice = dice_[static_cast<size_t>(node)];
  Course course;
  course.done_after = dice.Between(5 * kMs, 150 * kMs);
  course.answer_after = course.done_after + dice.Between(kMs, 50 * kMs);
  if (auto slow = parts_.faults.Draw(node, Fault::kSlow)) {
    course.done_after = slow->Between(absl::Seconds(1), patience / 2);
    course.answer_after = slow->Between(course.done_after, patience);
  }
  return course;
}

std::optional<Cloud::Course> Cloud::DrawTrouble(int node,
                                                absl::Duration longest) {
  Faults& faults = parts_.faults;
  if (auto dice = faults.Draw(node, Fault::kThrottled)) {
    return Course{false,
                  {},
                  dice->Between(5 * kMs, 100 * kMs),
                  absl::UnavailableError("153: too many calls")};
  }
  if (auto dice = faults.Draw(node, Fault::kRefused)) {
    return Course{false,
                  {},
                  dice->Between(5 * kMs, 100 * kMs),
                  absl::PermissionDeniedError("299: refused by IAM")};
  }
  if (auto dice = faults.Draw(node, Fault::kLostBefore)) {
    return Course{false, {}, DrawPatience(*dice, longest), NoAnswer()};
  }
  if (auto dice = faults.Draw(node, Fault::kLostAfter)) {
    const absl::Duration patience = DrawPatience(*dice, longest);
    return Course{true, patience * dice->Unit(), patience, NoAnswer()};
  }
  if (auto dice = faults.Draw(node, Fault::kLate)) {
    const absl::Duration patience = DrawPatience(*dice, longest);
    const absl::Duration sent = patience * dice->Unit();
    const absl::Duration done = sent + kMaxLateness * dice->Unit();
    return Course{true, std::max(done, patience), patience, NoAnswer(), sent};
  }
  return std::nullopt;
}

template <typename Result>
void Cloud::Perform(int node, absl::Duration patience,
                    absl::AnyInvocable<Result()> effect,
                    Answer<Result> answer) {
  const Course course = DrawCourse(node, patience);
  Agenda& agenda = parts_.agenda;
  if (!course.error) {
    const absl::Duration back = course.answer_after - course.done_after;
    agenda.After(course.done_after, [&agenda, back, effect = std::move(effect),
                                     answer = std::move(answer)]() mutable {
      Result result = effect();
      agenda.After(back, [result = std::move(result),
                          answer = std::move(answer)]() mutable {
        answer(std::move(result));
      });
    });
    return;
  }
  if (course.is_done) {
    agenda.After(
        course.sent_after, [this, node, life = parts_.life(node),
                            wait = course.done_after - course.sent_after,
                            effect = std::move(effect)]() mutable {
          if (parts_.life(node) != life) return;
          parts_.agenda.After(wait, [effect = std::move(effect)]() mutable {
            static_cast<void>(effect());
          });
        });
  }
  agenda.After(course.answer_after,
               [error = *course.error, answer = std::move(answer)]() mutable {
                 answer(error);
               });
}

void Cloud::Allocate(int node, int count, Answer<Ips> answer) {
  Perform<Ips>(
      node, kPatience,
      [this, node, count] { return GiveToSomeMac(node, count); },
      std::move(answer));
}

void Cloud::Claim(int node, Ipv4 ip, Answer<absl::Status> answer) {
  Perform<absl::Status>(
      node, kPatience, [this, node, ip] { return GiveThat(node, ip); },
      std::move(answer));
}

void Cloud::Release(int node, Ipv4 ip, Answer<absl::Status> answer) {
  Perform<absl::Status>(
      node, kPatience, [this, node, ip] { return TakeBack(node, ip); },
      std::move(answer));
}

void Cloud::List(int node, Answer<Ips> answer) {
  Meddle(node);
  Perform<Ips>(
      node, kPatience, [this, node] { return Look(node); }, std::move(answer));
}

void Cloud::TakeOver(const Move& move, Answer<absl::Status> answer) {
  Perform<absl::Status>(
      move.to, kTakeOverLimit, [this, move] { return GiveTo(move); },
      std::move(answer));
}

// --- what calls do

Cloud::Ips Cloud::Give(int node, int count) {
  Dice& dice = dice_[static_cast<size_t>(node)];
  if (auto partial = parts_.faults.Draw(node, Fault::kPartial)) {
    count = partial->From(1, count);
  }
  const size_t subnet = parts_.layout.node(node).subnet;
  std::vector<Ipv4> given;
  while (static_cast<int>(given.size()) < count) {
    if (table_.Of(node).size() >= kQuota) break;
    const std::optional<Ipv4> ip = table_.AnyFree(subnet, dice);
    if (!ip) break;
    SetOwner(*ip, node, Cause::kAllocated);
    given.push_back(*ip);
  }
  if (!given.empty()) return given;
  if (table_.FreeIn(subnet) > 0) {
    return absl::FailedPreconditionError("too many for one interface");
  }
  return absl::ResourceExhaustedError("57000: no address left");
}

// When the answer tells of another interface the addresses are given back, or
// that is tried: the provider doesn't say so.
Cloud::Ips Cloud::GiveToSomeMac(int node, int count) {
  Ips given = Give(node, count);
  auto wrong = parts_.faults.Draw(node, Fault::kWrongMac);
  if (!given.ok() || !wrong) return given;
  for (const Ipv4 ip : *given) {
    if (wrong->Chance(0.8)) SetOwner(ip, kNobody, Cause::kReturned);
  }
  return absl::FailedPreconditionError("the answer tells of another interface");
}

absl::Status Cloud::GiveTo(const Move& move) {
  const int owner = table_.OwnerOf(move.ip);
  if (owner == move.to) return absl::OkStatus();
  if (owner != move.from) return absl::NotFoundError("another has it");
  if (table_.Of(move.to).size() >= kQuota) {
    return absl::FailedPreconditionError("too many for one interface");
  }
  SetOwner(move.ip, move.to, Cause::kMoved);
  return absl::OkStatus();
}

absl::Status Cloud::GiveThat(int node, Ipv4 ip) {
  const int owner = table_.OwnerOf(ip);
  if (owner == node) return absl::OkStatus();
  if (owner != kNobody) return absl::AlreadyExistsError("another has it");
  SetOwner(ip, node, Cause::kClaimed);
  return absl::OkStatus();
}

absl::Status Cloud::TakeBack(int node, Ipv4 ip) {
  if (table_.OwnerOf(ip) == node) SetOwner(ip, kNobody, Cause::kReleased);
  return absl::OkStatus();
}

Cloud::Ips Cloud::Look(int node) {
  Dice& dice = dice_[static_cast<size_t>(node)];
  const absl::Duration lag = Table::kMaxLag * dice.Unit();
  std::vector<Ipv4> ips = table_.Of(node, lag, parts_.agenda.now());
  if (parts_.faults.Draw(node, Fault::kWrongMac)) {
    return absl::InternalError("the answer tells of another interface");
  }
  if (auto cut = parts_.faults.Draw(node, Fault::kShortList)) {
    std::erase_if(ips, [&](Ipv4) { return cut->Chance(0.5); });
  }
  return ips;
}

// Somebody else changes what the node has.
void Cloud::Meddle(int node) {
  const std::vector<Ipv4>& ips = table_.Of(node);
  auto vanish = parts_.faults.Draw(node, Fault::kVanish);
  if (vanish && !ips.empty()) {
    SetOwner(ips[vanish->Below(ips.size())], kNobody, Cause::kOutOfBand);
  }
  auto move = parts_.faults.Draw(node, Fault::kMove);
  const int neighbour = std::max(node - 1, 0);
  const bool can_move =
      parts_.layout.node(neighbour).subnet == parts_.layout.node(node).subnet &&
      neighbour != node;
  if (move && can_move && !ips.empty()) {
    SetOwner(ips[move->Below(ips.size())], neighbour, Cause::kOutOfBand);
  }
  if (auto gift = parts_.faults.Draw(node, Fault::kGift)) {
    const auto ip = table_.AnyFree(parts_.layout.node(node).subnet, *gift);
    if (ip) SetOwner(*ip, node, Cause::kOutOfBand);
  }
}

void Cloud::SetOwner(Ipv4 ip, int node, Cause cause) {
  const int before = table_.OwnerOf(ip);
  if (parts_.trace.on()) {
    static constexpr const char* kCauses[] = {
        "allocated", "claimed", "released", "returned", "moved", "out of band"};
    parts_.trace.Say(
        -1, absl::StrCat(ip.ToString(), ": of node ", before, ", now of ", node,
                         ", ", kCauses[static_cast<size_t>(cause)]));
  }
  table_.SetOwner(ip, node, parts_.agenda.now());
  watcher_(ip, before, node, cause);
}

}  // namespace pool::sim
