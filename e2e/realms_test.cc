// A node's further interfaces and their pools, as ipamd opens and closes them:
// against vpcsim over real sockets, with links in a real network namespace, and
// with what may go wrong in a cloud or on the node.
#include "applets/ipamd/realms.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "applets/ledger/ledger.h"
#include "applets/ledger/locate.h"
#include "base/loop.h"
#include "e2e/cloud.h"
#include "e2e/cloud_access.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/addr.h"
#include "netlink/fresh_netns.h"
#include "netlink/link.h"
#include "netlink/netns.h"
#include "netlink/node.h"
#include "netlink/require.h"
#include "netlink/route.h"
#include "netlink/socket.h"
#include "netlink/sysctl.h"
#include "vpc/ucloud/access.h"
#include "vpc/ucloud/actions.h"

namespace e2e {
namespace {

using applets::ipamd::Metrics;
using applets::ipamd::Networking;
using applets::ipamd::Note;
using applets::ipamd::Options;
using applets::ipamd::Pools;
using applets::ipamd::Realm;
using applets::ipamd::Realms;
using applets::ipamd::SubnetPool;
using applets::ipamd::Undertaker;
using netlink::Require;
using pool::Reason;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using vpc::ucloud::InterfaceInfo;
using Way = Networking::Choice::Way;

constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr char kHost[] = "host-1";
const base::Ipv4Prefix kSubnet = *base::Ipv4Prefix::Parse("10.9.0.0/24");
const base::Ipv4Prefix kFurther = *base::Ipv4Prefix::Parse("10.8.0.0/24");
const base::Attachment kAttachment = {"net", "c0ffee", "eth0"};

// Breaks the connection for an action's next call, before or after it has its
// effect.
std::string Break(const char* action, const char* when) {
  return absl::StrCat(R"([{"match":{"action":")", action,
                      R"("},"when":{"next":1},"do":{"reset":")", when,
                      R"("}}])");
}

// No call of an action arrives.
std::string Never(const char* action) {
  return absl::StrCat(R"([{"match":{"action":")", action,
                      R"("},"do":{"reset":"before"}}])");
}
constexpr char kNothingWorks[] =
    R"([{"match":{"action":"read"},"do":{"reset":"before"}},
        {"match":{"action":"write"},"do":{"reset":"before"}}])";

// The links of a host in a network namespace, where this thread is.
class Machine {
 public:
  Machine() {
    Up(Require(netlink::GetIfindex(socket_, "lo")));
    Plug("eth0", Cloud::MacOf(0));
    const uint32_t main = Require(netlink::GetIfindex(socket_, "eth0"));
    Up(main);
    Require(socket_.Transact(
        netlink::AddAddress({.ifindex = main,
                             .address = base::Ipv4(0x0a090004),
                             .prefix_length = kSubnet.length()})));
    Require(netlink::PrepareNode(netlink::Sysctl(), "eth0"));
  }

  // Calls may come from several threads.
  void Plug(const std::string& name, const base::Mac& mac) {
    const std::lock_guard lock(mutex_);
    Require(socket_.Transact(netlink::CreateVeth(
        {.inner = {0, name, base::Mac({2, 0, 0, 0, 9, 9}), 1500},
         .netns_fd = wire_.get(),
         .outer = {0, name, mac, 1500}})));
  }
  void Unplug(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto ifindex = netlink::GetIfindex(socket_, name);
    if (ifindex.ok()) Require(socket_.Transact(netlink::DeleteLink(*ifindex)));
  }
  bool Has(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return netlink::GetIfindex(socket_, name).ok();
  }
  bool HasDefaultRoute(uint32_t table) {
    const std::lock_guard lock(mutex_);
    const auto routes = Require(netlink::ListRoutes(socket_, {.table = table}));
    return std::any_of(routes.begin(), routes.end(), [](const auto& route) {
      return route.destination.length() == 0;
    });
  }
  void SetState(const std::string& name, netlink::LinkChange::State state) {
    const std::lock_guard lock(mutex_);
    Require(socket_.Transact(netlink::ChangeLink(
        {.ifindex = Require(netlink::GetIfindex(socket_, name)),
         .state = state})));
  }

 private:
  void Up(uint32_t ifindex) {
    Require(socket_.Transact(netlink::ChangeLink(
        {.ifindex = ifindex, .state = netlink::LinkChange::State::kUp})));
  }

