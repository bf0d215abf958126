// Two real pools of the embedded VPC, in a network namespace.
#include "applets/ipamd/reception.h"

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ipamd/metrics.h"
#include "applets/ipamd/undertaker.h"
#include "applets/ledger/ledger.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/node_lab.h"
#include "netlink/require.h"

namespace applets::ipamd {
namespace {

using netlink::Require;
using pool::Reason;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Way = Networking::Choice::Way;

constexpr absl::Duration kPatience = absl::Seconds(30);
const Realm kOwn = {"10.0.0.0/24", {}};
const Realm kRed = {"red", {}};

class ReceptionTest : public ::testing::Test {
 protected:
  ReceptionTest() {
    pools_ = std::make_unique<Pools>(OpenPool(kOwn, "10.0.0.0/24"));
    pools_->Add(OpenPool(kRed, "10.1.0.0/29"));
    Open([this](const base::Pod& pod, const auto& found) {
      asked_.push_back(pod.name);
      found(pod_ ? &*pod_ : nullptr);
    });
    RunUntil([this] { return Warm(kOwn) > 0 && Warm(kRed) > 0; });
  }

  void Open(Reception::Find find) {
    reception_ = std::make_unique<Reception>(Reception::Parts{
        .loop = *loop_,
        .pools = *pools_,
        .find = std::move(find),
        .choose =
            [this](const kube::Pod* pod) {
              ++chosen_;
              EXPECT_EQ(pod == nullptr, !pod_);
              return choices_.size() > 1 ? Next() : choices_.front();
            },
        .direct = [](const kube::Pod*, const SubnetPool&, const pool::Wish&,
                     const auto& turned) { turned({}); },
        .on_waiting = [this] { ++kicked_; }});
  }
  Networking::Choice Next() {
    const Networking::Choice next = choices_.front();
    choices_.erase(choices_.begin());
    return next;
  }

  std::unique_ptr<SubnetPool> OpenPool(const Realm& realm,
                                       const std::string& subnet) {
    Options options;
    options.state_dir = absl::StrCat(
        getenv("TEST_TMPDIR"), "/",
        ::testing::UnitTest::GetInstance()->current_test_info()->name(), "/",
        realm.subnet == kRed.subnet ? "red" : "own");
    std::filesystem::create_directories(options.state_dir);
    options.vpc.subnet = subnet;
    options.vpc.cooldown = absl::ZeroDuration();
    options.watermarks = {.low = 1, .high = 2};
    options.acd_timing = netlink::arp::Timing::Within(absl::ZeroDuration());
    netlink::Node node = lab_.node();
    if (realm == kRed) node.table = 1001;
    SubnetPool::Handlers handlers;
    handlers.demand = [] { return 0; };
    handlers.gateway = [] { return netlink::NodeLab::kNodeAddress; };
    handlers.note = [this](Note note) { notes_.push_back(std::move(note)); };
    handlers.on_records = [](const pool::Records&) {};
    const absl::Time now = absl::Now();
    auto pool = Require(SubnetPool::Open(
        {*loop_, metrics_, *undertaker_, options, nullptr,
         Require(ledger::Ledger::Open(options.state_dir, PolicyOf(options), now,
                                      now)),
         node, realm, *base::Ipv4Prefix::Parse(subnet), std::move(handlers)}));
    pool->Start();
    return pool;
  }
  SubnetPool& Pool(const Realm& realm) { return *pools_->Find(realm.Name()); }
  int Warm(const Realm& realm) { return Pool(realm).pool().counts().warm; }

  void RunUntil(const std::function<bool()>& done) {
    const absl::Time end = absl::Now() + kPatience;
    base::Timer tick(*loop_, [this] { loop_->Stop(); });
    while (!done() && absl::Now() < end) {
      tick.Set(absl::Milliseconds(5));
      loop_->Run();
    }
    ASSERT_TRUE(done());
  }

