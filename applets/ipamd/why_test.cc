#include "applets/ipamd/why.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using base::Ipv4;
using pool::Reason;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kSubnet[] = "subnet-1";
constexpr Ipv4 kIp(0x0a000005);
constexpr Ipv4 kOther(0x0a000006);
const base::Pod kWeb{"default", "web-1", "u"};
const base::Attachment kAttachment{"net", "c1", "eth0"};

absl::Time At(const char* clock) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full,
                              absl::StrCat("2026-11-24T", clock, "Z"), &time,
                              &error));
  return time;
}

class WhyTest : public testing::Test {
 protected:
  void Have(Ipv4 ip, pool::State state, const char* since,
            absl::Time until = absl::InfiniteFuture()) {
    pool::Address row{.ip = ip, .subnet = kSubnet, .state = state};
    row.since = At(since);
    row.until = until;
    pool_.Apply(pool::PutAddress{row});
  }
  void Lease(Ipv4 ip, pool::Phase phase, const char* since) {
    pool::Address row{.ip = ip, .subnet = kSubnet};
    row.state = pool::State::kLeased;
    row.since = At(since);
    row.lease = pool::Lease{kAttachment,     kWeb, "", "", phase, At(since),
                            absl::Seconds(1)};
    pool_.Apply(pool::PutAddress{row});
  }
  void Happened(Reason reason, const char* when, std::string text = "",
                std::optional<Ipv4> ip = {}) {
    Note note;
    note.reason = reason;
    note.address = ip;
    note.pod = kWeb;
    note.attachment = kAttachment;
    note.text = std::move(text);
    journal_.Add(note, At(when));
  }
  void Exhausted() {
    scene_.supply = {absl::ResourceExhaustedError(
                         "AllocateBatchSecondaryIp: RetCode 57000: no more IP "
                         "(request UUID 5f1)"),
                     At("12:00:07"), At("11:58:02")};
  }
  absl::StatusOr<rpc::WhyReply> Pod() {
    return WhyPod({scene_, journal_, waiting_}, kWeb, now_);
  }
  absl::StatusOr<rpc::WhyReply> Address(Ipv4 ip) {
    return WhyAddress({scene_, journal_, waiting_}, ip, now_);
  }

  const absl::Time now_ = At("12:00:05");
  pool::Pool pool_{pool::Policy{}};
  Journal journal_{At("08:00:00")};
  Scene scene_{pool_, kSubnet};
  std::vector<Waiter> waiting_;
};

TEST_F(WhyTest, APodThatWaitsIsToldTheWholeChain) {
  for (uint32_t i = 0; i < 4; ++i) {
    Have(Ipv4(i), pool::State::kCooling, "12:00:00",
         At("12:00:31") + absl::Seconds(i));
  }
  Have(Ipv4(7), pool::State::kFresh, "12:00:00");
  Have(Ipv4(8), pool::State::kFresh, "12:00:00");
  Exhausted();
  waiting_ = {{kAttachment, kWeb, At("12:00:01")}};
  const auto why = Pod();
  ASSERT_TRUE(why.ok()) << why.status();
  EXPECT_EQ(why->reason, "subnet-exhausted");
  EXPECT_EQ(why->summary, "default/web-1 waits for an address since 12:00:01Z");
  EXPECT_THAT(
      why->causes,
      ElementsAre("the pool of subnet subnet-1 is dry: 0 warm; 4 cooling, the "
                  "first until 12:00:31Z; 2 being probed",
                  "subnet subnet-1 has no address left since 11:58:02Z "
                  "(AllocateBatchSecondaryIp: RetCode 57000: no more IP "
                  "(request UUID 5f1))"));
  EXPECT_EQ(why->next,
            "an address has rested at 12:00:31Z; those that are probed are "
            "warm within seconds; the VPC is asked again at 12:00:07Z");
}

TEST_F(WhyTest, WhatOtherNodesSaidStandsBetweenTheDryPoolAndTheFullSubnet) {
  Have(Ipv4(7), pool::State::kArriving, "12:00:00");
  Exhausted();
  scene_.supply.unlent = "no other node lent an address: none of 2 nodes";
  scene_.supply.borrowing = true;
  waiting_ = {{kAttachment, kWeb, At("12:00:01")}};
  const auto why = Pod();
  ASSERT_TRUE(why.ok()) << why.status();
  EXPECT_EQ(why->reason, "subnet-exhausted");
  ASSERT_EQ(why->causes.size(), 3u);
  EXPECT_EQ(why->causes[0],
            "the pool of subnet subnet-1 is dry: 0 warm; 1 on their way from "
            "other nodes");
  EXPECT_EQ(why->causes[1], scene_.supply.unlent);
  EXPECT_EQ(why->next,
            "other nodes have been asked for an address; the VPC is asked "
            "again at 12:00:07Z");
}

