// Nodes and a cloud in which everything fails now and then must agree in the
// end on who has which address: no address that the cloud has and nobody knows
// of, none believed owned that the cloud doesn't have.
//
// The client, the provider, the ledger and the steward are the shipped ones,
// against vpcsim over real sockets. A node's minutes pass in seconds
// (FastClock); what the steward and the client wait for is as long as in
// production by that clock, and so are the cloud's delays. CNIVPC_SEED replays
// the faults of a seed; how threads meet is up to the kernel.
#include <sys/stat.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/loop.h"
#include "base/status.h"
#include "e2e/cloud.h"
#include "e2e/node.h"
#include "gtest/gtest.h"
#include "vpc/ucloud/access.h"
#include "vpc/ucloud/environment.h"
#include "vpc/ucloud/metadata_service.h"
#include "vpc/ucloud/place.h"
#include "vpc/ucloud/provider.h"

namespace e2e {
namespace {

using base::Ipv4;
using pool::Reason;
using vpc::ucloud::Access;
using vpc::ucloud::AccessOptions;

constexpr int kNodes = 20;
constexpr int kMaxPods = 25;  // of a node
constexpr double kSpeed = 40;
constexpr int64_t kCrashEvery = 30;  // operations of all nodes
constexpr double kProbability = 0.05;
constexpr absl::Duration kTick = absl::Milliseconds(5);
// Everything quiets down in this time when the faults are over.
constexpr absl::Duration kSettled = absl::Seconds(40);

uint64_t Seed() {
  const char* text = getenv("CNIVPC_SEED");
  uint64_t seed = 20261126;
  if (text != nullptr) {
    EXPECT_TRUE(absl::SimpleAtoi(text, &seed));
  }
  return seed;
}

// What may go wrong with a call, and what it is called here. A minute of the
// cloud's is 1.5 s of this test's.
const std::vector<std::pair<std::string, std::string>>& CallFaults() {
  static const auto* const kFaults =
      new std::vector<std::pair<std::string, std::string>>{
          {"throttled", R"("do":{"ret_code":153})"},
          {"unavailable", R"("do":{"ret_code":150})"},
          {"proxy", R"("do":{"http_status":503})"},
          {"timeout", R"("match":{"action":"write"},"do":{"ret_code":110})"},
          {"timeout-done", R"("match":{"action":"write"},)"
                           R"("do":{"ret_code":110,"effect":"done"})"},
          {"reset-before", R"("do":{"reset":"before"})"},
          {"reset-after", R"("do":{"reset":"after"})"},
          {"hang", R"("do":{"hang_ms":200})"},
          {"hang-done", R"("do":{"hang_ms":200,"effect":"done"})"},
          {"slow", R"("do":{"latency":{"distribution":"pareto","min_ms":2,)"
                   R"("alpha":1.5,"most_ms":100}})"},
          {"late", R"("match":{"action":"write"},"do":{"latency_at":"before",)"
                   R"("latency":{"distribution":"constant","ms":300}})"},
          {"partial", R"("match":{"action":"AllocateBatchSecondaryIp"},)"
                      R"("do":{"failing":0.3})"},
          {"lag", R"("match":{"action":"read"},"do":{"lag_ms":100})"},
          {"expired", R"("do":{"expire_token":true})"},
          {"wrong-mac", R"("do":{"wrong_mac":true})"},
          {"metadata", R"("match":{"action":"metadata"},)"
                       R"("do":{"http_status":503})"},
          {"sts", R"("match":{"action":"sts"},"do":{"http_status":503})"}};
  return *kFaults;
}

// What the cloud does behind everybody's back.
const std::vector<std::pair<std::string, std::string>>& OutOfBand() {
  static const auto* const kFaults =
      new std::vector<std::pair<std::string, std::string>>{
          {"vanish", R"("do":{"out_of_band":"vanish"})"},
          {"move", R"("do":{"out_of_band":"move"})"},
          {"unasked", R"("do":{"out_of_band":"allocate"})"}};
  return *kFaults;
}

// As docs/vpcsim.md has them.
std::string RulesOf(
    const std::vector<std::pair<std::string, std::string>>& faults) {
  std::vector<std::string> rules;
  for (const auto& [id, what] : faults) {
    rules.push_back(absl::StrCat(R"({"id":")", id,
                                 R"(","when":{"probability":)", kProbability,
                                 "},", what, "}"));
  }
  return absl::StrCat("[", absl::StrJoin(rules, ","), "]");
}

class AgreementTest : public testing::Test {
 protected:
  AgreementTest() {
    std::cout << "CNIVPC_SEED=" << seed_ << "\n";
    auto cloud =
        Cloud::Start({.subnet = *base::Ipv4Prefix::Parse("10.9.0.0/23"),
                      .hosts = kNodes,
                      .seed = seed_});
    EXPECT_TRUE(cloud.ok()) << cloud.status();
    cloud_ = *std::move(cloud);
    loop_ = *base::Loop::Create();
    for (int i = 0; i < kNodes; ++i) nodes_.push_back(MakeNode(i));
  }