  static base::Attachment AttachmentOf(const std::string& id) {
    return {"net", id, "eth0"};
  }
  void Ask(const std::string& id, std::vector<std::string> can) {
    reply_.reset();
    reception_->Acquire({.attachment = AttachmentOf(id),
                         .pod = {"shop", id, "uid"},
                         .netns = "/proc/self/ns/net",
                         .host_ifname = absl::StrCat("uni", id),
                         .started_at = ledger::BootNow(),
                         .can = std::move(can)},
                        1, [this](absl::StatusOr<rpc::AcquireReply> reply) {
                          reply_ = std::move(reply);
                        });
  }
  absl::StatusOr<rpc::AcquireReply> Acquire(const std::string& id,
                                            std::vector<std::string> can = {
                                                rpc::kTables}) {
    Ask(id, std::move(can));
    RunUntil([this] { return reply_.has_value(); });
    return *reply_;
  }
  absl::Status Release(const std::string& id, absl::Duration started_at) {
    std::optional<absl::Status> status;
    reception_->Release({.attachment = AttachmentOf(id),
                         .pod = {"shop", id, "uid"},
                         .host_ifname = absl::StrCat("uni", id),
                         .started_at = started_at},
                        2,
                        [&](absl::Status done) { status = std::move(done); });
    RunUntil([&] { return status.has_value(); });
    return *status;
  }

