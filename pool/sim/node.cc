#include "pool/sim/node.h"

#include <string>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace pool::sim {
namespace {

enum : uint64_t { kPods = 1, kLife = 2 };

Policy PolicyOf(const NodeTraits& traits) {
  Policy policy;
  policy.cooldown = traits.cooldown;
  policy.probing = traits.probing;
  if (traits.shifts) policy.loss_hold = ShiftOptions().Aftermath();
  return policy;
}

// A record as a line of the trace.
struct Tell {
  std::string operator()(const PutAddress& put) const {
    const Address& row = put.row;
    std::string text =
        absl::StrCat("store ", row.ip.ToString(), ": ", NameOf(row.state));
    if (row.lease) {
      absl::StrAppend(&text, " to ", row.lease->attachment.container_id, ", ",
                      NameOf(row.lease->phase));
    }
    return text;
  }
  std::string operator()(const DropAddress& drop) const {
    return absl::StrCat("store ", drop.ip.ToString(), ": dropped");
  }
  std::string operator()(const OpenIntent& open) const {
    static constexpr const char* kKinds[] = {"allocate", "release", "lend",
                                             "borrow"};
    std::string text = absl::StrCat("store intent ", open.row.id, ": ",
                                    kKinds[static_cast<size_t>(open.row.kind)]);
    for (const base::Ipv4 ip : open.row.addresses) {
      absl::StrAppend(&text, " ", ip.ToString());
    }
    return text;
  }
  std::string operator()(const CloseIntent& close) const {
    return absl::StrCat("store intent ", close.id, ": closed");
  }
  std::string operator()(const PutTombstone& put) const {
    return absl::StrCat("store tombstone of ", put.row.attachment.container_id);
  }
  std::string operator()(const DropTombstone& drop) const {
    return absl::StrCat("store no tombstone of ", drop.attachment.container_id);
  }
};

// A supervisor starts ipamd again soon, mostly.
absl::Duration DrawRestart(Dice& dice) {
  const double luck = dice.Unit();
  if (luck < 0.6) return dice.Between(absl::Seconds(0.5), absl::Seconds(5));
  if (luck < 0.9) return dice.Between(absl::Seconds(5), absl::Minutes(1));
  return dice.Between(absl::Minutes(1), absl::Minutes(2));
}

}  // namespace

Node::Node(World& world, int id, Dice dice)
    : world_(world),
      id_(id),
      dice_(dice.Split(kLife)),
      host_(world, id),
      kubelet_(*this, dice.Split(kPods)),
      pool_(std::make_unique<Pool>(PolicyOf(traits()))) {
  world_.judge.OnStore(id_, *pool_, Judge::Store::kReplayed);
}

void Node::PowerOn() {
  // Not all at the same time.
  ScheduleStart(dice_.Between(absl::ZeroDuration(), absl::Minutes(1)));
  kubelet_.Begin();
}

Shifter* Node::shifter() const {
  const bool listens =
      process_ != nullptr && !process_->is_dead() && traits().shifts;
  return listens ? &process_->shifter() : nullptr;
}

// --- the store

absl::Status Node::Commit(Records records, Writer writer) {
  if (records.empty()) return absl::OkStatus();
  Faults& faults = world_.faults;
  if (auto dice = faults.Draw(id_, Fault::kStoreFails)) {
    store_fails_until_ = world_.agenda.now() +
                         dice->Between(absl::Seconds(1), absl::Seconds(20));
  }
  if (world_.agenda.now() < store_fails_until_) {
    return absl::UnavailableError("the disk is full");
  }
  const bool by_daemon = writer == Writer::kDaemon;
  if (by_daemon && faults.Draw(id_, Fault::kCrashBeforeCommit)) {
    Crash();
    return absl::AbortedError("died");
  }
  records = Spoil(world_.plant, std::move(records));
  if (world_.trace.on()) {
    for (const Record& record : records) {
      world_.trace.Say(id_, std::visit(Tell{}, record));
    }
  }
  world_.judge.OnCommit(id_, records);
  pool_->Apply(records);
  if (by_daemon && faults.Draw(id_, Fault::kCrashAfterCommit)) {
    Crash();
    return absl::AbortedError("died");
  }
  return absl::OkStatus();
}