  // All of the client's and the budget's times, at kSpeed.
  AccessOptions OptionsOf(int host) {
    AccessOptions options;
    options.metadata.base_url = cloud_->metadata(host);
    options.metadata.timeout = absl::Milliseconds(100);
    options.metadata.pause = clock_.Real(options.metadata.pause);
    options.environment_file = "";
    options.now = [this] { return clock_.Now(); };
    vpc::ucloud::ClientOptions& client = options.client;
    client.endpoint = cloud_->api();
    client.region = "cn-bj2";
    client.attempt_timeout = absl::Milliseconds(120);
    client.first_backoff = clock_.Real(client.first_backoff);
    client.max_backoff = clock_.Real(client.max_backoff);
    vpc::ucloud::BudgetOptions& budget = options.budget;
    budget.rate_per_second *= kSpeed;
    budget.min_rate_per_second *= kSpeed;
    budget.raise_per_second *= kSpeed * kSpeed;
    budget.lowering_pause = clock_.Real(budget.lowering_pause);
    budget.breaker.first_pause = clock_.Real(budget.breaker.first_pause);
    budget.breaker.max_pause = clock_.Real(budget.breaker.max_pause);
    return options;
  }

  // Who it is, the node is told by its metadata; when they don't answer, it is
  // who it was.
  vpc::ucloud::Place PlaceOf(int host, const AccessOptions& options) {
    absl::BitGen random;
    vpc::ucloud::MetadataService metadata(
        options.metadata, vpc::ucloud::MetadataService::RealMeans(), random);
    const auto identity = metadata.GetIdentity();
    if (identity.ok()) {
      const auto place = vpc::ucloud::PlaceOf(*identity, {}, {});
      EXPECT_TRUE(place.ok()) << place.status();
      EXPECT_EQ(place->mac, Cloud::MacOf(host));
      places_[host] = *place;
    }
    EXPECT_TRUE(places_.contains(host)) << identity.status();
    return places_[host];
  }

  std::shared_ptr<vpc::Provider> ProviderOf(int host) {
    const AccessOptions options = OptionsOf(host);
    auto access = Access::Open(options);
    EXPECT_TRUE(access.ok()) << access.status();
    return std::make_shared<vpc::ucloud::InterfaceProvider>(
        *access, PlaceOf(host, options),
        vpc::ucloud::ProviderOptions{
            .pod_patience = clock_.Real(absl::Seconds(30)),
            .patience = clock_.Real(absl::Seconds(60))});
  }

  std::unique_ptr<Node> MakeNode(int i) {
    NodeSpec spec;
    spec.name = absl::StrCat("node-", i + 1);
    spec.state_dir = absl::StrCat(testing::TempDir(), "/", folder_, spec.name);
    mkdir(spec.state_dir.c_str(), 0700);
    spec.policy.cooldown = absl::Seconds(2);
    spec.policy.probing = true;
    spec.steward.subnet = "subnet-1";
    spec.steward.watermarks = {2, 4};
    spec.steward.trim_delay = absl::Seconds(1);
    spec.steward.conflict_hold = absl::Seconds(10);
    spec.seed = seed_ + static_cast<uint64_t>(i);
    return std::make_unique<Node>(
        *loop_, clock_, fleet_, [this, i] { return ProviderOf(i); },
        std::move(spec));
  }

  // Runs the loop until `done` says so, which is asked every kTick.
  void RunUntil(const std::function<bool()>& done) {
    base::Timer timer(*loop_, [&] {
      for (const auto& node : nodes_) node->Tick();
      if (done()) return loop_->Stop();
      timer_->Set(kTick);
    });
    timer_ = &timer;
    timer.Set(kTick);
    loop_->Run();
    timer_ = nullptr;
  }

