// In real time, on real interfaces in network namespaces.

#include "applets/ipamd/prober.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/arp/packet.h"
#include "netlink/arp/segment_lab.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"

namespace applets::ipamd {
namespace {

using netlink::arp::SegmentLab;
using netlink::arp::Stranger;
using netlink::arp::Timing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr size_t kUs = 0;
constexpr size_t kOther = 1;
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr base::Ipv4 kFree(0x0a000032);
constexpr base::Ipv4 kAlsoFree(0x0a000033);

netlink::Node NodeOf(size_t host) {
  return {.name = "eth0",
          .ifindex = SegmentLab::kIfindex,
          .mac = SegmentLab::MacOf(host)};
}

class ProberTest : public ::testing::Test {
 protected:
  ProberTest() { Make(Timing::Within(absl::Milliseconds(350))); }

  void Make(const Timing& timing) {
    prober_ = *Prober::Open(
        *loop_, metrics_, timing,
        {[this](base::Ipv4 ip) {
           admitted_.push_back(ip);
           if (on_admitted_) on_admitted_(ip);
           loop_->Stop();
         },
         [this](base::Ipv4 ip, const base::Mac& other) {
           conflicts_.emplace_back(ip, other);
           loop_->Stop();
         },
         [this](base::Ipv4 ip, const base::Mac& other, bool defended) {
           EXPECT_EQ(other, SegmentLab::MacOf(kOther));
           claims_.emplace_back(ip, defended);
           loop_->Stop();
         }});
  }
  void UseInterface() { prober_->UseInterface(NodeOf(kUs)); }
  // The kernel's word on the interface, as ipamd hears it.
  void TellOfLink() {
    prober_->OnLink(*netlink::GetLink(lab_.socket(kUs), SegmentLab::kIfindex));
  }

  // Runs the loop until `done`, which is looked at whenever a handler was
  // called or the stranger heard something.
  void RunUntil(const std::function<bool()>& done) {
    bool late = false;
    base::Timer limit(*loop_, [&] {
      late = true;
      loop_->Stop();
    });
    limit.Set(kPatience);
    while (!done() && !late) loop_->Run();
    EXPECT_FALSE(late);
  }
  void RunUntilEnds(size_t count) {
    RunUntil([&] { return admitted_.size() + conflicts_.size() >= count; });
  }
  netlink::arp::Packet RunUntilStrangerHears() {
    std::vector<netlink::arp::Packet> heard;
    const auto watch = base::Watch::Readable(*loop_, stranger_.fd(),
                                             [this] { loop_->Stop(); });
    RunUntil([&] {
      heard = stranger_.HearAll();
      return !heard.empty();
    });
    return heard.empty() ? netlink::arp::Packet() : heard.front();
  }
  // A counter or gauge, as /metrics has it.
  std::string Line(const std::string& name) {
    const std::string text = metrics_.Text();
    const size_t at = text.find("\n" + name + " ");
    if (at == std::string::npos) return "";
    return text.substr(at + 1, text.find('\n', at + 1) - at - 1);
  }