  netlink::FreshNetns netns_;
  base::Fd wire_ = netlink::MakeNetns();
  std::mutex mutex_;
  netlink::Socket socket_ = Require(netlink::Socket::Open());  // by mutex_
};

// A cloud's, whose interface is the node's link "eth1" while it is attached.
class Plugged : public vpc::Interfaces {
 public:
  Plugged(Machine& machine, std::unique_ptr<vpc::Interfaces> cloud)
      : machine_(machine), cloud_(std::move(cloud)) {}

  std::string NameOf(const vpc::InterfaceWish& wish) const override {
    return cloud_->NameOf(wish);
  }
  absl::StatusOr<vpc::Interface> Ensure(
      const vpc::InterfaceWish& wish) override {
    auto interface = cloud_->Ensure(wish);
    if (!interface.ok() || !plugs) return interface;
    if (mac_ != interface->mac) machine_.Unplug("eth1");
    if (!machine_.Has("eth1")) machine_.Plug("eth1", interface->mac);
    mac_ = interface->mac;
    return interface;
  }
  absl::Status Remove(const std::string& id) override {
    absl::Status status = cloud_->Remove(id);
    if (status.ok()) machine_.Unplug("eth1");
    return status;
  }
  absl::StatusOr<std::vector<vpc::Interface>> List() override {
    return cloud_->List();
  }

  bool plugs = true;  // the links appear

 private:
  Machine& machine_;
  const std::unique_ptr<vpc::Interfaces> cloud_;
  std::optional<base::Mac> mac_;
};

// What of ipamd is about further interfaces. Destroyed it has crashed: nothing
// is done for the end.
struct Process {
  Process(Machine& machine, const Options& given,
          std::vector<const kube::Pod*>& pods)
      : options(given) {
    const netlink::Node node = Locate();
    access = Require(applets::ledger::OpenAccess(options.vpc));
    undertaker = Require(
        Undertaker::Open(*loop, {[node](const auto&) { return node.ifindex; },
                                 [this](const netlink::Event& event) {
                                   if (realms != nullptr) {
                                     realms->OnEvent(event);
                                   }
                                 }}));
    pools = std::make_unique<Pools>(OpenOwn(node));
    auto plugged = std::make_shared<Plugged>(
        machine, Require(applets::ledger::OpenInterfaces(
                     options.vpc, options.state_dir, access)));
    interfaces = plugged.get();
    realms = std::make_unique<Realms>(Realms::Parts{
        .loop = *loop,
        .pools = *pools,
        .metrics = metrics,
        .undertaker = *undertaker,
        .options = options,
        .access = access,
        .interfaces = plugged,
        .handlers = [this](const Realm&) { return Handlers(); },
        .pods = [&pods] { return pods; },
        .note = [this](Note note) { notes.push_back(std::move(note)); },
        .on_opened = [this](SubnetPool&) { ++opened; },
        .on_closing = [this](SubnetPool&) { ++closed; },
        .on_change = [] {},
        .linger = absl::Milliseconds(100),
        .link_limit = absl::Milliseconds(100)});
    Require(realms->OpenStores(absl::Now() + absl::Seconds(1)));
    realms->Start();
  }

  netlink::Node Locate() {
    netlink::Socket host = Require(netlink::Socket::Open());
    const auto location =
        Require(applets::ledger::Locate(options.vpc, "", 3, host));
    options.vpc = location.vpc;
    return location.node;
  }
  std::unique_ptr<SubnetPool> OpenOwn(const netlink::Node& node) {
    const absl::Time now = absl::Now();
    return Require(SubnetPool::Open(
        {*loop, metrics, *undertaker, options, access,
         Require(applets::ledger::Ledger::Open(options.state_dir,
                                               PolicyOf(options), now, now)),
         node, Realm{options.vpc.subnet, {}}, kSubnet, Handlers()}));
  }
  SubnetPool::Handlers Handlers() {
    SubnetPool::Handlers handlers;
    handlers.demand = [] { return 1; };
    handlers.gateway = [] { return base::Ipv4(0x0a090004); };
    handlers.note = [this](Note note) { notes.push_back(std::move(note)); };
    handlers.on_records = [this](const pool::Records&) {
      if (realms != nullptr) realms->Kick();
    };
    return handlers;
  }
  std::vector<std::string> Told(Reason reason) const {
    std::vector<std::string> texts;
    for (const Note& note : notes) {
      if (note.reason == reason) texts.push_back(note.text);
    }
    return texts;
  }