  // Pods come and go, and nodes crash.
  void Live(int64_t operations) {
    int64_t ticks = 0;
    int64_t next_crash = kCrashEvery;
    RunUntil([&] {
      Node& node = *nodes_[absl::Uniform(random_, 0U, nodes_.size())];
      if (++ticks % 8 == 0) node.Want(absl::Uniform(random_, 0, kMaxPods));
      if (fleet_.operations >= next_crash) {
        node.Crash();
        next_crash = fleet_.operations + kCrashEvery;
      }
      return fleet_.operations >= operations;
    });
  }

  // What the nodes and the cloud don't agree on; "" if on everything.
  std::string Disagreement() {
    std::string text;
    for (int i = 0; i < kNodes; ++i) {
      const auto theirs = cloud_->AddressesOf(i);
      if (!theirs.ok()) return theirs.status().ToString();
      const std::set<Ipv4> ours = nodes_[i]->Addresses();
      for (const Ipv4 ip : ours) {
        if (theirs->contains(ip)) continue;
        absl::StrAppend(&text, "node-", i + 1, " believes to have ",
                        ip.ToString(), "\n");
      }
      for (const Ipv4 ip : *theirs) {
        if (ours.contains(ip)) continue;
        absl::StrAppend(&text, "node-", i + 1, " has ", ip.ToString(),
                        ", and nobody knows\n");
      }
    }
    return text;
  }

  // The pods go, and all faults end.
  void Settle() {
    ASSERT_TRUE(cloud_->SetFaults("[]").ok());
    for (const auto& node : nodes_) node->Want(0);
    const absl::Time until = absl::Now() + kSettled;
    int idle = 0;
    RunUntil([&] {
      for (const auto& node : nodes_) {
        if (!node->IsIdle()) {
          idle = 0;
          return absl::Now() > until;
        }
      }
      // Two looks at the list later nothing may have come up.
      return ++idle * kTick > 2 * clock_.Real(absl::Minutes(1)) ||
             absl::Now() > until;
    });
    for (const auto& node : nodes_) EXPECT_TRUE(node->IsIdle());
  }

  void Report(const std::map<std::string, int64_t>& hits) {
    std::cout << fleet_.operations << " operations, " << fleet_.shared
              << " addresses had by two pods\n";
    for (const auto& [id, count] : hits) {
      std::cout << "fault " << id << ": " << count << "\n";
    }
    for (const auto& [reason, count] : fleet_.notes) {
      std::cout << "reason " << pool::NameOf(reason) << ": " << count << "\n";
    }
  }

  const uint64_t seed_ = Seed();
  const std::string folder_ = absl::StrCat(
      testing::UnitTest::GetInstance()->current_test_info()->name(), "-");
  std::mt19937_64 random_{seed_};
  // Days ago: no token of the cloud's, which has the real time, expires by it.
  const FastClock clock_{absl::Now() - absl::Hours(48), kSpeed};
  Fleet fleet_;
  std::map<int, vpc::ucloud::Place> places_;
  std::unique_ptr<Cloud> cloud_;
  std::unique_ptr<base::Loop> loop_;
  base::Timer* timer_ = nullptr;
  std::vector<std::unique_ptr<Node>> nodes_;
};

TEST_F(AgreementTest, IsReachedAfterTenThousandOperationsWithEveryFault) {
  auto faults = CallFaults();
  faults.insert(faults.end(), OutOfBand().begin(), OutOfBand().end());
  ASSERT_TRUE(cloud_->SetFaults(RulesOf(faults)).ok());
  Live(10000);
  const auto hits = cloud_->FaultHits();
  ASSERT_TRUE(hits.ok()) << hits.status();
  Settle();
  Report(*hits);
  EXPECT_EQ(Disagreement(), "");
  for (const auto& [id, count] : *hits) EXPECT_GT(count, 0) << id;
  // The faults were felt, too.
  for (const Reason reason :
       {Reason::kAdopted, Reason::kReclaimed, Reason::kLost, Reason::kConflict,
        Reason::kVpcUnavailable}) {
    EXPECT_GT(fleet_.notes[reason], 0) << pool::NameOf(reason);
  }
}

TEST_F(AgreementTest, NoAddressIsHadByTwoPodsUnlessTheCloudGaveItToTwo) {
  ASSERT_TRUE(cloud_->SetFaults(RulesOf(CallFaults())).ok());
  Live(2000);
  Settle();
  Report({});
  EXPECT_EQ(fleet_.shared, 0);
  EXPECT_EQ(Disagreement(), "");
}

}  // namespace
}  // namespace e2e
