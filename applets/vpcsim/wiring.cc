#include "applets/vpcsim/wiring.h"

#include <glog/logging.h>

#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "base/fd.h"
#include "base/status.h"
#include "netlink/link.h"
#include "netlink/netns.h"

namespace applets::vpcsim {
namespace {

constexpr uint32_t kUsualMtuBytes = 1500;

absl::StatusOr<std::vector<std::string>> LinkNames(netlink::Socket& socket) {
  ASSIGN_OR_RETURN(const auto links, netlink::ListLinks(socket));
  std::vector<std::string> names;
  for (const netlink::Link& link : links) names.push_back(link.name);
  return names;
}

}  // namespace

Wiring::Wiring(base::Loop& loop, const World& world, netlink::Socket socket)
    : world_(world),
      socket_(std::move(socket)),
      sync_(loop, [this] { Sync(); }) {
  sync_.Set(absl::ZeroDuration());
}

void Wiring::OnChange(const Change& change) {
  if (const auto* boot = std::get_if<HostBooted>(&change)) {
    for (const Interface* interface : world_.InterfacesOf(*boot->host)) {
      anew_.insert(interface->port);
    }
    sync_.Set(absl::ZeroDuration());
  }
  const auto* interface = std::get_if<InterfaceChange>(&change);
  if (interface == nullptr) return;
  const Interface* before = interface->before;
  const Interface* after = interface->after;
  const bool was_plugged = before != nullptr && IsPlugged(*before);
  // It may be attached again, elsewhere, before Sync.
  if (was_plugged) anew_.insert(before->port);
  if (was_plugged || (after != nullptr && IsPlugged(*after))) {
    sync_.Set(absl::ZeroDuration());
  }
}

void Wiring::Sync() {
  const absl::Status carried = Carry();
  if (!carried.ok()) LOG(WARNING) << "wiring: " << carried;
}

absl::Status Wiring::Carry() {
  ASSIGN_OR_RETURN(const auto links, LinkNames(socket_));
  const PlugPlan plan =
      PlanPlugs(PlugsOf(world_), links, std::exchange(anew_, {}));
  for (const std::string& port : plan.remove) {
    LOG(INFO) << "wiring: unplug port=" << port;
    RETURN_IF_ERROR(
        netlink::IgnoreMissing(socket_.Transact(netlink::DeleteLink(port))));
  }
  for (const Plug& plug : plan.lay) {
    const absl::Status laid = Lay(plug);
    LOG_IF(WARNING, !laid.ok())
        << "wiring: no link host=" << plug.host
        << " mac=" << plug.mac.ToString() << ": " << laid;
  }
  return absl::OkStatus();
}

uint32_t Wiring::MtuOf(const Plug& plug) {
  if (plug.beside.empty()) return kUsualMtuBytes;
  const auto link = netlink::GetLink(socket_, plug.beside);
  return link.ok() ? link->mtu_bytes : kUsualMtuBytes;
}

// The namespace is held no longer than this: a host that is gone must take its
// links with it.
absl::Status Wiring::Lay(const Plug& plug) {
  ASSIGN_OR_RETURN(const base::Fd netns, netlink::OpenNetns(plug.netns));
  ASSIGN_OR_RETURN(netlink::Socket inside, netlink::SocketIn(netns.get()));
  ASSIGN_OR_RETURN(const auto taken, LinkNames(inside));
  const uint32_t mtu = MtuOf(plug);
  const std::string name = FreeIfname(taken);
  RETURN_IF_ERROR(socket_.Transact(netlink::CreateVeth(
      {.inner = {.name = name, .mac = plug.mac, .mtu_bytes = mtu},
       .netns_fd = netns.get(),
       .outer = {.name = plug.port, .mtu_bytes = mtu},
       .inner_up = false})));
  LOG(INFO) << "wiring: plugged host=" << plug.host << " link=" << name
            << " mac=" << plug.mac.ToString() << " port=" << plug.port;
  return socket_.Transact(netlink::ChangeLink(
      {.name = plug.port, .state = netlink::LinkChange::State::kUp}));
}

}  // namespace applets::vpcsim
