#include "applets/ipamd/fixed/elector.h"

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace applets::ipamd::fixed {
namespace {

const absl::Time kWall = absl::FromUnixSeconds(1'800'000'000);

// The API server's one lease.
struct Server {
  std::optional<kube::Lease> lease;
  int version = 0;
  int calls = 0;

  absl::StatusOr<kube::Lease> Put(kube::Lease next, bool make) {
    if (make && lease) return absl::AlreadyExistsError("");
    if (!make && !lease) return absl::NotFoundError("");
    if (!make && next.meta.resource_version != lease->meta.resource_version) {
      return absl::AbortedError("conflict");
    }
    next.meta.resource_version = std::to_string(++version);
    lease = next;
    return next;
  }
};

class Candidate {
 public:
  Candidate(Server& server, const std::string& name, uint64_t seed)
      : server_(server),
        random_(seed),
        elector_(ElectorOptions{.identity = name}, random_) {}

  void Run(absl::Duration now, bool reached = true) {
    const absl::Time wall = kWall + now;
    while (auto call = elector_.Next(now, wall)) {
      ++server_.calls;
      if (std::holds_alternative<Elector::Look>(*call)) {
        elector_.OnLooked(
            reached ? absl::StatusOr<std::optional<kube::Lease>>(server_.lease)
                    : absl::UnavailableError(""),
            now);
        continue;
      }
      const auto* make = std::get_if<Elector::Make>(&*call);
      const kube::Lease lease =
          make != nullptr ? make->lease : std::get<Elector::Write>(*call).lease;
      elector_.OnWritten(reached ? server_.Put(lease, make != nullptr)
                                 : absl::UnavailableError(""),
                         now);
    }
  }
  Elector& operator*() { return elector_; }
  Elector* operator->() { return &elector_; }

 private:
  Server& server_;
  std::mt19937_64 random_;
  Elector elector_;
};

TEST(ElectorTest, TheFirstOneLeadsAndRenews) {
  Server server;
  Candidate a(server, "node-a", 1);
  a->SetInterest(true, absl::ZeroDuration());
  a.Run(absl::Seconds(30));
  EXPECT_TRUE(a->Leads(absl::Seconds(30)));
  EXPECT_EQ(server.lease->holder, "node-a");
  EXPECT_EQ(server.lease->transitions, 0);
  a.Run(absl::Seconds(40));
  EXPECT_TRUE(a->Leads(absl::Seconds(59)));
  EXPECT_EQ(server.lease->renewed, kWall + absl::Seconds(40));
  EXPECT_EQ(server.lease->acquired, kWall + absl::Seconds(30));
}

TEST(ElectorTest, ALeaderThatCantRenewStopsBeforeOthersBegin) {
  Server server;
  Candidate a(server, "node-a", 1);
  Candidate b(server, "node-b", 2);
  for (auto* one : {&a, &b}) (*one)->SetInterest(true, absl::ZeroDuration());
  absl::Duration now;
  for (; now < absl::Minutes(1); now += absl::Seconds(1)) {
    a.Run(now);
    b.Run(now);
  }
  ASSERT_NE(a->Leads(now), b->Leads(now));
  Candidate& leader = a->Leads(now) ? a : b;
  Candidate& other = a->Leads(now) ? b : a;
  bool taken_over = false;
  for (; now < absl::Minutes(3); now += absl::Seconds(1)) {
    leader.Run(now, /*reached=*/false);
    other.Run(now);
    ASSERT_FALSE(leader->Leads(now) && other->Leads(now));
    taken_over |= other->Leads(now);
  }
  EXPECT_TRUE(taken_over);
  EXPECT_EQ(server.lease->transitions, 1);
}

TEST(ElectorTest, WhoResignsLetsOthersLeadAtOnce) {
  Server server;
  Candidate a(server, "node-a", 1);
  Candidate b(server, "node-b", 2);
  a->SetInterest(true, absl::ZeroDuration());
  a.Run(absl::Seconds(20));
  const auto last = a->Resign(kWall + absl::Seconds(25));
  ASSERT_TRUE(last.has_value());
  ASSERT_TRUE(server.Put(last->lease, false).ok());
  EXPECT_FALSE(a->Leads(absl::Seconds(25)));
  EXPECT_FALSE(a->Resign(kWall).has_value());
  b.Run(absl::Seconds(26));
  EXPECT_TRUE(b->Leads(absl::Seconds(26)));
}

TEST(ElectorTest, AfterARestartItLeadsAgain) {
  Server server;
  Candidate(server, "node-a", 1).Run(absl::Seconds(1));
  Candidate again(server, "node-a", 2);
  again.Run(absl::Seconds(2));
  EXPECT_TRUE(again->Leads(absl::Seconds(2)));
  EXPECT_EQ(server.lease->transitions, 0);
}

TEST(ElectorTest, WhoHasNothingToLookAfterSeldomLooks) {
  Server server;
  Candidate leader(server, "node-a", 1);
  Candidate idle(server, "node-b", 2);
  leader.Run(absl::ZeroDuration());
  server.calls = 0;
  for (absl::Duration now; now < absl::Hours(1); now += absl::Seconds(1)) {
    idle.Run(now);
    if (now % absl::Seconds(10) == absl::ZeroDuration()) {
      ASSERT_TRUE(server.Put(*server.lease, false).ok());
    }
  }
  EXPECT_LE(server.calls, 7);
  EXPECT_FALSE(idle->Leads(absl::Hours(1)));
}

TEST(ElectorTest, WithoutAnApiServerNobodyLeadsAndNobodyIsBusy) {
  Server server;
  Candidate a(server, "node-a", 1);
  a->SetInterest(true, absl::ZeroDuration());
  for (absl::Duration now; now < absl::Hours(1); now += absl::Seconds(1)) {
    a.Run(now, /*reached=*/false);
    ASSERT_FALSE(a->Leads(now));
  }
  EXPECT_LE(server.calls, 242);
}

// Many candidates, calls that fail, processes that restart: never two leaders,
// and never none for long.
TEST(ElectorTest, ThereIsNeverMoreThanOneLeader) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    std::mt19937_64 chance(seed);
    Server server;
    std::vector<std::unique_ptr<Candidate>> all;
    std::vector<absl::Duration> cut_off(5);
    const auto start = [&](size_t i, absl::Duration now) {
      all[i] = std::make_unique<Candidate>(server, "node-" + std::to_string(i),
                                           chance());
      (*all[i])->SetInterest(true, now);
    };
    all.resize(5);
    for (size_t i = 0; i < all.size(); ++i) start(i, absl::ZeroDuration());
    absl::Duration led_at;
    for (absl::Duration now; now < absl::Minutes(20); now += absl::Seconds(1)) {
      int leaders = 0;
      for (size_t i = 0; i < all.size(); ++i) {
        if (chance() % 200 == 0) cut_off[i] = now + absl::Seconds(60);
        if (chance() % 300 == 0) start(i, now);
        all[i]->Run(now, now >= cut_off[i]);
        leaders += (*all[i])->Leads(now) ? 1 : 0;
      }
      ASSERT_LE(leaders, 1) << "seed " << seed << " at " << now;
      if (leaders == 1) led_at = now;
      ASSERT_LE(now - led_at, absl::Minutes(3)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace applets::ipamd::fixed
