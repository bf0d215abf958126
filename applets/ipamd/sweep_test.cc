#include "applets/ipamd/sweep.h"

#include <string>

#include "applets/ledger/alias.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using base::Attachment;
using base::Ipv4;
using pool::Phase;
using pool::State;

constexpr absl::Duration kGrace = absl::Seconds(60);
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Attachment A(const std::string& id) { return {"net", id, "eth0"}; }

class SweepTest : public testing::Test {
 protected:
  void Put(uint32_t ip, State state) {
    pool::Address row;
    row.ip = Ipv4(ip);
    row.state = state;
    pool_.Apply(pool::PutAddress{row});
  }
  void Lease(uint32_t ip, const std::string& id, Phase phase) {
    LeaseIn(pool_, ip, id, phase);
  }
  static void LeaseIn(pool::Pool& pool, uint32_t ip, const std::string& id,
                      Phase phase) {
    pool::Address row;
    row.ip = Ipv4(ip);
    row.state = State::kLeased;
    row.lease = pool::Lease{};
    row.lease->attachment = A(id);
    row.lease->phase = phase;
    pool.Apply(pool::PutAddress{row});
  }
  void Link(const std::string& id) {
    netlink::Link link;
    link.index = next_index_++;
    link.name = "ucni0123456789a";
    link.alias = ledger::AliasOf(A(id));
    links_.Put(link);
  }
  void RuleAndProxy(uint32_t ip) {
    kernel_.rules.insert(Ipv4(ip));
    kernel_.proxies.insert(Ipv4(ip));
  }
  Findings Look(bool books_are_lost = false) {
    return Compare(
        {{&pool_, &further_}, books_are_lost}, links_, kernel_,
        [this](const Attachment& a) { return guarded_.contains(a); });
  }

  pool::Pool pool_{pool::Policy{}};
  pool::Pool further_{pool::Policy{}};
  LinkTable links_;
  KernelView kernel_;
  std::set<Attachment> guarded_;
  uint32_t next_index_ = 10;
};

TEST_F(SweepTest, AHealthyNodeHasNoFindings) {
  Lease(1, "a", Phase::kAttached);
  Link("a");
  RuleAndProxy(1);
  Put(2, State::kWarm);
  const Findings f = Look();
  EXPECT_TRUE(f.complete.empty() && f.abandoned.empty() &&
              f.detaching.empty() && f.orphans.empty() && f.littered.empty());
}

// The store was lost, the VPC's list is awaited, and pods run and end.
TEST_F(SweepTest, NetworksAreLeftAloneUntilALostStoreIsRebuilt) {
  Link("runs");
  RuleAndProxy(1);
  Put(1, State::kWarm);
  EXPECT_EQ(Look().orphans, std::vector{A("runs")});
  EXPECT_EQ(Look().littered, std::vector{Ipv4(1)});
  const Findings f = Look(/*books_are_lost=*/true);
  EXPECT_TRUE(f.orphans.empty() && f.littered.empty());
}

// Looks at lost books don't count as the first of the two that it takes.
TEST_F(SweepTest, AnOrphanIsFoundTwiceAfterTheStoreWasRebuilt) {
  Link("dead");
  Suspects suspects(kGrace);
  EXPECT_TRUE(suspects.Confirm(Look(true), kNow).orphans.empty());
  EXPECT_TRUE(suspects.Confirm(Look(true), kNow).orphans.empty());
  EXPECT_TRUE(suspects.Confirm(Look(), kNow).orphans.empty());
  EXPECT_FALSE(suspects.Confirm(Look(), kNow).orphans.empty());
}

TEST_F(SweepTest, AnUnreportedAddIsCompleteOrAbandoned) {
  Lease(1, "whole", Phase::kAttaching);
  Link("whole");
  RuleAndProxy(1);
  Lease(2, "linkless", Phase::kAttaching);
  RuleAndProxy(2);
  Lease(3, "ruleless", Phase::kAttaching);
  Link("ruleless");
  EXPECT_EQ(Look().complete, std::vector<Attachment>{A("whole")});
  EXPECT_EQ(Look().abandoned,
            (std::vector<Attachment>{A("linkless"), A("ruleless")}));
}