  Options options;
  std::unique_ptr<base::Loop> loop = Require(base::Loop::Create());
  Metrics metrics;
  applets::ledger::SharedAccess access;
  std::vector<Note> notes;
  int opened = 0;
  int closed = 0;
  std::unique_ptr<Undertaker> undertaker;
  std::unique_ptr<Pools> pools;
  Plugged* interfaces = nullptr;  // the realms'
  std::unique_ptr<Realms> realms;
};

class RealmsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto cloud =
        Cloud::Start({.subnet = kSubnet, .hosts = 1, .more = {kFurther}});
    ASSERT_TRUE(cloud.ok()) << cloud.status();
    cloud_ = *std::move(cloud);
    api_ = *vpc::ucloud::Access::Open(AccessOf(*cloud_, 0));
    options_.state_dir = absl::StrCat(
        getenv("TEST_TMPDIR"), "/",
        testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(options_.state_dir);
    options_.node = "node-1";
    options_.vpc.vpc = "ucloud";
    options_.vpc.ucloud.metadata_url = cloud_->metadata(0);
    options_.vpc.ucloud.api_endpoint = cloud_->api();
    options_.vpc.ucloud.environment_file = "";
    options_.vpc.cooldown = absl::ZeroDuration();
    options_.watermarks = {.low = 1, .high = 2};
    options_.acd_timing = netlink::arp::Timing::Within(absl::Milliseconds(50));
    pod_.meta.key = {"shop", "web-0"};
    pod_.meta.annotations = {{kube::kPodNetworkingAnnotation, "red"}};
    pods_ = {&pod_};
    Start();
  }
  void TearDown() override { process_.reset(); }

  void Start() {
    process_ = std::make_unique<Process>(machine_, options_, pods_);
  }
  void Crash() { process_.reset(); }
  void Restart() {
    Crash();
    Start();
  }

  void TellNetworking() {
    kube::PodNetworking networking;
    networking.meta.key.name = "red";
    networking.subnet_ids = {"subnet-2"};
    process_->realms->Take({{"red", networking}}, true);
  }
  void TellNone() { process_->realms->Take({{"red", std::nullopt}}, true); }

  void RunUntil(const std::function<bool()>& done) {
    const absl::Time end = absl::Now() + kPatience;
    base::Timer tick(*process_->loop, [this] { process_->loop->Stop(); });
    while (!done() && absl::Now() < end) {
      tick.Set(absl::Milliseconds(20));
      process_->loop->Run();
    }
    ASSERT_TRUE(done());
  }
  SubnetPool* pool() { return process_->pools->Find(realm_.Name()); }
  bool IsWarm() {
    return pool() != nullptr && pool()->pool().counts().warm > 0;
  }
  void RunUntilWarm() {
    RunUntil([this] { return IsWarm(); });
  }
  bool HasFailed() {
    return !process_->Told(Reason::kInterfaceUnavailable).empty();
  }
  bool IsClosed() {
    return pool() == nullptr && Further().empty() && Stores().empty();
  }
  // A pod gets an address of it.
  void Lease() {
    bool answered = false;
    pool()->desk().Acquire(
        {.attachment = kAttachment,
         .pod = {"shop", "web-0", "uid"},
         .netns = "/proc/self/ns/net",
         .host_ifname = "uni0",
         .started_at = applets::ledger::BootNow()},
        1, nullptr, [&](absl::StatusOr<applets::rpc::AcquireReply> reply) {
          EXPECT_TRUE(reply.ok()) << reply.status();
          answered = true;
        });
    RunUntil([&] { return answered; });
    EXPECT_EQ(pool()->desk().Attached(kAttachment, 1), absl::OkStatus());
  }
  void Release() {
    bool answered = false;
    pool()->desk().Release({.attachment = kAttachment,
                            .pod = {"shop", "web-0", "uid"},
                            .host_ifname = "uni0",
                            .started_at = applets::ledger::BootNow()},
                           1, [&](const absl::Status& status) {
                             EXPECT_EQ(status, absl::OkStatus());
                             answered = true;
                           });
    RunUntil([&] { return answered; });
  }
  void Fault(const std::string& rules) {
    ASSERT_EQ(cloud_->SetFaults(rules), absl::OkStatus());
  }
  // The cloud's further interfaces.
  std::vector<InterfaceInfo> Further() {
    const auto all = api_->client().Call(
        vpc::ucloud::DescribeNetworkInterface{.limit = 100}, {});
    EXPECT_TRUE(all.ok()) << all.status();
    std::vector<InterfaceInfo> further;
    for (const InterfaceInfo& info : all->interfaces) {
      if (!info.is_default) further.push_back(info);
    }
    return further;
  }
  std::vector<std::string> Stores() {
    return *applets::ledger::RealmsIn(options_.state_dir);
  }
  // Somebody deletes the interface in the cloud's console.
  void DeleteInCloud() {
    const InterfaceInfo info = Further().at(0);
    EXPECT_TRUE(
        api_->client()
            .Call(
                vpc::ucloud::DetachNetworkInterface{
                    .interface_id = info.interface_id, .instance_id = kHost},
                {})
            .ok());
    machine_.Unplug("eth1");
    EXPECT_TRUE(
        api_->client()
            .Call(vpc::ucloud::DeleteNetworkInterface{.interface_id =
                                                          info.interface_id},
                  {})
            .ok());
  }

  const Realm realm_ = {"subnet-2", {}};
  Machine machine_;
  std::unique_ptr<Cloud> cloud_;
  std::shared_ptr<vpc::ucloud::Access> api_;
  Options options_;
  kube::Pod pod_;
  std::vector<const kube::Pod*> pods_;
  std::unique_ptr<Process> process_;
};

