#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/ret_code.h"
#include "applets/vpcsim/world.h"

namespace applets::vpcsim {
namespace {

constexpr int kHosts = 12;
constexpr int kOperations = 100'000;
constexpr size_t kQuota = 6;

struct Nic {
  int subnet = 0;
  base::Ipv4 primary;
  int host = -1;
  bool is_default = false;
};

base::Mac HostMac(int host) {
  return base::Mac({0x52, 0x54, 1, 0, 0, static_cast<uint8_t>(host)});
}
std::string HostId(int host) { return absl::StrCat("uhost-", host); }
std::string SubnetId(int subnet) { return absl::StrCat("subnet-", subnet); }

// What the cloud must do, without any thought of speed. Two
// subnets, 10.0.0.0/26 and 10.0.1.0/26, tight enough to be full at times.
class Model {
 public:
  static constexpr uint32_t kSize = 64;
  static base::Ipv4 At(int subnet, uint32_t index) {
    return base::Ipv4(0x0a000000 + static_cast<uint32_t>(subnet) * 256 + index);
  }
  static int SubnetOf(base::Ipv4 a) {
    return static_cast<int>((a.bits() >> 8) & 0xff);
  }
  static bool Reserved(base::Ipv4 a) {
    const uint32_t i = a.bits() & 0xff;
    return i < 2 || i >= kSize - 1;
  }

  bool Taken(base::Ipv4 a) const {
    if (secondary.contains(a)) return true;
    for (const auto& [mac, nic] : nics) {
      if (nic.primary == a) return true;
    }
    return false;
  }
  size_t Available(int subnet) const {
    size_t free = 0;
    for (uint32_t i = 2; i < kSize - 1; ++i) free += !Taken(At(subnet, i));
    return free;
  }
  size_t Count(const base::Mac& mac) const {
    size_t count = 0;
    for (const auto& [address, owner] : secondary) count += owner == mac;
    return count;
  }
  int Attached(int host) const {
    int count = 0;
    for (const auto& [mac, nic] : nics) count += nic.host == host;
    return count;
  }

  std::map<base::Mac, Nic> nics;
  std::map<base::Ipv4, base::Mac> secondary;
};

class WorldPropertyTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  WorldPropertyTest()
      : world_(Settings{.quotas = {.secondary_per_interface = kQuota,
                                   .interfaces_per_host = 3}}),
        random_(GetParam()) {
    Must(world_.AddVpc({.id = "uvnet-1"}));
    for (int s = 0; s < 2; ++s) {
      Must(world_.AddSubnet(
          {.id = SubnetId(s),
           .vpc = "uvnet-1",
           .zone = "cn-bj2-04",
           .prefix = base::Ipv4Prefix::Containing(Model::At(s, 0), 26)}));
    }
    for (int h = 0; h < kHosts; ++h) {
      const int subnet = h % 2;
      Must(world_.AddHost({.id = HostId(h), .zone = "cn-bj2-04"}));
      Must(world_.AddInterface({.id = absl::StrCat("uni-", h),
                                .mac = HostMac(h),
                                .subnet = SubnetId(subnet),
                                .host = HostId(h),
                                .is_default = true}));
      Learn(HostMac(h));
    }
  }
  static void Must(const absl::Status& status) {
    ASSERT_TRUE(status.ok()) << status;
  }

  // Takes an interface that the world has made into the model.
  void Learn(const base::Mac& mac) {
    const Interface& nic = *world_.InterfaceByMac(mac);
    ASSERT_FALSE(model_.Taken(nic.primary));
    ASSERT_FALSE(Model::Reserved(nic.primary));
    model_.nics[mac] = {.subnet = nic.subnet == "subnet-0" ? 0 : 1,
                        .primary = nic.primary,
                        .host = nic.is_default ? HostNumber(nic.host) : -1,
                        .is_default = nic.is_default};
  }
  static int HostNumber(const std::string& id) {
    return std::stoi(id.substr(6));
  }

  int Draw(int end) { return absl::Uniform<int>(random_, 0, end); }
  base::Mac AnyMac() {
    if (Draw(50) == 0) return base::Mac({2, 0, 0, 0, 0, 1});
    auto it = model_.nics.begin();
    std::advance(it, Draw(static_cast<int>(model_.nics.size())));
    return it->first;
  }
  base::Ipv4 AnyAddress() {
    if (!model_.secondary.empty() && Draw(2) == 0) {
      auto it = model_.secondary.begin();
      std::advance(it, Draw(static_cast<int>(model_.secondary.size())));
      return it->first;
    }
    return Model::At(Draw(2), static_cast<uint32_t>(Draw(70)));
  }
  bool Has(const base::Mac& mac) const { return model_.nics.contains(mac); }

