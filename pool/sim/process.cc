#include "pool/sim/process.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "pool/sim/node.h"

namespace pool::sim {
namespace {

using base::Ipv4;

StewardOptions OptionsOf(const NodeTraits& traits) {
  StewardOptions options;
  options.subnet = NameOfSubnet(traits.subnet);
  options.watermarks = traits.watermarks;
  options.can_borrow = traits.shifts;
  return options;
}

// RFC 5227 §1.1: PROBE_WAIT, three probes, ANNOUNCE_WAIT.
absl::Duration DrawProbe(Dice& dice) {
  return dice.Between(absl::Seconds(4), absl::Seconds(7));
}

enum : uint64_t { kShifter = 1 };

constexpr absl::Duration kAttachGrace = absl::Seconds(10);
constexpr absl::Duration kSweepPause = absl::Seconds(30);
constexpr absl::Duration kDrainPause = absl::Seconds(5);

}  // namespace

Process::Process(Node& node, Dice dice)
    : node_(node),
      world_(node.world()),
      dice_(dice),
      clock_error_(node.host().clock_error()),
      steward_(
          node.pool(),
          [this](const Records& records) { return Record(records); },
          OptionsOf(node.traits()), dice_),
      desk_(node, *this),
      shifter_(node, *this, dice.Split(kShifter)) {}

absl::Time Process::now() const { return world_.agenda.now() + clock_error_; }

absl::Status Process::Record(const Records& records) {
  if (is_dead_) return absl::AbortedError("died");
  return node_.Commit(records, Node::Writer::kDaemon);
}

void Process::Start() {
  if (!node_.EndEarlierBoot(Node::Writer::kDaemon, now()).ok()) {
    return node_.Crash();  // and try again
  }
  Do(steward_.Start(node_.needs_rebuild(), node_.verified_at(), now()));
  if (is_dead_) return;
  shifter_.Start();
  if (is_dead_) return;
  world_.agenda.After(kAttachGrace, WhileAlive(node_, [this] { Sweep(); }));
  RequestDrain();
}

void Process::Die() {
  is_dead_ = true;
  for (const auto& [ip, number] : probes_) {
    world_.ether.EndProbe(node_.id(), ip);
  }
  desk_.HangUp();
}

void Process::Kick() { Do(steward_.OnChange(desk_.waiting(), now())); }

// --- doing what the steward decides

struct Process::Performer {
  Process& process;