TEST_F(SweepTest, AGuardedAddIsLeftAlone) {
  Lease(1, "a", Phase::kAttaching);
  guarded_.insert(A("a"));
  EXPECT_TRUE(Look().abandoned.empty());
}

TEST_F(SweepTest, ALinkWithoutALeaseIsAnOrphan) {
  Link("gone");
  EXPECT_EQ(Look().orphans, std::vector<Attachment>{A("gone")});
}

TEST_F(SweepTest, OnlyAddressesOfOursAreLitter) {
  Put(1, State::kCooling);
  Put(2, State::kWarm);
  Put(3, State::kQuarantined);  // another plugin's pod has it
  for (const uint32_t ip : {1, 2, 3, 4}) RuleAndProxy(ip);
  EXPECT_EQ(Look().littered, (std::vector<Ipv4>{Ipv4(1), Ipv4(2)}));
}

TEST_F(SweepTest, AnUnleasedAddressThatALinkIsRoutedIsLeftAlone) {
  Put(1, State::kWarm);
  RuleAndProxy(1);
  kernel_.routed.insert(Ipv4(1));
  EXPECT_TRUE(Look().littered.empty());
}

TEST_F(SweepTest, AQuarantinedAddressIsVacantWhenNoLinkIsRouted) {
  Put(1, State::kQuarantined);
  Put(2, State::kQuarantined);
  kernel_.routed.insert(Ipv4(1));
  EXPECT_EQ(Look().vacant, std::vector<Ipv4>{Ipv4(2)});
}

TEST_F(SweepTest, OrphansAndLitterMustBeFoundTwice) {
  Link("gone");
  Put(1, State::kWarm);
  RuleAndProxy(1);
  Suspects suspects(kGrace);
  EXPECT_TRUE(suspects.Confirm(Look(), kNow).orphans.empty());
  const Findings confirmed = suspects.Confirm(Look(), kNow);
  EXPECT_EQ(confirmed.orphans.size(), 1u);
  EXPECT_EQ(confirmed.littered.size(), 1u);
}

TEST_F(SweepTest, ALeaseIsLeakedOnlyWhenItsLinkIsGoneForAWhile) {
  Lease(1, "gone", Phase::kAttached);
  Lease(2, "there", Phase::kAttached);
  Link("there");
  Lease(3, "routed", Phase::kAttached);
  kernel_.routed.insert(Ipv4(3));
  EXPECT_EQ(Look().leaked, std::vector<Attachment>{A("gone")});
  Suspects suspects(kGrace);
  EXPECT_TRUE(suspects.Confirm(Look(), kNow).leaked.empty());
  EXPECT_TRUE(suspects.Confirm(Look(), kNow + kGrace - absl::Nanoseconds(1))
                  .leaked.empty());
  EXPECT_EQ(suspects.Confirm(Look(), kNow + kGrace).leaked,
            std::vector<Attachment>{A("gone")});
}

TEST_F(SweepTest, ALinkThatIsSeenAgainIsNotLeaked) {
  Lease(1, "a", Phase::kAttached);
  Suspects suspects(kGrace);
  suspects.Confirm(Look(), kNow);
  suspects.Confirm(Findings{}, kNow + kGrace / 2);
  EXPECT_TRUE(suspects.Confirm(Look(), kNow + kGrace).leaked.empty());
}

TEST_F(SweepTest, ASuspectThatWasClearedBeginsAnew) {
  Link("gone");
  Suspects suspects(kGrace);
  suspects.Confirm(Look(), kNow);
  suspects.Confirm(Findings{}, kNow);
  EXPECT_TRUE(suspects.Confirm(Look(), kNow).orphans.empty());
}

TEST_F(SweepTest, WhatAnotherInterfacesPoolHasLeasedIsNoOrphan) {
  LeaseIn(further_, 1, "a", Phase::kAttached);
  Link("a");
  Link("b");
  EXPECT_EQ(Look().orphans, (std::vector<Attachment>{A("b")}));
}

TEST_F(SweepTest, LeasesOfAllPoolsAreLookedAt) {
  Lease(1, "a", Phase::kAttached);
  LeaseIn(further_, 2, "b", Phase::kAttached);
  EXPECT_EQ(Look().leaked, (std::vector<Attachment>{A("a"), A("b")}));
}

}  // namespace
}  // namespace applets::ipamd