void Node::MarkRebuilt() { needs_rebuild_ = false; }

absl::Status Node::EndEarlierBoot(Writer writer, absl::Time now) {
  if (store_boot_ == host_.boot()) return absl::OkStatus();
  const absl::Status status = Commit(pool_->DecideReboot(now), writer);
  if (status.ok()) store_boot_ = host_.boot();
  return status;
}

// What is stored is all that a new ipamd knows.
void Node::Replay() {
  auto replayed = std::make_unique<Pool>(PolicyOf(traits()));
  const bool is_lost =
      life_ > 1 && world_.faults.Draw(id_, Fault::kStoreLost).has_value();
  if (is_lost) {
    needs_rebuild_ = true;
    verified_at_ = absl::InfinitePast();
    store_boot_ = host_.boot();
    world_.trace.Say(id_, "the store is lost");
  } else {
    for (const auto& [ip, row] : pool_->addresses()) {
      replayed->Apply(PutAddress{row});
    }
    for (const auto& [attachment, grave] : pool_->tombstones()) {
      replayed->Apply(
          PutTombstone{{attachment, grave.buried_at, grave.expires}});
    }
    for (const auto& [id, intent] : pool_->intents()) {
      replayed->Apply(OpenIntent{intent});
    }
  }
  pool_ = std::move(replayed);
  world_.judge.OnStore(id_, *pool_,
                       is_lost ? Judge::Store::kLost : Judge::Store::kReplayed);
  if (!needs_rebuild_) world_.judge.CheckPromises(id_);
}

// --- ipamd's lives

void Node::ScheduleStart(absl::Duration delay) {
  world_.agenda.After(delay, [this, life = life_] {
    if (life == life_ && is_on_) Start();
  });
}

void Node::Start() {
  ++life_;
  ++world_.totals.restarts;
  world_.trace.Say(id_, "ipamd starts");
  Replay();
  process_ = std::make_unique<Process>(*this, dice_.Split(life_));
  process_->Start();
}

void Node::Crash() {
  if (process_ == nullptr) return;
  ++world_.totals.crashes;
  world_.trace.Say(id_, "ipamd dies");
  // It went by the clock as it was when it began.
  if (process_->clock_error() != host_.clock_error()) {
    world_.judge.OnClockSet(id_);
  }
  ++life_;
  world_.judge.OnDeath(id_);
  dead_process_ = std::move(process_);
  dead_process_->Die();
  world_.agenda.After(absl::ZeroDuration(), [this] {
    dead_process_.reset();
    SufferMore();
  });
}

void Node::SufferMore() {
  if (world_.faults.Draw(id_, Fault::kReboot)) return Reboot();
  ScheduleStart(DrawRestart(dice_));
}

void Node::SetClock(Dice& dice) {
  const absl::Duration longest =
      dice.Chance(0.5) ? absl::Seconds(30) : absl::Hours(30);
  host_.SetClock(dice.Between(-longest, longest));
  world_.judge.OnClockSet(id_);
  if (world_.trace.on()) {
    world_.trace.Say(id_,
                     absl::StrCat("its clock is set: error ",
                                  absl::FormatDuration(host_.clock_error())));
  }
}

void Node::Enqueue(const QueuedRelease& release) {
  queue_.push_back(release);
  if (process_ != nullptr) process_->RequestDrain();
}

void Node::Reboot() {
  world_.trace.Say(id_, "reboots");
  is_on_ = false;
  kubelet_.PowerOff();
  host_.Reboot();
  world_.agenda.After(dice_.Between(absl::Seconds(20), absl::Seconds(90)),
                      [this] {
                        is_on_ = true;
                        kubelet_.Begin();
                        ScheduleStart(DrawRestart(dice_));
                      });
}

}  // namespace pool::sim