  void operator()(const CallAllocate& call) const { process.Allocate(call); }
  void operator()(const CallRelease& call) const { process.Release(call); }
  void operator()(const CallClaim& call) const { process.Claim(call); }
  void operator()(const CallList&) const { process.List(); }
  void operator()(const StartProbe& probe) const { process.Probe(probe.ip); }
  void operator()(const StopProbe& probe) const {
    process.CancelProbe(probe.ip);
  }
  void operator()(const LookAtFlows& look) const { process.Look(look); }
  void operator()(const Borrow& borrow) const {
    process.shifter_.Borrow(borrow.count);
  }
  void operator()(const Note& note) const { process.Write(note); }
  void operator()(const Serve& serve) const {
    process.desk_.Serve(serve.status);
  }
  void operator()(const Verified& verified) const {
    process.node_.SetVerifiedAt(verified.at);
  }
  void operator()(const Rebuilt&) const { process.node_.MarkRebuilt(); }
};

void Process::Do(Actions actions) {
  for (Action& action : actions) to_do_.push_back(std::move(action));
  if (doing_) return;
  doing_ = true;
  while (!is_dead_ && !to_do_.empty()) {
    if (world_.faults.Draw(node_.id(), Fault::kCrashBetween)) {
      node_.Crash();
      break;
    }
    const Action action = std::move(to_do_.front());
    to_do_.pop_front();
    std::visit(Performer{*this}, action);
  }
  doing_ = false;
  if (!is_dead_) Arm();
}

// One alarm is set at a time, no later than the deadline; when it comes too
// early it is set again.
void Process::Arm() {
  const absl::Time deadline = steward_.deadline();
  if (deadline == absl::InfiniteFuture()) return;
  const absl::Time due =
      world_.agenda.now() + std::max(absl::ZeroDuration(), deadline - now());
  if (alarm_ <= due) return;
  alarm_ = due;
  world_.agenda.At(due, WhileAlive(node_, [this, due] {
                     if (alarm_ != due) return;
                     alarm_ = absl::InfiniteFuture();
                     OnAlarm();
                   }));
}

void Process::OnAlarm() {
  if (steward_.deadline() > now()) return Arm();
  Do(steward_.OnTimer(now()));
}

void Process::Count(uint64_t& total, absl::string_view call) {
  ++total;
  if (world_.trace.on()) {
    world_.trace.Say(node_.id(), absl::StrCat("calls ", call));
  }
  if (node_.budget().OnCall(world_.agenda.now())) return;
  world_.judge.Accuse("too many calls", std::nullopt, node_.id());
}

void Process::Allocate(const CallAllocate& call) {
  Count(world_.totals.allocates, "Allocate");
  const int64_t id = call.intent.id;
  world_.cloud.Allocate(node_.id(), call.intent.count,
                        WhileAlive(node_, [this, id](Cloud::Ips given) {
                          const absl::Status status = Spoil(
                              world_.plant, Call::kAllocate, given.status());
                          if (!status.ok()) given = status;
                          Do(steward_.OnAllocated(id, given, now()));
                        }));
}

void Process::Release(const CallRelease& call) {
  Count(world_.totals.releases, "Release");
  world_.cloud.Release(
      node_.id(), call.ip, WhileAlive(node_, [this, call](absl::Status status) {
        status = Spoil(world_.plant, Call::kRelease, std::move(status));
        Do(steward_.OnReleased(call.intent_id, call.ip, status, now()));
      }));
}

void Process::Claim(const CallClaim& call) {
  Count(world_.totals.claims, "Claim");
  world_.cloud.Claim(
      node_.id(), call.ip,
      WhileAlive(node_, [this, ip = call.ip](const absl::Status& status) {
        Do(steward_.OnClaimed(ip, status, now()));
      }));
}

void Process::List() {
  Count(world_.totals.lists, "List");
  if (auto jump = world_.faults.Draw(node_.id(), Fault::kClockJump)) {
    node_.SetClock(*jump);
  }
  const absl::Time asked_at = world_.agenda.now();
  world_.cloud.List(
      node_.id(), WhileAlive(node_, [this, asked_at](const Cloud::Ips& ips) {
        // The kernel is looked at before what it says is heard.
        std::vector<User> users = node_.host().users();
        world_.agenda.After(
            dice_.Between(absl::ZeroDuration(), absl::Milliseconds(20)),
            WhileAlive(node_, [this, asked_at, ips, users = std::move(users)] {
              OnListed(asked_at, ips, users);
            }));
      }));
}

void Process::OnListed(absl::Time asked_at, const Cloud::Ips& ips,
                       const std::vector<User>& users) {
  const absl::Time told = now() - (world_.agenda.now() - asked_at);
  if (!ips.ok()) return Do(steward_.OnListed(told, ips.status(), now()));
  const bool knew_nothing = steward_.needs_rebuild();
  Do(steward_.OnListed(told, Listing{*ips, users}, now()));
  if (is_dead_) return;
  if (knew_nothing && !steward_.needs_rebuild()) {
    world_.judge.CheckPromises(node_.id());
  }
  world_.judge.OnListed(node_.id(), {asked_at, StewardOptions().settle, *ips,
                                     node_.store_works()});
}

// --- probing

void Process::Probe(Ipv4 ip) {
  const uint64_t number = ++last_probe_;
  absl::Duration time = absl::Milliseconds(1);
  if (node_.traits().probing) {
    time = DrawProbe(dice_);
    world_.ether.BeginProbe(node_.id(), ip);
  }
  probes_[ip] = number;
  world_.agenda.After(
      time, WhileAlive(node_, [this, ip, number] { EndProbe(ip, number); }));
}

void Process::EndProbe(Ipv4 ip, uint64_t number) {
  const auto probe = probes_.find(ip);
  if (probe == probes_.end() || probe->second != number) return;
  const std::string other =
      node_.traits().probing ? world_.ether.WhoElse(node_.id(), ip) : "";
  CancelProbe(ip);
  if (other.empty()) return Do(steward_.OnAdmitted(ip, now()));
  ++world_.totals.conflicts;
  Do(steward_.OnConflict(ip, other, now()));
}

void Process::CancelProbe(Ipv4 ip) {
  if (probes_.erase(ip) > 0) world_.ether.EndProbe(node_.id(), ip);
}

// --- the rest

void Process::Look(const LookAtFlows& look) {
  std::optional<Dice> unknown =
      world_.faults.Draw(node_.id(), Fault::kFlowsUnknown);
  world_.agenda.After(
      absl::Milliseconds(3),
      WhileAlive(node_, [this, asked = look.ips, fails = unknown.has_value()] {
        if (fails) {
          return Do(steward_.OnFlows(
              asked, absl::UnimplementedError("no conntrack"), now()));
        }
        const std::set<Ipv4> busy = node_.host().WithFlows(asked);
        std::vector<Ipv4> quiet;
        for (const Ipv4 ip : asked) {
          if (!busy.contains(ip)) quiet.push_back(ip);
        }
        world_.judge.OnQuiet(quiet);
        Do(steward_.OnFlows(asked, busy, now()));
      }));
}

void Process::OnBorrowed(const absl::StatusOr<std::vector<Ipv4>>& came) {
  Do(steward_.OnBorrowed(came, now()));
}

void Process::OnKeptBack(Ipv4 ip) { Do(steward_.OnKeptBack(ip, now())); }

void Process::Write(const Note& note) {
  if (!world_.trace.on()) return;
  world_.trace.Say(node_.id(),
                   absl::StrCat(note.ip ? note.ip->ToString() : "-", ": ",
                                NameOf(note.reason),
                                note.text.empty() ? "" : ": ", note.text));
}

void Process::RequestSweep() {
  if (std::exchange(sweep_requested_, true)) return;
  world_.agenda.After(kSweepPause, WhileAlive(node_, [this] { Sweep(); }));
}

void Process::Sweep() {
  sweep_requested_ = false;
  desk_.Sweep();
}

void Process::RequestDrain() {
  if (node_.queue().empty() || std::exchange(drain_requested_, true)) return;
  world_.agenda.After(kDrainPause, WhileAlive(node_, [this] { DrainQueue(); }));
}

void Process::DrainQueue() {
  drain_requested_ = false;
  Node* const node = &node_;
  for (const QueuedRelease& release : std::exchange(node_.queue(), {})) {
    if (release.boot != node_.host().boot()) continue;
    desk_.Release({release.attachment, release.started_at, 0},
                  [node, release](const absl::Status& status) {
                    if (!status.ok()) node->Enqueue(release);
                  });
  }
}

}  // namespace pool::sim
