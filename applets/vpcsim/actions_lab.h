#ifndef CNIVPC_APPLETS_VPCSIM_ACTIONS_LAB_H_
#define CNIVPC_APPLETS_VPCSIM_ACTIONS_LAB_H_

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/actions.h"
#include "applets/vpcsim/world.h"
#include "base/json.h"
#include "gtest/gtest.h"

// For the actions' tests.
namespace applets::vpcsim {

inline const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
inline constexpr char kMac1[] = "52:54:00:00:01:AB";
inline constexpr char kMac2[] = "52:54:00:00:02:AB";
inline constexpr char kMacZ[] = "52:54:00:00:03:AB";

// uhost-1 and uhost-2 in subnet-1, 10.126.0.0/24; upm-3 in subnet-2,
// 10.126.1.0/24 and another zone.
class ActionsTest : public ::testing::Test {
 protected:
  using Params = std::map<std::string, std::string>;

  void SetUp() override { Build(Settings{}); }

  void Build(Settings settings) {
    settings.zones = {"cn-bj2-04", "cn-bj2-05"};
    settings.project = "org-1";
    settings.quotas = {.secondary_per_interface = 40, .interfaces_per_host = 3};
    world_ = std::make_unique<World>(settings);
    Must(world_->AddVpc({.id = "uvnet-1", .name = "lab"}));
    AddNet("subnet-1", "cn-bj2-04", "10.126.0.0/24");
    AddNet("subnet-2", "cn-bj2-05", "10.126.1.0/24");
    AddNode("uhost-1", "subnet-1", kMac1);
    AddNode("uhost-2", "subnet-1", kMac2);
    AddNode("upm-3", "subnet-2", kMacZ);
  }
  void AddNet(std::string id, std::string zone, absl::string_view prefix) {
    Must(
        world_->AddSubnet({.id = std::move(id),
                           .vpc = "uvnet-1",
                           .name = "net",
                           .zone = std::move(zone),
                           .prefix = base::Ipv4Prefix::Parse(prefix).value()}));
  }
  void AddNode(const std::string& id, const std::string& subnet,
               absl::string_view mac) {
    Must(world_->AddHost({.id = id,
                          .name = "node",
                          .zone = world_->SubnetById(subnet)->zone,
                          .bare_metal = id.starts_with("upm-"),
                          .net_feature = "SecGroup"}));
    Must(world_->AddInterface({.id = "uni-" + id,
                               .mac = base::Mac::Parse(mac).value(),
                               .subnet = subnet,
                               .host = id,
                               .is_default = true}));
  }
  static void Must(const absl::Status& status) {
    ASSERT_TRUE(status.ok()) << status;
  }

  base::Json Do(const std::string& action, Params params,
                const Bend& bend = {}) {
    params.emplace("Region", "cn-bj2");
    const std::string text = Perform(
        *world_, {.action = action, .params = params}, bend, random_, now_);
    const auto answer = base::Json::Parse(text);
    EXPECT_TRUE(answer.ok()) << text;
    EXPECT_EQ(answer->String("Action").value(), action + "Response");
    return *answer;
  }
  static std::vector<base::Json> Items(const base::Json& answer,
                                       absl::string_view key) {
    return answer.Array(key).value();
  }
  int64_t Code(const std::string& action, Params params) {
    return Do(action, std::move(params)).Int("RetCode").value();
  }
  // With all that must be there; what `with` gives replaces that.
  static Params Asking(Params with = {}) {
    Params params = std::move(with);
    params.merge(Params{{"Zone", "cn-bj2-04"},
                        {"Mac", kMac1},
                        {"ObjectId", "uni-uhost-1"},
                        {"SubnetId", "subnet-1"},
                        {"VPCId", "uvnet-1"}});
    std::erase_if(params, [](const auto& p) { return p.second == "-"; });
    return params;
  }
  std::vector<std::string> Listed(Params params, const Bend& bend = {}) {
    params.emplace("SubnetId", "subnet-1");
    params.emplace("VPCId", "uvnet-1");
    std::vector<std::string> ips;
    for (const base::Json& info :
         Items(Do("DescribeSecondaryIp", params, bend), "DataSet")) {
      ips.push_back(info.String("Ip").value());
    }
    return ips;
  }

  std::unique_ptr<World> world_;
  std::mt19937_64 random_{1};
  absl::Time now_ = kNow;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_ACTIONS_LAB_H_
