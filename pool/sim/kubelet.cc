#include "pool/sim/kubelet.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "pool/sim/node.h"
#include "pool/sim/offline.h"

namespace pool::sim {
namespace {

using base::Attachment;
using base::Ipv4;

constexpr absl::Duration kMs = absl::Milliseconds(1);

absl::Duration DrawPluginStart(Dice& dice) {
  return dice.Between(5 * kMs, 40 * kMs);
}

// How long others keep connections with a pod that has gone.
absl::Duration DrawFlows(Dice& dice) {
  return dice.Chance(0.1) ? dice.Exponential(absl::Minutes(1))
                          : absl::ZeroDuration();
}

}  // namespace

Kubelet::Kubelet(Node& node, Dice dice) : node_(node) {
  const int slots = node.traits().slots;
  for (int i = 0; i < slots; ++i) {
    slots_.push_back(Slot{.dice = dice.Split(static_cast<uint64_t>(i))});
  }
  connections_.resize(slots_.size());
}

// `step`, unless something else comes first.
void Kubelet::Next(size_t index, absl::Duration delay, Step step) {
  const uint64_t number = ++At(index).number;
  node_.world().agenda.After(delay, [this, index, number, step] {
    if (At(index).number == number) (this->*step)(index);
  });
}

void Kubelet::Begin() {
  for (size_t i = 0; i < slots_.size(); ++i) Rest(i);
}

void Kubelet::PowerOff() {
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = At(i);
    ++slot.number;
    if (slot.stage == Stage::kRunning) {
      node_.world().judge.OnPromiseOver(*slot.ip);
    }
    slot.stage = Stage::kIdle;
    slot.wanted_since = absl::InfiniteFuture();
    slot.ip.reset();
  }
}

int Kubelet::pending() const {
  return static_cast<int>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
        return slot.wanted_since != absl::InfiniteFuture();
      }));
}

absl::Time Kubelet::pending_since() const {
  absl::Time since = absl::InfiniteFuture();
  for (const Slot& slot : slots_) since = std::min(since, slot.wanted_since);
  return since;
}

int Kubelet::running() const {
  return static_cast<int>(std::count_if(
      slots_.begin(), slots_.end(),
      [](const Slot& slot) { return slot.stage == Stage::kRunning; }));
}

bool Kubelet::Runs(const Attachment& attachment) const {
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& slot) {
    return slot.stage == Stage::kRunning && slot.attachment == attachment;
  });
}

bool Kubelet::IsQuiet() const {
  return std::all_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return slot.stage == Stage::kRunning || slot.stage == Stage::kIdle;
  });
}

// --- a pod comes

void Kubelet::Rest(size_t index) {
  Slot& slot = At(index);
  slot.stage = Stage::kIdle;
  const absl::Duration pause = node_.traits().pod_pause;
  absl::Duration rest = slot.dice.Exponential(pause);
  // Many of them together, as when a deployment grows.
  if (slot.dice.Chance(0.3)) {
    const absl::Time now = node_.world().agenda.now();
    const absl::Time next =
        absl::UnixEpoch() + absl::Floor(now - absl::UnixEpoch(), pause) + pause;
    rest = next - now;
  }
  Next(index, rest, &Kubelet::Arrive);
}

void Kubelet::Arrive(size_t index) {
  World& world = node_.world();
  Slot& slot = At(index);
  if (world.IsCalm()) {
    return Next(index,
                world.calm_until - world.agenda.now() +
                    slot.dice.Exponential(node_.traits().pod_pause),
                &Kubelet::Arrive);
  }
  slot.wanted_since = world.agenda.now();
  Add(index);
}

void Kubelet::Add(size_t index) {
  Slot& slot = At(index);
  slot.stage = Stage::kStarting;
  slot.attachment = {"n", absl::StrCat("pod", index, "-", slot.attempts++),
                     "eth0"};
  connections_[index] = ++last_connection_;
  Next(index, DrawPluginStart(slot.dice), &Kubelet::Ask);
}

void Kubelet::Ask(size_t index) {
  World& world = node_.world();
  if (world.faults.Draw(node_.id(), Fault::kRequestLost)) return Fail(index);
  const absl::Duration started_at = node_.host().boottime();
  if (auto delay = world.faults.Draw(node_.id(), Fault::kDelayed)) {
    // It is on its way, and nobody waits for it any more.
    Next(index, std::min(node_.traits().patience, absl::Minutes(1)),
         &Kubelet::GiveUp);
    world.agenda.After(
        delay->Between(absl::ZeroDuration(), absl::Minutes(1)),
        [this, index, started_at, attachment = At(index).attachment,
         boot = node_.host().boot()] {
          const Wish wish{attachment, {}, "netns", "veth", started_at};
          if (boot != node_.host().boot() || node_.process() == nullptr) return;
          const Connection connection = ++last_connection_;
          node_.process()->desk().Acquire(wish, connection,
                                          [](const absl::StatusOr<Ipv4>&) {});
          if (node_.process() != nullptr) {
            node_.process()->desk().Close(connection);
          }
        });
    return;
  }
  Submit(index, started_at);
}

void Kubelet::Submit(size_t index, absl::Duration started_at) {
  World& world = node_.world();
  node_.budget().OnPod(world.agenda.now());
  const Wish wish{At(index).attachment, {}, "netns", "veth", started_at};
  Next(index, node_.traits().patience, &Kubelet::GiveUp);
  if (node_.process() == nullptr) {
    return OnAnswer(index, AcquireOffline(node_, wish));
  }
  node_.process()->desk().Acquire(
      wish, connections_[index],
      [this, index, number = At(index).number](const absl::StatusOr<Ipv4>& ip) {
        if (At(index).number == number) OnAnswer(index, ip);
      });
}