  template <typename T>
  static int Code(const Result<T>& result) {
    const auto* refusal = std::get_if<Refusal>(&result);
    return refusal ? refusal->ret_code : 0;
  }
  static int Code(const std::optional<Refusal>& refusal) {
    return refusal ? refusal->ret_code : 0;
  }

  // The code, which is noted as one that came up.
  template <typename T>
  int Seen(const T& outcome) {
    const int code = Code(outcome);
    seen_.insert(code);
    return code;
  }

  void Allocate() {
    const base::Mac mac = AnyMac();
    std::optional<base::Ipv4> wanted;
    if (Draw(3) == 0) wanted = AnyAddress();
    const auto given = world_.Allocate(mac, wanted);
    int expected = 0;
    if (!Has(mac)) {
      expected = kUnknownMac;
    } else if (model_.Count(mac) >= kQuota) {
      expected = kAddressQuota;
    } else if (wanted) {
      const bool here = Model::SubnetOf(*wanted) == model_.nics[mac].subnet &&
                        !Model::Reserved(*wanted);
      expected = !here                   ? kAddressReserved
                 : model_.Taken(*wanted) ? kAddressTaken
                                         : 0;
    } else if (model_.Available(model_.nics[mac].subnet) == 0) {
      expected = kSubnetFull;
    }
    ASSERT_EQ(Seen(given), expected);
    if (expected != 0) return;
    const base::Ipv4 address = std::get<base::Ipv4>(given);
    ASSERT_FALSE(model_.Taken(address)) << address.ToString();
    ASSERT_FALSE(Model::Reserved(address)) << address.ToString();
    ASSERT_EQ(Model::SubnetOf(address), model_.nics[mac].subnet);
    if (wanted) {
      ASSERT_EQ(address, *wanted);
    }
    model_.secondary[address] = mac;
  }

  void Release() {
    const base::Ipv4 address = AnyAddress();
    const auto it = model_.secondary.find(address);
    const base::Mac mac =
        it != model_.secondary.end() && Draw(4) != 0 ? it->second : AnyMac();
    const bool right = it != model_.secondary.end() && it->second == mac;
    ASSERT_EQ(Seen(world_.Release(mac, address)),
              right ? 0 : kNoSecondaryAddress);
    if (right) model_.secondary.erase(it);
  }

  void Move() {
    const base::Ipv4 address = AnyAddress();
    const auto it = model_.secondary.find(address);
    const base::Mac from =
        it != model_.secondary.end() && Draw(4) != 0 ? it->second : AnyMac();
    const base::Mac to = AnyMac();
    int expected = 0;
    if (!Has(from) || !Has(to) ||
        model_.nics[from].subnet != model_.nics[to].subnet) {
      expected = kUnknownMac;
    } else if (it == model_.secondary.end() || it->second != from) {
      expected = kNoSecondaryAddress;
    } else if (from != to && model_.Count(to) >= kQuota) {
      expected = kAddressQuota;
    }
    ASSERT_EQ(Seen(world_.Move(address, from, to)), expected);
    if (expected == 0) it->second = to;
  }

  void Create() {
    const int subnet = Draw(2);
    if (model_.nics.size() > 30) return;
    const auto made =
        world_.CreateInterface({.subnet = SubnetId(subnet)}, random_);
    if (model_.Available(subnet) == 0) {
      ASSERT_EQ(Seen(made), kSubnetFull);
      return;
    }
    ASSERT_EQ(Seen(made), 0);
    Learn(std::get<const Interface*>(made)->mac);
  }

  void AttachOrDetach() {
    const base::Mac mac = AnyMac();
    if (!Has(mac)) return;
    Nic& nic = model_.nics[mac];
    const std::string id = world_.InterfaceByMac(mac)->id;
    const int host = nic.host >= 0 && Draw(4) != 0 ? nic.host : Draw(kHosts);
    if (Draw(2) == 0) {
      const int expected = nic.host >= 0                ? kAlreadyAttached
                           : model_.Attached(host) >= 3 ? kInterfaceQuota
                                                        : 0;
      ASSERT_EQ(Seen(world_.Attach(id, HostId(host))), expected);
      if (expected == 0) nic.host = host;
    } else {
      const int expected = nic.host != host ? kNotAttached
                           : nic.is_default ? kDefaultInterface
                                            : 0;
      ASSERT_EQ(Seen(world_.Detach(id, HostId(host))), expected);
      if (expected == 0) nic.host = -1;
    }
  }