TEST_F(RealmsTest, APodThatNeedsItHasAnInterfaceOpenedWithAPool) {
  TellNetworking();
  EXPECT_EQ(process_->realms->Choose(&pod_).way, Way::kWait);
  RunUntilWarm();
  EXPECT_EQ(process_->realms->Choose(&pod_).way, Way::kPool);
  EXPECT_EQ(process_->realms->Choose(&pod_).realm, realm_);
  EXPECT_EQ(pool()->node().name, "eth1");
  EXPECT_EQ(pool()->node().table, 1001U);
  for (const auto& [ip, row] : pool()->pool().addresses()) {
    EXPECT_TRUE(kFurther.Contains(ip)) << ip.ToString();
  }
  ASSERT_THAT(Further(), SizeIs(1));
  EXPECT_EQ(Further()[0].attached_to, kHost);
}

TEST_F(RealmsTest, NoneIsOpenedForNobody) {
  pods_.clear();
  TellNetworking();
  const absl::Time later = absl::Now() + absl::Milliseconds(300);
  RunUntil([&] { return absl::Now() > later; });
  EXPECT_THAT(Further(), IsEmpty());
  EXPECT_THAT(Stores(), IsEmpty());
}

TEST_F(RealmsTest, ItIsGivenBackWithItsAddressesWhenNothingNamesItAnyMore) {
  TellNetworking();
  RunUntilWarm();
  TellNone();
  RunUntil([this] { return IsClosed(); });
  EXPECT_EQ(process_->closed, 1);
  EXPECT_FALSE(machine_.Has("eth1"));
  EXPECT_THAT(process_->Told(Reason::kInterfaceClosed), SizeIs(1));
  EXPECT_THAT(process_->metrics.Text(), Not(HasSubstr("subnet-2")));
}

TEST_F(RealmsTest, ButNotWhileAPodUsesIt) {
  TellNetworking();
  RunUntilWarm();
  Lease();
  TellNone();
  const absl::Time later = absl::Now() + absl::Milliseconds(500);
  RunUntil([&] { return absl::Now() > later; });
  EXPECT_NE(pool(), nullptr);
  Release();
  RunUntil([this] { return IsClosed(); });
}

TEST_F(RealmsTest, AfterACrashItIsThereWithItsLeasesBeforeAnybodyIsAsked) {
  TellNetworking();
  RunUntilWarm();
  Lease();
  Crash();
  Fault(kNothingWorks);
  Start();
  ASSERT_NE(pool(), nullptr);
  EXPECT_NE(pool()->pool().Find(kAttachment), nullptr);
  EXPECT_EQ(process_->realms->Choose(&pod_).reason, Reason::kNetworkingUnknown);
  TellNetworking();
  EXPECT_EQ(process_->realms->Choose(&pod_).way, Way::kPool);
}

TEST_F(RealmsTest, ALostAnswerMakesNoSecondInterface) {
  for (const char* action :
       {"CreateNetworkInterface", "AttachNetworkInterface"}) {
    Fault(Break(action, "after"));
    TellNetworking();
    RunUntilWarm();
    EXPECT_THAT(Further(), SizeIs(1)) << action;
    TellNone();
    RunUntil([this] { return IsClosed(); });
  }
}

