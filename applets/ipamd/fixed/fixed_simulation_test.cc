// One claim, three nodes, a VPC whose answers get lost and whose calls take
// effect late, an API server with versions, and processes that die at any step.
// Whatever happens: the pod's address is nobody else's while the claim lives,
// the pod that has been given it last has it in the VPC, too, until it goes,
// and when the claim is deleted the address goes back to the VPC.

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "applets/ipamd/fixed/errand.h"
#include "applets/ipamd/fixed/landlord.h"
#include "gtest/gtest.h"
#include "pool/recovery.h"

namespace applets::ipamd::fixed {
namespace {

using base::Ipv4;
using base::Mac;
using pool::State;

constexpr absl::Duration kLate = absl::Seconds(65);
const kube::ObjectKey kKey = {"shop", "db-0"};
const absl::Status kSilence = absl::DeadlineExceededError("no answer");

Mac MacOf(int node) { return Mac({2, 0, 0, 0, 0, uint8_t(node + 1)}); }

// What goes wrong, and when: by chance, or one thing at one step.
struct Fate {
  std::mt19937_64 random;
  int faults_percent = 0;  // calls whose answer is lost
  int die_at = -1;         // the step at which the process dies
  int steps = 0;
  enum class Effect { kNone, kNow, kLate } effect = Effect::kNone;

  bool Chance(int percent) {
    return static_cast<int>(random() % 100) < percent;
  }
  absl::Duration Upto(absl::Duration most) {
    return most * (static_cast<double>(random() % 1000) / 1000);
  }
  bool Dies() { return steps++ == die_at; }
  Effect AnyEffect() { return static_cast<Effect>(random() % 3); }
};

// The VPC's table.
class Cloud {
 public:
  struct Op {
    Ipv4 ip;
    std::optional<Mac> from;  // whose it must be; none: nobody's
    std::optional<Mac> to;    // whose it is then
  };
  std::optional<Mac> OwnerOf(Ipv4 ip) const {
    const auto it = owners_.find(ip);
    return it == owners_.end() ? std::nullopt : std::optional(it->second);
  }
  std::vector<Ipv4> ListOf(const Mac& mac) const {
    std::vector<Ipv4> ips;
    for (const auto& [ip, owner] : owners_) {
      if (owner == mac) ips.push_back(ip);
    }
    return ips;
  }
  bool Do(const Op& op) {
    if (OwnerOf(op.ip) != op.from) return false;
    owners_.erase(op.ip);
    if (op.to) owners_.emplace(op.ip, *op.to);
    return true;
  }
  void DoLater(absl::Time at, const Op& op) { late_.emplace(at, op); }
  void Pass(absl::Time now) {
    while (!late_.empty() && late_.begin()->first <= now) {
      Do(late_.begin()->second);
      late_.erase(late_.begin());
    }
  }

 private:
  std::map<Ipv4, Mac> owners_;
  std::multimap<absl::Time, Op> late_;
};

// The API server's one claim.
class Server {
 public:
  using Claim = kube::VpcIpClaim;
  std::optional<Claim> claim;

  absl::StatusOr<Claim> Create(Claim made) {
    if (claim) return absl::AlreadyExistsError("");
    made.meta.uid = absl::StrCat("uid-", ++uids_);
    return Put(std::move(made));
  }
  absl::StatusOr<Claim> Patch(Claim written) {
    if (!claim) return absl::NotFoundError("");
    if (written.meta.resource_version != claim->meta.resource_version) {
      return absl::AbortedError("conflict");
    }
    written.meta.deletion = claim->meta.deletion;
    return Put(std::move(written));
  }
  void Delete(absl::Time now) {
    if (!claim) return;
    claim->meta.deletion = now;
    Put(*claim);
  }
  void Unfinalize(const std::string& uid) {
    if (claim && claim->meta.uid == uid) claim.reset();
  }

 private:
  Claim Put(Claim next) {
    next.meta.resource_version = absl::StrCat(++versions_);
    claim = next;
    return next;
  }
  int versions_ = 0;
  int uids_ = 0;
};

struct World {
  Fate fate;
  Cloud cloud;
  Server server;
  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
};

// A node: a pool that survives, and processes that don't.
class Node {
 public:
  Node(World& world, int number) : world_(world), mac_(MacOf(number)) {
    next_ip_ = static_cast<uint32_t>(0x0a000001 + number * 4096);
    Fill();
    Restart();
  }

