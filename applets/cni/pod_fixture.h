// For tests: a fixture that calls the plugin for a pod on a node of its own,
// with leases in memory.
#ifndef CNIVPC_APPLETS_CNI_POD_FIXTURE_H_
#define CNIVPC_APPLETS_CNI_POD_FIXTURE_H_

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "applets/cni/fake_leasing.h"
#include "applets/cni/node_lab.h"
#include "applets/cni/plugin.h"
#include "base/fd.h"
#include "gtest/gtest.h"
#include "netlink/attachment.h"

namespace applets::cni {

using Variables = std::map<std::string, std::string>;

class PodVerbsTest : public testing::Test {
 protected:
  PodVerbsTest() : pod_(NodeLab::NewNetns()) {
    node_.interface = NodeLab::Interface();
  }

  Variables Environ(const std::string& verb, const std::string& id,
                    const base::Fd& netns) const {
    return {{"CNI_COMMAND", verb},
            {"CNI_CONTAINERID", id},
            {"CNI_NETNS", lab_.PathOf(netns)},
            {"CNI_IFNAME", "eth0"},
            {"CNI_ARGS", absl::StrCat("IgnoreUnknown=1;K8S_POD_NAME=",
                                      pod_name_, ";K8S_POD_NAMESPACE=shop")}};
  }

  static std::string ConfigOf(absl::string_view more = "") {
    return absl::StrCat(R"({"cniVersion":"1.0.0","name":"net")", more, "}");
  }

  static std::string ConfigWithResult(const Outcome& added) {
    return ConfigOf(absl::StrCat(R"(,"prevResult":)", added.out));
  }

  Outcome Add(const std::string& id, const base::Fd& netns) {
    return CallPlugin(Environ("ADD", id, netns), ConfigOf(), node_);
  }

  Outcome Del(const std::string& id) {
    Variables variables = Environ("DEL", id, pod_);
    variables["CNI_NETNS"] = "";
    return CallPlugin(variables, ConfigOf(), node_);
  }

  Outcome Check(const std::string& id, const std::string& config) {
    return CallPlugin(Environ("CHECK", id, pod_), config, node_);
  }

  std::string HostIfname() const {
    return netlink::HostIfname("shop", pod_name_);
  }

  NodeLab lab_;
  FakeNode node_;
  base::Fd pod_;
  std::string pod_name_ = "web-0";
};

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_POD_FIXTURE_H_