// The cloud may have done it, and would keep it for ever.
TEST_F(RealmsTest, WhatACrashLeftHalfDoneIsOpenedAndThenClosed) {
  Fault(Never("AttachNetworkInterface"));
  TellNetworking();
  RunUntil([this] { return HasFailed(); });
  EXPECT_THAT(Further(), SizeIs(1));
  pods_.clear();
  Restart();
  Fault("[]");
  RunUntil([this] { return pool() != nullptr; });
  TellNone();
  RunUntil([this] { return IsClosed(); });
}

TEST_F(RealmsTest, WhatACrashLeftHalfClosedIsClosed) {
  TellNetworking();
  RunUntilWarm();
  Fault(Never("DetachNetworkInterface"));
  TellNone();
  RunUntil([this] { return process_->closed == 1; });
  Restart();
  EXPECT_EQ(pool(), nullptr);
  Fault("[]");
  RunUntil([this] { return IsClosed(); });
}

TEST_F(RealmsTest, OneWhoseLinkNeverAppearsIsGivenBackWhenNobodyNeedsIt) {
  process_->interfaces->plugs = false;
  TellNetworking();
  RunUntil([this] { return HasFailed(); });
  EXPECT_EQ(process_->realms->Choose(&pod_).way, Way::kRefused);
  EXPECT_THAT(Further(), SizeIs(1));
  TellNone();
  RunUntil([this] { return IsClosed(); });
}

TEST_F(RealmsTest, ALinkThatGoesIsAttachedAgain) {
  TellNetworking();
  RunUntilWarm();
  Lease();
  machine_.Unplug("eth1");
  RunUntil(
      [this] { return process_->Told(Reason::kInterfaceOpened).size() == 2; });
  EXPECT_NE(pool()->node().ifindex, 0U);
  EXPECT_EQ(process_->realms->Choose(&pod_).way, Way::kPool);
  EXPECT_EQ(process_->opened, 1);
}

TEST_F(RealmsTest, ALinkThatWasDownHasItsRoutesAgain) {
  TellNetworking();
  RunUntilWarm();
  EXPECT_TRUE(machine_.HasDefaultRoute(1001));
  machine_.SetState("eth1", netlink::LinkChange::State::kDown);
  EXPECT_FALSE(machine_.HasDefaultRoute(1001));
  machine_.SetState("eth1", netlink::LinkChange::State::kUp);
  RunUntil([this] { return machine_.HasDefaultRoute(1001); });
}

TEST_F(RealmsTest, OneThatSomebodyDeletedIsBegunAnew) {
  TellNetworking();
  RunUntilWarm();
  const std::string first = Further().at(0).interface_id;
  DeleteInCloud();
  RunUntil([this] { return process_->opened == 2 && IsWarm(); });
  ASSERT_THAT(Further(), SizeIs(1));
  EXPECT_NE(Further()[0].interface_id, first);
  EXPECT_EQ(pool()->keeper().provider()->List()->size(),
            pool()->pool().addresses().size());
}

TEST_F(RealmsTest, ButNotUnderPodsWhoseAddressesWentWithIt) {
  TellNetworking();
  RunUntilWarm();
  Lease();
  DeleteInCloud();
  RunUntil([this] { return HasFailed(); });
  EXPECT_THAT(process_->Told(Reason::kInterfaceUnavailable),
              Contains(HasSubstr("delete these pods")));
  EXPECT_EQ(process_->realms->Choose(&pod_).way, Way::kRefused);
  EXPECT_NE(pool()->pool().Find(kAttachment), nullptr);
  Release();
  RunUntil([this] { return process_->opened == 2 && IsWarm(); });
}

TEST_F(RealmsTest, ALostStoreIsFoundByTheInterfacesThatTheCloudHas) {
  TellNetworking();
  RunUntilWarm();
  const std::string id = Further().at(0).interface_id;
  Crash();
  std::filesystem::remove_all(options_.state_dir);
  std::filesystem::create_directories(options_.state_dir);
  pods_.clear();
  Start();
  EXPECT_TRUE(process_->realms->is_blind());
  TellNetworking();
  RunUntil([this] { return !process_->realms->is_blind(); });
  EXPECT_NE(pool(), nullptr);
  ASSERT_THAT(Further(), SizeIs(1));
  EXPECT_EQ(Further()[0].interface_id, id);
}

}  // namespace
}  // namespace e2e