  const Mac& mac() const { return mac_; }
  pool::Pool& pool() { return pool_; }
  const pool::Address* Lease() const {
    for (const auto& [ip, row] : pool_.addresses()) {
      if (row.lease) return &row;
    }
    return nullptr;
  }

  // One ADD of the pod; true if it has got its address. The process may die.
  bool Add() {
    pool::Wish wish;
    wish.attachment = {"cnivpc", absl::StrCat("c", ++containers_), "eth0"};
    wish.pod = {kKey.name_space, kKey.name, "pod"};
    errand_ = std::make_unique<Errand>(
        pool_, [this](const pool::Records& r) { return Commit(r); },
        Place{mac_, "subnet"},
        Visitor{wish.attachment, wish.pod, "db", std::nullopt});
    Step step = errand_->Start();
    while (errand_ != nullptr) {
      world_.now += world_.fate.Upto(absl::Seconds(2));
      world_.cloud.Pass(world_.now);
      if (const auto* done = std::get_if<Done>(&step)) {
        errand_.reset();
        return Grant(wish, done->ip);
      }
      if (std::holds_alternative<Refuse>(step)) {
        errand_.reset();
        return false;
      }
      auto next = std::visit([this](const auto& s) { return Take(s); }, step);
      if (!next) {
        Restart();
        return false;
      }
      step = *std::move(next);
    }
    return false;
  }

  void Del() {
    const pool::Address* row = Lease();
    if (row == nullptr) return;
    const base::Attachment attachment = row->lease->attachment;
    pool_.Apply(pool_.DecideAbandon(attachment));
    pool_.Apply(pool_.DecideDetached(attachment, world_.now));
  }

  // What the steward does once a minute.
  void Verify() {
    const std::vector<Ipv4> listed = world_.cloud.ListOf(mac_);
    std::vector<Ipv4> missing;
    for (const auto& [ip, row] : pool_.addresses()) {
      if (std::find(listed.begin(), listed.end(), ip) != listed.end()) continue;
      if (row.state == State::kFixed) missing.push_back(ip);
    }
    for (const Ipv4 ip : missing) pool_.Apply(pool_.DecideDisown(ip));
    pool::Tenants tenants;
    if (const auto& claim = world_.server.claim) {
      tenants[claim->ip] = {kKey.name_space, kKey.name, claim->meta.uid};
    }
    pool_.Apply(pool::WithTenants(
        pool::DecideTakeIn(pool_, "subnet", listed, {}, world_.now), tenants));
    pool_.Apply(pool_.DecideTick(world_.now));
    Fill();
    GiveBack();
  }

  void LookAfter() {
    const auto& claim = world_.server.claim;
    const bool ours = claim && claim->mac == mac_;
    landlord_->OnClaims({{kKey, ours ? std::optional(*claim) : std::nullopt}},
                        true);
    while (const auto call = landlord_->Next(world_.now)) {
      if (const auto* read = std::get_if<Landlord::ReadClaim>(&*call)) {
        landlord_->OnRead(read->key, world_.server.claim, world_.now);
      } else {
        const auto& free = std::get<Landlord::Unfinalize>(*call);
        world_.server.Unfinalize(free.uid);
        landlord_->OnFreed(free.key, absl::OkStatus(), world_.now);
      }
    }
    GiveBack();
  }

 private:
  void Restart() {
    errand_.reset();
    landlord_ = std::make_unique<Landlord>(
        pool_, [this](const pool::Records& r) { return Commit(r); },
        [this](const kube::ObjectKey&) { return errand_ != nullptr; });
  }
  absl::Status Commit(const pool::Records& records) {
    pool_.Apply(records);
    return absl::OkStatus();
  }
  void GiveBack() {
    while (true) {
      const auto& intents = pool_.intents();
      const auto it =
          std::find_if(intents.begin(), intents.end(), [](const auto& e) {
            return e.second.kind == pool::Intent::Kind::kRelease;
          });
      if (it == intents.end()) return;
      const pool::Intent intent = it->second;
      for (const Ipv4 ip : intent.addresses) {
        world_.cloud.Do({ip, mac_, std::nullopt});
        pool_.Apply(pool_.DecideReleased(intent.id, ip));
      }
    }
  }
  void Fill() {
    while (pool_.counts().warm < 2) {
      const Ipv4 ip(next_ip_++);
      if (!world_.cloud.Do({ip, std::nullopt, mac_})) continue;
      pool_.Apply(pool_.DecideArrived({ip}, "subnet", world_.now));
    }
  }
  bool Grant(const pool::Wish& wish, Ipv4 ip) {
    const auto grant = pool_.DecideAcquireFixed(wish, ip, world_.now);
    if (!grant.ok()) return false;
    pool_.Apply(grant->records);
    return true;
  }