  void Delete() {
    const base::Mac mac = AnyMac();
    if (!Has(mac)) return;
    const Nic nic = model_.nics[mac];
    const std::string id = world_.InterfaceByMac(mac)->id;
    const int expected = nic.is_default  ? kDefaultInterface
                         : nic.host >= 0 ? kStillAttached
                                         : 0;
    ASSERT_EQ(Seen(world_.DeleteInterface(id)), expected);
    if (expected != 0) return;
    model_.nics.erase(mac);
    std::erase_if(model_.secondary,
                  [&](const auto& entry) { return entry.second == mac; });
  }

  void OutOfBand() {
    const base::Ipv4 address = AnyAddress();
    const auto it = model_.secondary.find(address);
    if (Draw(2) == 0) {
      ASSERT_EQ(world_.Vanish("uvnet-1", address),
                it != model_.secondary.end());
      if (it != model_.secondary.end()) model_.secondary.erase(it);
      return;
    }
    const base::Mac to = AnyMac();
    const bool can = Has(to) && !Model::Reserved(address) &&
                     Model::SubnetOf(address) == model_.nics[to].subnet &&
                     (it != model_.secondary.end() || !model_.Taken(address));
    ASSERT_EQ(world_.Force(address, to), can);
    if (can) model_.secondary[address] = to;
  }

  void Step() {
    const int draw = Draw(100);
    if (draw < 45) return Allocate();
    if (draw < 70) return Release();
    if (draw < 85) return Move();
    if (draw < 89) return Create();
    if (draw < 93) return AttachOrDetach();
    if (draw < 97) return Delete();
    OutOfBand();
  }

  void ExpectSame() {
    ASSERT_EQ(world_.secondary_count(), model_.secondary.size());
    ASSERT_EQ(world_.interface_count(), model_.nics.size());
    for (int s = 0; s < 2; ++s) {
      ASSERT_EQ(world_.Available(*world_.SubnetById(SubnetId(s))),
                model_.Available(s));
      for (uint32_t i = 0; i < Model::kSize; ++i) ExpectOwner(Model::At(s, i));
    }
    std::map<base::Ipv4, base::Mac> listed;
    for (const auto& [mac, nic] : model_.nics) {
      for (const base::Ipv4 a :
           world_.SecondaryOf(*world_.InterfaceByMac(mac))) {
        ASSERT_TRUE(listed.emplace(a, mac).second) << a.ToString();
      }
    }
    ASSERT_EQ(listed, model_.secondary);
  }

  void ExpectOwner(base::Ipv4 address) {
    const Interface* owner = world_.OwnerOf("uvnet-1", address);
    const auto it = model_.secondary.find(address);
    if (it != model_.secondary.end()) {
      ASSERT_NE(owner, nullptr) << address.ToString();
      ASSERT_EQ(owner->mac, it->second);
    } else if (model_.Taken(address)) {
      ASSERT_EQ(owner->primary, address);
    } else {
      ASSERT_EQ(owner, nullptr) << address.ToString();
    }
  }

  World world_;
  Model model_;
  std::mt19937_64 random_;
  std::set<int> seen_;
};

TEST_P(WorldPropertyTest, DoesWhatTheModelDoes) {
  for (int i = 0; i < kOperations; ++i) {
    Step();
    if (HasFatalFailure()) FAIL() << "operation " << i;
    if (i % 500 == 0) ExpectSame();
    if (HasFatalFailure()) FAIL() << "after operation " << i;
  }
  ExpectSame();
  EXPECT_THAT(seen_, ::testing::IsSupersetOf(
                         {0, kUnknownMac, kAddressQuota, kAddressReserved,
                          kAddressTaken, kSubnetFull, kNoSecondaryAddress,
                          kAlreadyAttached, kInterfaceQuota, kNotAttached,
                          kDefaultInterface, kStillAttached}));
}

INSTANTIATE_TEST_SUITE_P(Seeds, WorldPropertyTest, ::testing::Values(1, 2, 3));

}  // namespace
}  // namespace applets::vpcsim
