#ifndef CNIVPC_POOL_STEWARD_LAB_H_
#define CNIVPC_POOL_STEWARD_LAB_H_

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "pool/actions_lab.h"
#include "pool/steward.h"

// For the steward's tests.
namespace pool {

using base::Ipv4;

inline constexpr absl::Duration kNs = absl::Nanoseconds(1);
inline const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

// The node around a steward: its store, which may fail, and its calls, which
// the test answers.
class StewardTest : public testing::Test, protected ActionsLab<Action> {
 protected:
  StewardTest() {
    options_.subnet = "s";
    options_.watermarks = {2, 4};
  }

  // A steward that knows nothing but the pool, as after a restart.
  void Begin() {
    pool_.SetPolicy(Policy{.probing = probing_});
    steward_ = std::make_unique<Steward>(
        pool_,
        [this](const Records& records) {
          if (!store_.ok()) return store_;
          pool_.Apply(records);
          return absl::OkStatus();
        },
        options_, random_);
    Take(steward_->Start(needs_rebuild_, verified_at_, now_));
  }
  // ... in the middle of a quiet life: the list was right.
  void BeginQuietly() {
    verified_at_ = now_;
    Begin();
    const auto list = Expect<CallList>();
    Answer(list, Known());
    actions_.clear();
  }

  bool Said(Reason reason) {
    bool said = false;
    while (auto note = Next<Note>()) said |= note->reason == reason;
    return said;
  }

  // Passes time, event by event.
  void Pass(absl::Duration time) {
    const absl::Time until = now_ + time;
    while (steward_->deadline() <= until) {
      ASSERT_GT(steward_->deadline(), now_) << "a timer that never ends";
      now_ = steward_->deadline();
      Take(steward_->OnTimer(now_));
    }
    now_ = until;
  }
  void Wait(int waiting) { Take(steward_->OnChange(waiting, now_)); }
  void Changed() { Wait(0); }

  std::vector<Ipv4> Fresh(int count) {
    std::vector<Ipv4> ips;
    for (int i = 0; i < count; ++i) ips.emplace_back(next_ip_++);
    return ips;
  }
  std::vector<Ipv4> Known() {
    std::vector<Ipv4> ips;
    for (const auto& [ip, row] : pool_.addresses()) ips.push_back(ip);
    return ips;
  }
  void Answer(const CallAllocate& call, absl::StatusOr<std::vector<Ipv4>> got) {
    Take(steward_->OnAllocated(call.intent.id, got, now_));
  }
  void Answer(const CallRelease& call, const absl::Status& status) {
    Take(steward_->OnReleased(call.intent_id, call.ip, status, now_));
  }
  void Answer(const CallClaim& call, const absl::Status& status) {
    Take(steward_->OnClaimed(call.ip, status, now_));
  }
  void Answer(const CallList&, std::vector<Ipv4> listed,
              std::vector<User> users = {}) {
    Take(steward_->OnListed(now_, Listing{std::move(listed), std::move(users)},
                            now_));
  }
  void AnswerWith(const Listing& listing) {
    Take(steward_->OnListed(now_, listing, now_));
  }
  void Answer(const LookAtFlows& look, absl::StatusOr<std::set<Ipv4>> busy) {
    Take(steward_->OnFlows(look.ips, busy, now_));
  }
  // As the cloud would if it always could.
  void AnswerAll() {
    while (true) {
      if (const auto call = Next<CallAllocate>()) {
        Answer(*call, Fresh(call->intent.count));
      } else if (const auto release = Next<CallRelease>()) {
        Answer(*release, absl::OkStatus());
      } else if (const auto list = Next<CallList>()) {
        Answer(*list, Known());
      } else if (const auto probe = Next<StartProbe>()) {
        Take(steward_->OnAdmitted(probe->ip, now_));
      } else if (const auto look = Next<LookAtFlows>()) {
        Answer(*look, std::set<Ipv4>());
      } else {
        return;
      }
    }
  }

  void Have(Ipv4 ip, State state, absl::Duration until = absl::Seconds(30)) {
    Address row{.ip = ip, .subnet = "s", .state = state, .since = now_};
    if (state == State::kCooling) row.until = now_ + until;
    if (state == State::kLeased) row.lease = LeaseOf(ip);
    pool_.Apply(PutAddress{row});
  }
  void HaveFixed(Ipv4 ip) {
    pool_.Apply(PutAddress{{.ip = ip,
                            .subnet = "s",
                            .state = State::kFixed,
                            .since = now_,
                            .tenant = Tenant{"shop", "db-0", "uid"}}});
  }
  static Lease LeaseOf(Ipv4 ip) {
    Lease lease;
    lease.attachment = {"net", ip.ToString(), "eth0"};
    return lease;
  }
  void HaveWarm(int count) {
    for (const Ipv4 ip : Fresh(count)) Have(ip, State::kWarm);
  }

  StewardOptions options_;
  bool probing_ = false;
  bool needs_rebuild_ = false;
  absl::Time verified_at_ = absl::InfinitePast();
  Pool pool_{Policy()};
  absl::Status store_;
  std::mt19937_64 random_{1};
  std::unique_ptr<Steward> steward_;
  absl::Time now_ = kStart;
  uint32_t next_ip_ = 0x0a000001;
};

inline const absl::Status kLostAnswer =
    absl::DeadlineExceededError("no answer");
inline const absl::Status kFull = absl::ResourceExhaustedError("57000");
inline const absl::Status kElsewhere =
    absl::AlreadyExistsError("another has it");

}  // namespace pool

#endif  // CNIVPC_POOL_STEWARD_LAB_H_