  // Each returns what comes next; nullopt: the process dies of it.
  std::optional<Step> Take(const ReadClaim&) {
    if (world_.fate.Dies()) return std::nullopt;
    return errand_->OnRead(world_.server.claim, world_.now);
  }
  std::optional<Step> Take(const CreateClaim& step) {
    return Write([&] { return world_.server.Create(step.claim); },
                 &Errand::OnCreated);
  }
  std::optional<Step> Take(const PatchClaim& step) {
    return Write([&] { return world_.server.Patch(step.claim); },
                 &Errand::OnPatched);
  }
  template <typename Call, typename Event>
  std::optional<Step> Write(Call call, Event event) {
    Fate& fate = world_.fate;
    const bool dies = fate.Dies();
    if (dies && fate.effect == Fate::Effect::kNone) return std::nullopt;
    const bool lost = fate.Chance(fate.faults_percent);
    if (lost && fate.Chance(50)) {
      return (*errand_.*event)(absl::UnavailableError("reset"), world_.now);
    }
    const auto answer = call();
    if (dies) return std::nullopt;
    if (lost) return (*errand_.*event)(kSilence, world_.now);
    return (*errand_.*event)(answer, world_.now);
  }
  std::optional<Step> Take(const WantAddress& step) {
    const auto grant = pool_.DecideFix(step.tenant, world_.now);
    if (!grant.ok()) {
      return Refuse{pool::Reason::kPoolDry, grant.status()};
    }
    pool_.Apply(grant->records);
    if (world_.fate.Dies()) return std::nullopt;
    return errand_->OnAddress(grant->address.ip);
  }
  std::optional<Step> Take(const TakeOver& step) {
    return Ask({step.ip, step.from, mac_}, absl::NotFoundError("58221"));
  }
  std::optional<Step> Take(const Obtain& step) {
    return Ask({step.ip, std::nullopt, mac_}, absl::AlreadyExistsError(""));
  }
  std::optional<Step> Ask(const Cloud::Op& op, const absl::Status& refusal) {
    Fate& fate = world_.fate;
    const bool dies = fate.Dies();
    const bool lost = fate.Chance(fate.faults_percent);
    if (!dies && !lost) {
      const bool ours = world_.cloud.OwnerOf(op.ip) == mac_;
      const bool done = ours || world_.cloud.Do(op);
      return errand_->OnSecured(done ? absl::OkStatus() : refusal, false,
                                world_.now);
    }
    const Fate::Effect effect = dies ? fate.effect : fate.AnyEffect();
    if (effect == Fate::Effect::kNow) world_.cloud.Do(op);
    if (effect == Fate::Effect::kLate) {
      world_.cloud.DoLater(world_.now + fate.Upto(kLate), op);
    }
    if (dies) return std::nullopt;
    return errand_->OnSecured(kSilence, false, world_.now);
  }
  std::optional<Step> Take(const Done&) { return std::nullopt; }
  std::optional<Step> Take(const Refuse&) { return std::nullopt; }

  World& world_;
  const Mac mac_;
  pool::Pool pool_{pool::Policy()};
  std::unique_ptr<Errand> errand_;
  std::unique_ptr<Landlord> landlord_;
  int containers_ = 0;
  uint32_t next_ip_ = 0;
};

class Story {
 public:
  explicit Story(Fate fate) {
    world_.fate = std::move(fate);
    for (int i = 0; i < 3; ++i) {
      nodes_.push_back(std::make_unique<Node>(world_, i));
    }
  }
  World& world() { return world_; }
  Node& node(size_t i) { return *nodes_[i]; }
  int faults() const { return faults_; }

  // Time passes, with all that happens by itself; what was given is watched.
  void Pass(absl::Duration time) {
    const absl::Time until = world_.now + time;
    while (world_.now < until) {
      world_.now = std::min(until, world_.now + absl::Seconds(10));
      world_.cloud.Pass(world_.now);
      for (auto& node : nodes_) {
        node->LookAfter();
        if (world_.fate.Chance(20)) node->Verify();
      }
      Check();
    }
  }