// Nobody has answered for too long.
void Kubelet::GiveUp(size_t index) { Fail(index); }

void Kubelet::OnAnswer(size_t index, const absl::StatusOr<Ipv4>& answer) {
  World& world = node_.world();
  Slot& slot = At(index);
  if (!answer.ok() ||
      world.faults.Draw(node_.id(), Fault::kReplyLost).has_value()) {
    // Not from within the desk, which may be answering others.
    return Next(index, kMs, &Kubelet::Fail);
  }
  slot.ip = *answer;
  absl::Duration time = slot.dice.Between(5 * kMs, 20 * kMs);
  if (auto slow = world.faults.Draw(node_.id(), Fault::kSlowPlugin)) {
    time = slow->Between(absl::Seconds(1), absl::Seconds(8));
  }
  Next(index, time, &Kubelet::MakeNetwork);
}

void Kubelet::MakeNetwork(size_t index) {
  World& world = node_.world();
  Slot& slot = At(index);
  auto dies = world.faults.Draw(node_.id(), Fault::kPluginDies);
  if (dies && dies->Chance(0.5)) return Fail(index);
  node_.host().LinkUp(slot.attachment, *slot.ip);
  if (dies) return Fail(index);
  Report(index);
}

void Kubelet::Report(size_t index) {
  Slot& slot = At(index);
  const absl::Status status =
      node_.process() != nullptr
          ? node_.process()->desk().Attached(slot.attachment)
          : AttachedOffline(node_, slot.attachment);
  if (absl::IsNotFound(status)) return Fail(index);
  World& world = node_.world();
  if (world.agenda.stopped()) return;
  // The plugin ends.
  if (node_.process() != nullptr) {
    node_.process()->desk().Close(connections_[index]);
  }
  ++world.totals.pods;
  slot.stage = Stage::kRunning;
  slot.attempts = slot.attempts % 100'000;
  slot.wanted_since = absl::InfiniteFuture();
  world.judge.OnPromise(node_.id(), *slot.ip, slot.attachment);
  Next(index, slot.dice.Exponential(node_.traits().pod_life), &Kubelet::Stop);
  if (world.faults.Draw(node_.id(), Fault::kRepeated)) CheckRepeated(index);
}

// The same ADD again gets the same address.
void Kubelet::CheckRepeated(size_t index) {
  const Slot& slot = At(index);
  if (node_.process() == nullptr) return;
  const Wish wish{
      slot.attachment, {}, "netns", "veth", node_.host().boottime()};
  node_.process()->desk().Acquire(
      wish, ++last_connection_,
      [this, ip = *slot.ip](const absl::StatusOr<Ipv4>& again) {
        if (!again.ok() || *again == ip) return;
        node_.world().judge.Accuse("a repeated ADD gets another address", ip,
                                   node_.id());
      });
}

void Kubelet::Fail(size_t index) {
  Slot& slot = At(index);
  slot.stage = Stage::kClearing;
  Next(index, slot.dice.Between(10 * kMs, absl::Seconds(1)), &Kubelet::Delete);
  if (node_.process() != nullptr) {
    node_.process()->desk().Close(connections_[index]);
  }
}

// --- a pod goes

void Kubelet::Stop(size_t index) {
  World& world = node_.world();
  Slot& slot = At(index);
  if (world.IsCalm()) {
    return Next(index,
                world.calm_until - world.agenda.now() +
                    slot.dice.Exponential(node_.traits().pod_life),
                &Kubelet::Stop);
  }
  node_.budget().OnPod(world.agenda.now());
  world.judge.OnPromiseOver(*slot.ip);
  node_.host().KeepFlows(*slot.ip, world.agenda.now() + DrawFlows(slot.dice));
  slot.stage = Stage::kStopping;
  Delete(index);
}

void Kubelet::Delete(size_t index) {
  World& world = node_.world();
  Slot& slot = At(index);
  // If nothing comes of it, again.
  Next(index, slot.dice.Between(absl::Seconds(5), absl::Seconds(15)),
       &Kubelet::Delete);
  if (world.faults.Draw(node_.id(), Fault::kRequestLost)) return;
  const absl::Duration started_at = node_.host().boottime();
  if (node_.process() == nullptr) {
    const bool done = ReleaseOffline(node_, slot.attachment, started_at).ok();
    return done ? OnDeleted(index) : void();
  }
  const bool is_lost =
      world.faults.Draw(node_.id(), Fault::kReplyLost).has_value();
  node_.process()->desk().Release(
      {slot.attachment, started_at, connections_[index]},
      [this, index, is_lost, number = slot.number](const absl::Status& status) {
        if (is_lost || !status.ok() || At(index).number != number) return;
        OnDeleted(index);
      });
  if (world.faults.Draw(node_.id(), Fault::kRepeated) &&
      node_.process() != nullptr) {
    node_.process()->desk().Release({slot.attachment, started_at, 0},
                                    [](const absl::Status&) {});
  }
}

void Kubelet::OnDeleted(size_t index) {
  Slot& slot = At(index);
  slot.ip.reset();
  if (slot.stage == Stage::kStopping) return Rest(index);
  Next(index, slot.dice.Between(absl::Seconds(1), absl::Seconds(12)),
       &Kubelet::Add);
}

}  // namespace pool::sim