TEST_F(WhyTest, ARefusalIsExplainedAfterwards) {
  Happened(Reason::kVpcUnavailable, "11:59:00", "no address: the VPC is down");
  Happened(Reason::kVpcUnavailable, "11:59:30", "no address: still down");
  Have(kIp, pool::State::kWarm, "12:00:00");
  const auto why = Pod();
  ASSERT_TRUE(why.ok()) << why.status();
  EXPECT_EQ(why->reason, "vpc-unavailable");
  EXPECT_EQ(why->summary,
            "default/web-1 was refused an address at 11:59:30Z, 2 times since "
            "11:59:00Z");
  EXPECT_THAT(why->causes, ElementsAre("no address: still down"));
  EXPECT_EQ(why->next,
            "when the runtime tries again: the next ADD gets an address at "
            "once");
  EXPECT_EQ(why->events.size(), 1u);
}

TEST_F(WhyTest, ARefusalSaysWhetherItWouldBeRefusedAgain) {
  Happened(Reason::kSubnetExhausted, "11:59:00", "full");
  Exhausted();
  const auto why = Pod();
  ASSERT_TRUE(why.ok());
  ASSERT_EQ(why->causes.size(), 3u);
  EXPECT_THAT(why->causes[2], StartsWith("now: subnet subnet-1 has no"));
}

TEST_F(WhyTest, APodThatGotItsAddressInTheEndIsNoLongerRefused) {
  Happened(Reason::kPoolDry, "11:59:00");
  Happened(Reason::kLeased, "11:59:10", "", kIp);
  Lease(kIp, pool::Phase::kAttached, "11:59:10");
  const auto why = Pod();
  ASSERT_TRUE(why.ok());
  EXPECT_EQ(why->reason, "leased");
  EXPECT_EQ(why->summary, "default/web-1 has 10.0.0.5 since 11:59:10Z");
  Happened(Reason::kDetached, "12:00:00", "", kIp);
  Have(kIp, pool::State::kCooling, "12:00:00", At("12:00:30"));
  EXPECT_EQ(Pod()->summary, "default/web-1 had 10.0.0.5 until 12:00:00Z");
  EXPECT_EQ(Pod()->reason, "detached");
}

TEST_F(WhyTest, APodsTroubleIsTold) {
  Lease(kIp, pool::Phase::kAttached, "11:00:00");
  Note contested;
  contested.reason = Reason::kContested;
  contested.address = kIp;
  contested.text = "52:54:00:00:00:01 claims it";
  journal_.Add(contested, At("11:30:00"));
  const auto why = Pod();
  ASSERT_TRUE(why.ok());
  EXPECT_THAT(why->causes,
              ElementsAre("Somebody else claims the address while a pod has "
                          "it. At 11:30:00Z: 52:54:00:00:00:01 claims it"));
}

TEST_F(WhyTest, TheLeaseThatStaysCountsMoreThanTheOneThatGoes) {
  Lease(kIp, pool::Phase::kDetaching, "11:00:00");
  pool::Address newer = *pool_.Find(kIp);
  newer.ip = kOther;
  newer.lease->attachment.container_id = "c2";
  newer.lease->phase = pool::Phase::kAttached;
  pool_.Apply(pool::PutAddress{newer});
  EXPECT_EQ(Pod()->summary, "default/web-1 has 10.0.0.6 since 11:00:00Z");
}

