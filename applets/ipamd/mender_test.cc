// In real time, on a real node and pod in network namespaces.

#include "applets/ipamd/mender.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ledger/alias.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/attachment.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/netns.h"
#include "netlink/node_lab.h"
#include "netlink/pod_check.h"
#include "netlink/pod_network.h"
#include "netlink/request.h"
#include "netlink/route.h"
#include "netlink/rule.h"
#include "netlink/socket.h"

namespace applets::ipamd {
namespace {

using pool::Reason;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr absl::Duration kPatience = absl::Seconds(30);

class MenderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const base::Attachment attachment = {"net", "c0ffee", "eth0"};
    plan_ = lab_.Plan("c0ffee", "web-0", 50);
    plan_.alias = ledger::AliasOf(attachment);
    plan_.host_mac = netlink::HostMac(plan_.alias);
    plan_.pod_mac = netlink::PodMac(plan_.alias);
    absl::BitGen random;
    const auto made = netlink::SetUp(lab_.host(), pod_.get(), plan_, random);
    ASSERT_TRUE(made.ok()) << made.status();
    plan_ = *made;
    row_.ip = plan_.address;
    row_.state = pool::State::kLeased;
    row_.lease = {.attachment = attachment,
                  .pod = {"default", "web-0", "uid"},
                  .netns = absl::StrCat("/proc/self/fd/", pod_.get()),
                  .host_ifname = plan_.host_ifname,
                  .phase = pool::Phase::kAttached,
                  .granted_at = {},
                  .started_at = {}};
    pool_.Apply(pool::PutAddress{row_});
  }

  // ipamd starts.
  void Begin() {
    mender_ = *Mender::Open({*loop_, pool_, *undertaker_, metrics_, lab_.node(),
                             Drift::Scope::kNodeAndPod, [this](Note note) {
                               notes_.push_back(std::move(note));
                               if (on_note_) on_note_();
                               loop_->Stop();
                             }});
    mender_->Begin();
  }
  // And has looked at all leases: what happens now it must hear.
  void BeginAndMendOnce() {
    Do(netlink::RemoveRule(netlink::PodRule(plan_.address)));
    Begin();
    RunUntilTold();
  }
  void Do(const netlink::Request& request) {
    ASSERT_EQ(lab_.host().Transact(request), absl::OkStatus());
  }
  void DoInPod(const netlink::Request& request) {
    netlink::Socket inside = *netlink::SocketIn(pod_.get());
    ASSERT_EQ(inside.Transact(request), absl::OkStatus());
  }
  absl::Status Check() {
    return netlink::Check(lab_.host(), pod_.get(), plan_);
  }
  bool HasRule() {
    return *netlink::HasRule(lab_.host(), netlink::PodRule(plan_.address));
  }

  // Runs the loop until `done`, which is looked at ten times a second.
  void RunUntil(const std::function<bool()>& done) {
    const absl::Time end = absl::Now() + kPatience;
    base::Timer tick(*loop_, [&] { loop_->Stop(); });
    while (!done() && absl::Now() < end) {
      tick.Set(absl::Milliseconds(100));
      loop_->Run();
    }
    EXPECT_TRUE(done());
  }
  void RunUntilTold(size_t count = 1) {
    RunUntil([&] { return notes_.size() >= count; });
  }

  netlink::NodeLab lab_;
  base::Fd pod_ = netlink::MakeNetns();
  netlink::PodNetwork plan_;
  pool::Pool pool_{pool::Policy{}};
  pool::Address row_;
  Metrics metrics_;
  std::vector<Note> notes_;
  std::function<void()> on_note_;
  std::unique_ptr<base::Loop> loop_ = *base::Loop::Create();
  std::unique_ptr<Undertaker> undertaker_ = *Undertaker::Open(
      *loop_, {[this](const auto&) { return lab_.node().ifindex; },
               [](const netlink::Event&) {}});
  std::unique_ptr<Mender> mender_;
};

