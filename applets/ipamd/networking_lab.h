#ifndef CNIVPC_APPLETS_IPAMD_NETWORKING_LAB_H_
#define CNIVPC_APPLETS_IPAMD_NETWORKING_LAB_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "applets/ipamd/networking.h"
#include "gtest/gtest.h"

// What tests of Networking share.
namespace applets::ipamd {

using kube::PodNetworking;
using pool::Reason;
using Way = Networking::Choice::Way;
using Strategy = PodNetworking::Strategy;

inline const Realm kOwn = {"subnet-own", {}};
inline const Realm kRed = {"subnet-red", {}};
inline const Realm kBlue = {"subnet-blue", {}};
inline const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

inline kube::Pod PodWith(std::map<std::string, std::string> annotations) {
  kube::Pod pod;
  pod.meta.key = {"shop", "web-0"};
  pod.meta.annotations = std::move(annotations);
  return pod;
}

inline kube::Pod Asking(const std::string& name) {
  return PodWith({{kube::kPodNetworkingAnnotation, name}});
}

inline PodNetworking Named(const std::string& name,
                           std::vector<std::string> subnets,
                           Strategy strategy = Strategy::kSequential) {
  PodNetworking networking;
  networking.meta.key.name = name;
  networking.subnet_ids = std::move(subnets);
  networking.strategy = strategy;
  return networking;
}

class NetworkingTest : public testing::Test {
 protected:
  NetworkingTest() { networking_.SetComplete(); }

  void See(const PodNetworking& networking) {
    networking_.Take({{networking.meta.key.name, networking}});
  }
  void Forget(const std::string& name) {
    networking_.Take({{name, std::nullopt}});
  }
  void Open(const Realm& realm, Networking::Supply supply = {.warm = 1}) {
    networking_.OnOpened(realm);
    supply_[realm] = supply;
  }
  Networking::Supplies Supplies() {
    return [this](const Realm& realm) { return supply_[realm]; };
  }
  Networking::Choice Choose(const kube::Pod& pod) {
    return networking_.Choose(pod, Supplies(), now_);
  }
  void ExpectPool(const kube::Pod& pod, const Realm& realm) {
    const auto choice = Choose(pod);
    EXPECT_EQ(choice.way, Way::kPool) << choice.status;
    EXPECT_EQ(choice.realm, realm) << choice.realm.Name();
  }
  void ExpectWait(const kube::Pod& pod, const Realm& realm) {
    const auto choice = Choose(pod);
    EXPECT_EQ(choice.way, Way::kWait) << choice.status;
    EXPECT_EQ(choice.realm, realm) << choice.realm.Name();
  }
  void ExpectRefused(const Networking::Choice& choice, absl::StatusCode code,
                     Reason reason) {
    EXPECT_EQ(choice.way, Way::kRefused);
    EXPECT_EQ(choice.status.code(), code) << choice.status;
    EXPECT_EQ(choice.reason, reason) << pool::NameOf(choice.reason);
  }
  std::vector<Realm> Opened(const kube::Pod& pod) {
    return networking_.DecideOpen({&pod}, Supplies(), now_);
  }
  std::vector<Realm> Closed() {
    return networking_.DecideClose(Supplies(), now_);
  }

  absl::Time now_ = kStart;
  std::map<Realm, Networking::Supply> supply_;
  Networking networking_{kOwn.subnet, false, absl::Minutes(2)};
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_NETWORKING_LAB_H_