  // The pod comes to a node, and is tried as kubelet does, for as long as it
  // takes; false if that is for ever.
  bool Come(size_t i) {
    for (int attempt = 0; attempt < 60; ++attempt) {
      if (nodes_[i]->Add()) {
        holder_ = i;
        Check();
        return true;
      }
      Check();
      Pass(absl::Seconds(5));
    }
    return false;
  }
  void Go() {
    if (holder_) nodes_[*holder_]->Del();
    holder_.reset();
  }
  // Deletes the claim; by then the pod must have gone.
  void Delete() {
    world_.server.Delete(world_.now);
    ip_.reset();
  }

  void Check() {
    const auto& claim = world_.server.claim;
    if (claim && !claim->meta.deletion) {
      if (ip_ && uid_ == claim->meta.uid) {
        ASSERT_EQ(*ip_, claim->ip) << "the claim's address has changed";
      }
      ip_ = claim->ip;
      uid_ = claim->meta.uid;
    }
    if (!ip_) return;
    for (auto& node : nodes_) {
      const pool::Address* row = node->pool().Find(*ip_);
      if (row == nullptr) continue;
      ASSERT_NE(row->state, State::kWarm) << "anybody could get it";
      if (row->lease) {
        ASSERT_EQ(row->lease->pod.name, kKey.name);
      }
    }
    if (!holder_) return;
    const pool::Address* row = nodes_[*holder_]->Lease();
    ASSERT_NE(row, nullptr);
    ASSERT_EQ(row->ip, *ip_);
    ASSERT_EQ(world_.cloud.OwnerOf(*ip_), nodes_[*holder_]->mac())
        << "the pod's address went away from it";
  }

 private:
  World world_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::optional<size_t> holder_;
  std::optional<Ipv4> ip_;
  std::string uid_;
  int faults_ = 0;
};

// Made on one node, moved to another and back, and let go of.
void Tell(Story& story) {
  ASSERT_TRUE(story.Come(0));
  const Ipv4 ip = story.world().server.claim->ip;
  story.Pass(absl::Seconds(20));
  story.Go();
  ASSERT_TRUE(story.Come(1));
  story.Go();
  ASSERT_TRUE(story.Come(0));
  story.Go();
  ASSERT_TRUE(story.Come(0));
  story.Pass(absl::Minutes(3));
  ASSERT_EQ(story.world().server.claim->ip, ip);
  story.Go();
  story.Delete();
  story.Pass(absl::Minutes(10));
  ASSERT_FALSE(story.world().server.claim.has_value());
  for (size_t i = 0; i < 3; ++i) {
    for (const auto& [address, row] : story.node(i).pool().addresses()) {
      ASSERT_FALSE(row.tenant.has_value()) << "node " << i;
      ASSERT_NE(row.state, State::kArriving) << "node " << i;
    }
  }
}

TEST(FixedSimulationTest, AllGoesWellWhenNothingGoesWrong) {
  Story story{Fate{}};
  Tell(story);
  EXPECT_EQ(story.world().cloud.OwnerOf(Ipv4(0x0a000001)), std::nullopt);
}

TEST(FixedSimulationTest, WhereverTheProcessDiesTheAddressHasOneOwner) {
  using Effect = Fate::Effect;
  int deaths = 0;
  for (const Effect effect : {Effect::kNone, Effect::kNow, Effect::kLate}) {
    for (int step = 0; step < 30; ++step) {
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        Fate fate;
        fate.random.seed(seed);
        fate.die_at = step;
        fate.effect = effect;
        Story story(std::move(fate));
        SCOPED_TRACE(testing::Message()
                     << "step " << step << " effect "
                     << static_cast<int>(effect) << " seed " << seed);
        Tell(story);
        if (testing::Test::HasFatalFailure()) return;
        deaths += story.world().fate.steps > step ? 1 : 0;
      }
    }
  }
  EXPECT_GT(deaths, 150);
}

TEST(FixedSimulationTest, WithLostAnswersAndDeathsByChanceToo) {
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Fate fate;
    fate.random.seed(seed);
    fate.faults_percent = 25;
    Story story(std::move(fate));
    for (int turn = 0; turn < 12; ++turn) {
      Fate& now = story.world().fate;
      now.die_at = now.steps + static_cast<int>(now.random() % 12);
      now.effect = now.AnyEffect();
      ASSERT_TRUE(story.Come(now.random() % 3));
      story.Pass(now.Upto(absl::Minutes(2)));
      story.Go();
      if (now.Chance(15)) story.Delete();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace applets::ipamd::fixed