TEST_F(MenderTest, MendsWhatIsMissingWhenItBegins) {
  Do(netlink::RemoveRoute(netlink::RouteToPod(plan_)));
  Do(netlink::RemoveRule(netlink::PodRule(plan_.address)));
  DoInPod(netlink::RemoveNeighbor(plan_.pod_ifindex, plan_.node_address));
  Begin();
  RunUntilTold();
  EXPECT_EQ(Check(), absl::OkStatus());
}

TEST_F(MenderTest, TellsWhatItMended) {
  Do(netlink::RemoveRule(netlink::PodRule(plan_.address)));
  Begin();
  RunUntilTold();
  ASSERT_THAT(notes_, SizeIs(1));
  EXPECT_EQ(notes_[0].reason, Reason::kDrift);
  EXPECT_EQ(notes_[0].address, plan_.address);
  EXPECT_EQ(notes_[0].pod.name, "web-0");
  EXPECT_THAT(notes_[0].text, HasSubstr("rule"));
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("cnivpc_drift_repairs_total{outcome=\"repaired\","
                        "part=\"rule\"} 1"));
}

TEST_F(MenderTest, HearsWhatIsRemovedLaterOnTheNode) {
  BeginAndMendOnce();
  Do(netlink::RemoveRoute(netlink::RouteToPod(plan_)));
  RunUntilTold(2);
  EXPECT_EQ(Check(), absl::OkStatus());
}

TEST_F(MenderTest, HearsWhatIsRemovedInThePod) {
  BeginAndMendOnce();
  DoInPod(netlink::RemoveNeighbor(plan_.pod_ifindex, plan_.node_address));
  RunUntilTold(2);
  EXPECT_EQ(Check(), absl::OkStatus());
}

TEST_F(MenderTest, MissesAProxyThoughNobodyTells) {
  BeginAndMendOnce();
  Do(netlink::RemoveProxy(plan_.node_ifindex, plan_.address));
  RunUntilTold(2);
  EXPECT_EQ(Check(), absl::OkStatus());
}

TEST_F(MenderTest, GivesUpForAWhileWhenSomebodyFights) {
  on_note_ = [this] {
    if (notes_.back().reason == Reason::kDrift && HasRule()) {
      Do(netlink::RemoveRule(netlink::PodRule(plan_.address)));
    }
  };
  Do(netlink::RemoveRule(netlink::PodRule(plan_.address)));
  Begin();
  const auto gave_up = [&] {
    for (const Note& note : notes_) {
      if (note.reason == Reason::kDriftHeld) return true;
    }
    return false;
  };
  RunUntil(gave_up);
  EXPECT_EQ(mender_->held_back(), 1);
  EXPECT_THAT(notes_, SizeIs(Drift::kBurst + 1));
}

// The pod is deleted while its rule is being made anew.
TEST_F(MenderTest, TakesBackWhatADelHadRemoved) {
  on_note_ = [this] {
    Do(netlink::DeleteLink(plan_.host_ifindex));
    pool_.Apply(
        pool::PutAddress{pool::In(pool::State::kCooling, row_, absl::Now())});
  };
  Do(netlink::RemoveRule(netlink::PodRule(plan_.address)));
  Begin();
  RunUntilTold();
  EXPECT_TRUE(HasRule());
  RunUntil([&] { return !HasRule(); });
}

TEST_F(MenderTest, SaysWhenItCannotLookIntoAPod) {
  row_.lease->netns = "/run/netns/none";
  pool_.Apply(pool::PutAddress{row_});
  Do(netlink::RemoveRule(netlink::PodRule(plan_.address)));
  Begin();
  RunUntilTold();
  EXPECT_TRUE(HasRule());
  EXPECT_THAT(metrics_.Text(), HasSubstr("cnivpc_drift_unseen_total 1"));
}

}  // namespace
}  // namespace applets::ipamd