  SegmentLab lab_{2};
  netlink::NetnsScope scope_ = *netlink::NetnsScope::Enter(lab_.netns_fd(kUs));
  Stranger stranger_ = lab_.StrangerAt(kOther);
  std::unique_ptr<base::Loop> loop_ = *base::Loop::Create();
  Metrics metrics_;
  std::vector<base::Ipv4> admitted_;
  std::function<void(base::Ipv4)> on_admitted_;
  std::vector<std::pair<base::Ipv4, base::Mac>> conflicts_;
  std::vector<std::pair<base::Ipv4, bool>> claims_;
  std::unique_ptr<Prober> prober_;
};

TEST_F(ProberTest, AFreeAddressIsAdmitted) {
  UseInterface();
  prober_->Probe(kFree);
  EXPECT_EQ(prober_->probing(), 1u);
  RunUntilEnds(1);
  EXPECT_THAT(admitted_, ElementsAre(kFree));
  EXPECT_EQ(prober_->probing(), 0u);
  EXPECT_EQ(Line("cnivpc_acd_probes_total"), "cnivpc_acd_probes_total 3");
  EXPECT_EQ(Line("cnivpc_acd_admitted_total"), "cnivpc_acd_admitted_total 1");
}

TEST_F(ProberTest, AnAddressThatAnotherHostHasIsAConflict) {
  UseInterface();
  prober_->Probe(SegmentLab::AddressOf(kOther));
  RunUntilEnds(1);
  EXPECT_THAT(conflicts_, ElementsAre(Pair(SegmentLab::AddressOf(kOther),
                                           SegmentLab::MacOf(kOther))));
  EXPECT_THAT(admitted_, IsEmpty());
  EXPECT_EQ(Line("cnivpc_acd_conflicts_total"), "cnivpc_acd_conflicts_total 1");
}

TEST_F(ProberTest, WithoutProbingAnAddressIsAdmittedFromTheLoopAtOnce) {
  Make(Timing::Within(absl::ZeroDuration()));
  prober_->Probe(kFree);  // without an interface, even
  EXPECT_THAT(admitted_, IsEmpty());
  RunUntilEnds(1);
  EXPECT_THAT(admitted_, ElementsAre(kFree));
  EXPECT_EQ(Line("cnivpc_acd_probes_total"), "cnivpc_acd_probes_total 0");
  EXPECT_THAT(stranger_.HearAll(), IsEmpty());
}

TEST_F(ProberTest, ProbingWaitsForTheInterface) {
  prober_->Probe(kFree);
  loop_->Post([&] { UseInterface(); });
  RunUntilEnds(1);
  EXPECT_THAT(admitted_, ElementsAre(kFree));
}

TEST_F(ProberTest, AnAddressThatIsStoppedMeanwhileIsNotToldOf) {
  Make(Timing::Within(absl::ZeroDuration()));
  prober_->Probe(kFree);
  prober_->Probe(kAlsoFree);
  // Both are admitted at the same instant.
  on_admitted_ = [&](base::Ipv4 ip) {
    prober_->Stop(ip == kFree ? kAlsoFree : kFree);
    loop_->Post([&] { loop_->Post([&] { loop_->Stop(); }); });
  };
  bool settled = false;
  RunUntil([&] { return std::exchange(settled, !admitted_.empty()); });
  EXPECT_EQ(admitted_.size(), 1u);
  EXPECT_EQ(prober_->probing(), 0u);
}

TEST_F(ProberTest, AHandlerMayStartTheNextAddress) {
  UseInterface();
  prober_->Probe(kFree);
  on_admitted_ = [&](base::Ipv4 ip) {
    if (ip == kFree) prober_->Probe(kAlsoFree);
  };
  RunUntilEnds(2);
  EXPECT_THAT(admitted_, ElementsAre(kFree, kAlsoFree));
}

TEST_F(ProberTest, AClaimIsDefendedOnceAndThenTold) {
  UseInterface();
  prober_->Watch(kFree);
  const auto claim =
      netlink::arp::Announcement(SegmentLab::MacOf(kOther), kFree);
  stranger_.Send(claim);
  EXPECT_EQ(RunUntilStrangerHears(),
            netlink::arp::Announcement(SegmentLab::MacOf(kUs), kFree));
  RunUntil([&] { return claims_.size() == 1; });
  stranger_.Send(claim);
  RunUntil([&] { return claims_.size() == 2; });
  EXPECT_THAT(claims_, ElementsAre(Pair(kFree, true), Pair(kFree, false)));
  EXPECT_THAT(stranger_.HearAll(), IsEmpty());
  EXPECT_EQ(Line("cnivpc_acd_defended_total"), "cnivpc_acd_defended_total 1");
  EXPECT_EQ(Line("cnivpc_acd_contested_total"), "cnivpc_acd_contested_total 1");
  EXPECT_EQ(Line("cnivpc_acd_watched"), "cnivpc_acd_watched 1");
}

TEST_F(ProberTest, AnotherHostsProbeForOurAddressIsAnswered) {
  UseInterface();
  prober_->Watch(kFree);
  const auto probe = netlink::arp::Probe(SegmentLab::MacOf(kOther), kFree);
  stranger_.Send(probe);
  EXPECT_EQ(RunUntilStrangerHears(),
            netlink::arp::Reply(probe, SegmentLab::MacOf(kUs)));
  EXPECT_THAT(claims_, IsEmpty());
  EXPECT_EQ(Line("cnivpc_acd_answered_total"), "cnivpc_acd_answered_total 1");
}

TEST_F(ProberTest, TenConflictsInARowLimitTheRate) {
  UseInterface();
  for (int i = 0; i < netlink::arp::kMaxConflicts; ++i) {
    EXPECT_FALSE(prober_->rate_limited());
    prober_->Probe(SegmentLab::AddressOf(kOther));
    RunUntilEnds(static_cast<size_t>(i) + 1);
  }
  EXPECT_TRUE(prober_->rate_limited());
  EXPECT_GT(prober_->next_start(), absl::Now());
  EXPECT_LE(prober_->next_start(),
            absl::Now() + netlink::arp::kRateLimitInterval);
  EXPECT_EQ(Line("cnivpc_acd_rate_limited"), "cnivpc_acd_rate_limited 1");
  prober_->Probe(kFree);
  EXPECT_EQ(prober_->probing(), 1u);
  prober_->Stop(kFree);
  EXPECT_EQ(prober_->probing(), 0u);
}

TEST_F(ProberTest, ALinkThatIsDownIsWaitedFor) {
  UseInterface();
  lab_.PullOut(kUs);
  TellOfLink();
  prober_->Probe(kFree);
  loop_->Post([&] {
    EXPECT_EQ(prober_->probing(), 1u);
    lab_.PlugIn(kUs);
    TellOfLink();
  });
  RunUntilEnds(1);
  EXPECT_THAT(admitted_, ElementsAre(kFree));
}

TEST_F(ProberTest, ACarrierThatWentAndCameUnseenBeginsTheAttemptAnew) {
  UseInterface();
  TellOfLink();
  prober_->Probe(kFree);
  lab_.PullOut(kUs);
  lab_.PlugIn(kUs);
  const std::string before = Line("cnivpc_acd_restarted_total");
  TellOfLink();
  EXPECT_NE(Line("cnivpc_acd_restarted_total"), before);
  RunUntilEnds(1);
  EXPECT_THAT(admitted_, ElementsAre(kFree));
}

TEST_F(ProberTest, AnotherLinksNewsDisturbNothing) {
  UseInterface();
  TellOfLink();
  prober_->Probe(kFree);
  netlink::Link other = *netlink::GetLink(lab_.socket(kUs), "lo");
  prober_->OnLink(other);
  EXPECT_EQ(Line("cnivpc_acd_restarted_total"), "cnivpc_acd_restarted_total 0");
  RunUntilEnds(1);
}

TEST_F(ProberTest, GoesOverToAnInterfaceThatTookTheOldOnesPlace) {
  UseInterface();
  lab_.Replace(kUs);
  TellOfLink();
  prober_->Probe(SegmentLab::AddressOf(kOther));
  prober_->Probe(kFree);
  RunUntilEnds(2);
  EXPECT_EQ(conflicts_.size(), 1u);
  EXPECT_THAT(admitted_, ElementsAre(kFree));
}

TEST_F(ProberTest, FindsOutByItselfThatTheInterfaceWasReplaced) {
  UseInterface();
  prober_->Probe(SegmentLab::AddressOf(kOther));
  prober_->Probe(kFree);
  lab_.Replace(kUs);
  RunUntilEnds(2);
  EXPECT_EQ(conflicts_.size(), 1u);
  EXPECT_THAT(admitted_, ElementsAre(kFree));
}

TEST_F(ProberTest, ANewMacIsOurs) {
  UseInterface();
  const base::Mac mac({2, 0, 0, 0, 0xbb, 1});
  lab_.Do(kUs,
          netlink::ChangeLink({.ifindex = SegmentLab::kIfindex, .mac = mac}));
  TellOfLink();
  prober_->Probe(kFree);
  EXPECT_EQ(RunUntilStrangerHears(), netlink::arp::Probe(mac, kFree));
  RunUntilEnds(1);
  EXPECT_THAT(admitted_, ElementsAre(kFree));
}

}  // namespace
}  // namespace applets::ipamd