  netlink::NodeLab lab_;
  std::unique_ptr<base::Loop> loop_ = Require(base::Loop::Create());
  Metrics metrics_;
  std::vector<Note> notes_;
  std::unique_ptr<Undertaker> undertaker_ = Require(Undertaker::Open(
      *loop_, {[this](const auto&) { return lab_.node().ifindex; },
               [](const netlink::Event&) {}}));
  std::unique_ptr<Pools> pools_;
  std::unique_ptr<Reception> reception_;
  std::optional<kube::Pod> pod_ = kube::Pod();
  std::vector<std::string> asked_;
  // What is chosen, one after the other; the last one for ever.
  std::vector<Networking::Choice> choices_ = {{Way::kPool, kOwn, {}, {}}};
  int chosen_ = 0;
  int kicked_ = 0;
  std::optional<absl::StatusOr<rpc::AcquireReply>> reply_;
};

TEST_F(ReceptionTest, AnAddGoesToThePoolThatIsChosen) {
  choices_ = {{Way::kPool, kRed, {}, {}}};
  const auto reply = Acquire("a");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(Pool(kRed).prefix().Contains(reply->address));
  EXPECT_EQ(reply->node.table, 1001U);
  EXPECT_EQ(reply->node.address, netlink::NodeLab::kNodeAddress);
  EXPECT_THAT(asked_, ::testing::ElementsAre("a"));
}

TEST_F(ReceptionTest, WhatHasAnAddressKeepsItAndNobodyIsAsked) {
  choices_ = {{Way::kPool, kRed, {}, {}}};
  const auto first = Acquire("a");
  choices_ = {{Way::kPool, kOwn, {}, {}}};
  asked_.clear();
  const auto again = Acquire("a");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->address, first->address);
  EXPECT_THAT(asked_, IsEmpty());
}

TEST_F(ReceptionTest, WithoutAClusterAllAreOfTheNodesOwnSubnet) {
  Open(nullptr);
  const auto reply = Acquire("a");
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_TRUE(Pool(kOwn).prefix().Contains(reply->address));
  EXPECT_EQ(chosen_, 0);
}

TEST_F(ReceptionTest, APluginThatKnowsNoTablesGetsNoAddressThatNeedsOne) {
  choices_ = {{Way::kPool, kRed, {}, {}}};
  EXPECT_TRUE(absl::IsFailedPrecondition(Acquire("a", {}).status()));
  EXPECT_EQ(Pool(kRed).pool().counts().leased, 0);
  choices_ = {{Way::kPool, kOwn, {}, {}}};
  EXPECT_TRUE(Acquire("b", {}).ok());
}

TEST_F(ReceptionTest, WhenASubnetTurnsOutToBeFullAnotherMayBeChosen) {
  std::vector<base::Ipv4> given;
  for (int i = 0; i < 8; ++i) {
    choices_ = {{Way::kPool, kRed, {}, {}}, {Way::kPool, kOwn, {}, {}}};
    const auto reply = Acquire(absl::StrCat(i));
    ASSERT_TRUE(reply.ok()) << reply.status();
    given.push_back(reply->address);
  }
  EXPECT_TRUE(Pool(kRed).prefix().Contains(given.front()));
  EXPECT_TRUE(Pool(kOwn).prefix().Contains(given.back()));
}

TEST_F(ReceptionTest, WhenAllAreFullTheAddIsRefused) {
  choices_ = {{Way::kPool, kRed, {}, {}}};
  absl::Status last;
  for (int i = 0; i < 8 && last.ok(); ++i) {
    last = Acquire(absl::StrCat(i)).status();
  }
  EXPECT_TRUE(absl::IsResourceExhausted(last)) << last;
}

TEST_F(ReceptionTest, ARefusalIsToldWithItsReason) {
  choices_ = {{.status = absl::FailedPreconditionError("no such thing"),
               .reason = Reason::kNetworkingMissing}};
  const auto reply = Acquire("a");
  EXPECT_EQ(reply.status().message(), "no such thing");
  ASSERT_FALSE(notes_.empty());
  EXPECT_EQ(notes_.back().reason, Reason::kNetworkingMissing);
  EXPECT_EQ(notes_.back().pod.name, "a");
}

TEST_F(ReceptionTest, AnAddWaitsForAnInterfaceAndIsServedWhenItIsThere) {
  choices_ = {{Way::kWait, kRed, {}, {}}};
  Ask("a", {rpc::kTables});
  EXPECT_FALSE(reply_.has_value());
  EXPECT_EQ(kicked_, 1);
  EXPECT_THAT(reception_->Waiting(), SizeIs(1));
  ASSERT_THAT(reception_->Waiters(), SizeIs(1));
  EXPECT_EQ(reception_->Waiters()[0].attachment, AttachmentOf("a"));
  reception_->OnChange();
  EXPECT_FALSE(reply_.has_value());
  choices_ = {{Way::kPool, kRed, {}, {}}};
  reception_->OnChange();
  RunUntil([this] { return reply_.has_value(); });
  EXPECT_TRUE(reply_->ok()) << reply_->status();
  EXPECT_THAT(reception_->Waiting(), IsEmpty());
}

TEST_F(ReceptionTest, ADelThatCameMeanwhileEndsTheWait) {
  choices_ = {{Way::kWait, kRed, {}, {}}};
  Ask("a", {rpc::kTables});
  EXPECT_EQ(Release("a", ledger::BootNow()), absl::OkStatus());
  choices_ = {{Way::kPool, kRed, {}, {}}};
  reception_->OnChange();
  RunUntil([this] { return reply_.has_value(); });
  EXPECT_TRUE(absl::IsFailedPrecondition(reply_->status())) << reply_->status();
  EXPECT_EQ(Pool(kRed).pool().counts().leased, 0);
}

TEST_F(ReceptionTest, NoMoreThanSoManyWait) {
  choices_ = {{Way::kWait, kRed, {}, {}}};
  for (size_t i = 0; i < Reception::kMaxWaiting; ++i) {
    Ask(absl::StrCat(i), {rpc::kTables});
  }
  EXPECT_FALSE(reply_.has_value());
  EXPECT_TRUE(absl::IsUnavailable(Acquire("more").status()));
}

TEST_F(ReceptionTest, CallsGoToThePoolThatHasTheLease) {
  choices_ = {{Way::kPool, kRed, {}, {}}};
  const auto got = Acquire("a");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(reception_->guards(), 1);
  EXPECT_EQ(reception_->Attached(AttachmentOf("a"), 1), absl::OkStatus());
  EXPECT_EQ(reception_->guards(), 0);
  const auto checked = reception_->Check(AttachmentOf("a"));
  ASSERT_TRUE(checked.ok()) << checked.status();
  EXPECT_EQ(checked->address, got->address);
  EXPECT_EQ(Release("a", ledger::BootNow()), absl::OkStatus());
  EXPECT_EQ(Pool(kRed).pool().counts().leased, 0);
  EXPECT_TRUE(absl::IsNotFound(reception_->Check(AttachmentOf("a")).status()));
}

TEST_F(ReceptionTest, APluginThatDiesLosesItsLease) {
  choices_ = {{Way::kPool, kRed, {}, {}}};
  ASSERT_TRUE(Acquire("a").ok());
  reception_->OnClose(1);
  RunUntil([this] { return Pool(kRed).pool().counts().leased == 0; });
}

TEST_F(ReceptionTest, GcLooksIntoAllPools) {
  choices_ = {{Way::kPool, kRed, {}, {}}, {Way::kPool, kOwn, {}, {}}};
  for (const char* id : {"a", "b"}) {
    ASSERT_TRUE(Acquire(id).ok());
    ASSERT_EQ(reception_->Attached(AttachmentOf(id), 1), absl::OkStatus());
  }
  std::optional<rpc::GcReply> result;
  reception_->Gc(
      {.network = "net", .valid = {}},
      [&](absl::StatusOr<rpc::GcReply> reply) { result = *std::move(reply); });
  RunUntil([&] { return result.has_value(); });
  EXPECT_THAT(result->errors, IsEmpty());
  EXPECT_THAT(result->released,
              UnorderedElementsAre(AttachmentOf("a"), AttachmentOf("b")));
}

}  // namespace
}  // namespace applets::ipamd