TEST_F(WhyTest, APodThatNobodyKnowsIsNotFound) {
  const auto why = Pod();
  EXPECT_EQ(why.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(why.status().message(),
              HasSubstr("nothing of default/web-1 since 08:00:00Z"));
}

TEST_F(WhyTest, WhatKeepsEverybodyFromAnAddressComesFirst) {
  Have(kIp, pool::State::kWarm, "12:00:00");
  EXPECT_THAT(WhyNoAddress(scene_, now_), IsEmpty());
  scene_.supply.may_lease = false;
  scene_.supply.verified_at = At("11:50:00");
  EXPECT_EQ(WhyNoAddress(scene_, now_).back().reason, Reason::kUnverified);
  scene_.store = absl::InternalError("disk full");
  EXPECT_EQ(WhyNoAddress(scene_, now_).back().reason, Reason::kStoreFailed);
  scene_.rebuilding = true;
  EXPECT_EQ(WhyNoAddress(scene_, now_).back().reason, Reason::kRebuilding);
  scene_.stopping = true;
  EXPECT_EQ(WhyNoAddress(scene_, now_).back().reason, Reason::kStopping);
}

TEST_F(WhyTest, EachStateOfAnAddressIsExplained) {
  struct Case {
    pool::State state;
    absl::Time until;
    const char* reason;
    const char* next;
  };
  const Case cases[] = {
      {pool::State::kFresh, absl::InfiniteFuture(), "probing", "it is warm"},
      {pool::State::kWarm, absl::InfiniteFuture(), "warm", "an ADD gets it"},
      {pool::State::kCooling, At("12:00:31"), "detached",
       "it is warm at 12:00:31Z"},
      {pool::State::kQuarantined, At("12:01:00"), "conflict",
       "it is given back to the VPC at 12:01:00Z"},
      {pool::State::kQuarantined, absl::InfiniteFuture(), "foreign",
       "it cools down when"},
      {pool::State::kReleasing, absl::InfiniteFuture(), "releasing",
       "it is forgotten"},
      {pool::State::kPopped, absl::InfiniteFuture(), "popped",
       "it stays so until `cnivpctl push`"},
  };
  for (const Case& c : cases) {
    Have(kIp, c.state, "12:00:00", c.until);
    const auto why = Address(kIp);
    ASSERT_TRUE(why.ok()) << why.status();
    EXPECT_EQ(why->reason, c.reason);
    EXPECT_THAT(why->next, StartsWith(c.next));
    EXPECT_THAT(why->summary, HasSubstr("12:00:00Z"));
  }
}

TEST_F(WhyTest, AnAddressNamesWhoHasItAndWhoHadIt) {
  Lease(kIp, pool::Phase::kAttaching, "12:00:00");
  EXPECT_EQ(Address(kIp)->summary,
            "10.0.0.5 is leased to default/web-1 since 12:00:00Z, attaching");
  Happened(Reason::kDetached, "12:00:02", "", kIp);
  Have(kIp, pool::State::kCooling, "12:00:02", At("12:00:32"));
  EXPECT_EQ(Address(kIp)->summary,
            "10.0.0.5 rests since 12:00:02Z after default/web-1");
}

TEST_F(WhyTest, AnAddressThatIsGoneIsRemembered) {
  Happened(Reason::kReleased, "11:00:00", "", kIp);
  const auto why = Address(kIp);
  ASSERT_TRUE(why.ok());
  EXPECT_EQ(why->reason, "released");
  EXPECT_THAT(why->summary, StartsWith("10.0.0.5 isn't this node's."));
  EXPECT_EQ(Address(kOther).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(WhyTest, TheStoryIsTheLatestEvents) {
  for (uint32_t i = 0; i < 50; ++i) {
    Happened(Reason::kLeased, "11:00:00", "", Ipv4(i));
  }
  Lease(kIp, pool::Phase::kAttached, "11:00:00");
  const auto why = Pod();
  ASSERT_EQ(why->events.size(), 20u);
  EXPECT_EQ(why->events.back().address, Ipv4(49));
}

TEST(ClockTest, HasADateWhenItIsFarAway) {
  EXPECT_EQ(Clock(At("10:00:00"), At("12:00:00")), "10:00:00Z");
  EXPECT_EQ(Clock(At("10:00:00"), At("12:00:00") + absl::Hours(24)),
            "2026-11-24 10:00:00Z");
  EXPECT_EQ(Clock(absl::InfinitePast(), At("12:00:00")), "unknown");
}

TEST(ReasonTest, FitsTheError) {
  EXPECT_EQ(ReasonOf(absl::ResourceExhaustedError("")),
            Reason::kSubnetExhausted);
  EXPECT_EQ(ReasonOf(absl::UnavailableError("")), Reason::kVpcUnavailable);
  EXPECT_EQ(ReasonOf(absl::DeadlineExceededError("")), Reason::kVpcUnavailable);
  EXPECT_EQ(ReasonOf(absl::UnauthenticatedError("")), Reason::kVpcRefused);
}

}  // namespace
}  // namespace applets::ipamd
