#include "applets/vpcsim/plug.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace applets::vpcsim {
namespace {

constexpr size_t kMacDigits = 12;

bool IsPluggedPort(absl::string_view name) {
  return absl::ConsumePrefix(&name, "nic") && name.size() == kMacDigits &&
         absl::c_all_of(name, [](char c) {
           return absl::ascii_isxdigit(static_cast<unsigned char>(c));
         });
}

}  // namespace

std::vector<Plug> PlugsOf(const World& world) {
  std::vector<Plug> plugs;
  for (const Interface* interface : world.interfaces()) {
    if (interface->host.empty() || !IsPlugged(*interface)) continue;
    const Host* host = world.HostById(interface->host);
    plugs.push_back({.port = interface->port,
                     .mac = interface->mac,
                     .host = host->id,
                     .netns = host->netns,
                     .beside = world.DefaultInterfaceOf(*host)->port});
  }
  return plugs;
}

PlugPlan PlanPlugs(const std::vector<Plug>& plugs,
                   const std::vector<std::string>& links,
                   const std::set<std::string>& anew) {
  PlugPlan plan;
  std::set<std::string> leftover;
  for (const std::string& link : links) {
    if (IsPluggedPort(link)) leftover.insert(link);
  }
  for (const Plug& plug : plugs) {
    const bool is_there = leftover.erase(plug.port) != 0;
    const bool is_old = is_there && anew.contains(plug.port);
    if (is_old) plan.remove.push_back(plug.port);
    if ((!is_there || is_old) && !plug.netns.empty()) plan.lay.push_back(plug);
  }
  plan.remove.insert(plan.remove.end(), leftover.begin(), leftover.end());
  return plan;
}

std::string FreeIfname(const std::vector<std::string>& taken) {
  for (int n = 1;; ++n) {
    std::string name = absl::StrCat("eth", n);
    if (!absl::c_linear_search(taken, name)) return name;
  }
}

}  // namespace applets::vpcsim
