#include "applets/vpcsim/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"

namespace applets::vpcsim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kHosts = 6;
const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

base::Mac MacOf(int host) {
  return base::Mac({0x52, 0x54, 0, 0, 0, static_cast<uint8_t>(host)});
}
std::string HostId(int host) { return absl::StrCat("uhost-", host); }

// All that a View shows.
struct Shown {
  std::vector<std::pair<base::Ipv4, base::Mac>> secondary = {};
  std::vector<std::vector<base::Ipv4>> by_host = {};
  size_t available = 0;
  std::vector<Interface> interfaces = {};
  std::vector<std::vector<std::string>> ids_by_host = {};

  friend bool operator==(const Shown&, const Shown&) = default;
};

class ViewTest : public ::testing::Test {
 protected:
  ViewTest() {
    Must(world_.AddVpc({.id = "uvnet-1"}));
    Must(world_.AddSubnet(
        {.id = "subnet-1",
         .vpc = "uvnet-1",
         .zone = "cn-bj2-04",
         .prefix = base::Ipv4Prefix::Parse("10.0.0.0/26").value()}));
    for (int h = 0; h < kHosts; ++h) {
      Must(world_.AddHost({.id = HostId(h), .zone = "cn-bj2-04"}));
      Must(world_.AddInterface({.id = absl::StrCat("uni-", h),
                                .mac = MacOf(h),
                                .subnet = "subnet-1",
                                .host = HostId(h),
                                .is_default = true}));
    }
    world_.SetTime(kStart);
  }
  static void Must(const absl::Status& status) {
    ASSERT_TRUE(status.ok()) << status;
  }

  const Subnet& subnet() { return *world_.SubnetById("subnet-1"); }
  base::Ipv4 Give(int host) {
    return std::get<base::Ipv4>(world_.Allocate(MacOf(host)));
  }

  Shown Show(const View& view) {
    Shown shown = {.secondary = view.Secondary(subnet()),
                   .available = view.Available(subnet())};
    for (int h = 0; h < kHosts; ++h) {
      shown.by_host.push_back(view.SecondaryOf(subnet(), MacOf(h)));
      shown.ids_by_host.emplace_back();
      for (const auto* i : view.InterfacesOf(*world_.HostById(HostId(h)))) {
        shown.ids_by_host.back().push_back(i->id);
      }
    }
    for (const Interface* i : view.Interfaces()) shown.interfaces.push_back(*i);
    return shown;
  }

  int Draw(size_t end) {
    return static_cast<int>(absl::Uniform<size_t>(random_, 0, end));
  }
  void ChangeSomething() {
    const auto nics = world_.interfaces();
    const std::string id = nics[Draw(nics.size())]->id;
    const base::Mac mac = world_.InterfaceById(id)->mac;
    const base::Ipv4 address(0x0a000000 + static_cast<uint32_t>(Draw(64)));
    switch (Draw(8)) {
      case 0:
      case 1:
        (void)world_.Allocate(mac);
        return;
      case 2:
        if (const Interface* owner = world_.OwnerOf("", address)) {
          (void)world_.Release(owner->mac, address);
        }
        return;
      case 3:
        if (const Interface* owner = world_.OwnerOf("", address)) {
          (void)world_.Move(address, owner->mac, mac);
        }
        return;
      case 4:
        if (nics.size() < 12) {
          (void)world_.CreateInterface({.subnet = "subnet-1"}, random_);
        }
        return;
      case 5:
        (void)world_.Attach(id, HostId(Draw(kHosts)));
        return;
      case 6:
        (void)world_.Detach(id, world_.InterfaceById(id)->host);
        return;
      default:
        (void)world_.DeleteInterface(id);
    }
  }

  World world_;
  std::mt19937_64 random_{7};
};

TEST_F(ViewTest, ReadWithoutLagSeesTheLatest) {
  const base::Ipv4 given = Give(1);
  const View view(world_, absl::ZeroDuration());
  EXPECT_THAT(view.SecondaryOf(subnet(), MacOf(1)), ElementsAre(given));
  EXPECT_EQ(view.SecondaryOwner(subnet(), given), MacOf(1));
  EXPECT_EQ(view.Available(subnet()), world_.Available(subnet()));
}

TEST_F(ViewTest, StaleReadStillSeesAnAddressThatIsGoneAndNotTheNewOne) {
  const base::Ipv4 old = Give(1);
  world_.SetTime(kStart + absl::Seconds(10));
  ASSERT_FALSE(world_.Release(MacOf(1), old));
  const base::Ipv4 fresh = Give(2);
  world_.SetTime(kStart + absl::Seconds(11));
  const View stale(world_, absl::Seconds(2));
  EXPECT_THAT(stale.SecondaryOf(subnet(), MacOf(1)), ElementsAre(old));
  EXPECT_THAT(stale.SecondaryOf(subnet(), MacOf(2)), IsEmpty());
  EXPECT_EQ(stale.SecondaryOwner(subnet(), fresh), std::nullopt);
  const View later(world_, absl::Milliseconds(500));
  EXPECT_THAT(later.SecondaryOf(subnet(), MacOf(1)), IsEmpty());
  EXPECT_THAT(later.SecondaryOf(subnet(), MacOf(2)), ElementsAre(fresh));
}

TEST_F(ViewTest, WorldBeganAsItWasBuilt) {
  const View stale(world_, absl::Hours(1));
  EXPECT_EQ(stale.Interfaces().size(), size_t{kHosts});
}

TEST_F(ViewTest, RemembersNoFurtherBackThanItsLimit) {
  const base::Ipv4 given = Give(1);
  world_.SetTime(kStart + History::kMaxAge + absl::Seconds(1));
  Give(1);
  EXPECT_EQ(world_.history().size(), 1U);
  const View stale(world_, absl::Hours(1));
  EXPECT_THAT(stale.SecondaryOf(subnet(), MacOf(1)), ElementsAre(given));
}

TEST_F(ViewTest, KeepsABoundedNumberOfChanges) {
  for (size_t i = 0; i < History::kMaxChanges; ++i) {
    ASSERT_FALSE(world_.Release(MacOf(1), Give(1)));
  }
  EXPECT_EQ(world_.history().size(), History::kMaxChanges);
}

TEST_F(ViewTest, AnyMomentOfThePastIsSeenAsItWas) {
  constexpr size_t kRemembered = 20;
  std::deque<Shown> shown;  // oldest first, a second apart
  for (int second = 1; second <= 2'000; ++second) {
    world_.SetTime(kStart + absl::Seconds(second));
    const int changes = Draw(6);
    for (int i = 0; i < changes; ++i) ChangeSomething();
    shown.push_back(Show(View(world_, absl::ZeroDuration())));
    if (shown.size() > kRemembered) shown.pop_front();
    const size_t back = static_cast<size_t>(Draw(shown.size()));
    const Shown then = Show(View(world_, absl::Seconds(back)));
    ASSERT_TRUE(then == shown[shown.size() - 1 - back])
        << "second " << second << ", " << back << " back";
  }
}

}  // namespace
}  // namespace applets::vpcsim
