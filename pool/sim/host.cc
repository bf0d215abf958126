#include "pool/sim/host.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace pool::sim {

using base::Attachment;
using base::Ipv4;

Host::Host(World& world, int id)
    : world_(world), id_(id), booted_at_(world.agenda.now()) {}

void Host::LinkUp(const Attachment& attachment, Ipv4 ip) {
  if (!links_.emplace(attachment, ip).second) return;
  if (world_.trace.on()) {
    world_.trace.Say(id_, absl::StrCat(ip.ToString(), ": network of ",
                                       attachment.container_id, " made"));
  }
  world_.judge.OnLinkUp(id_, ip, attachment);
  world_.ether.BeginUse(id_, ip);
}

void Host::LinkDown(const Attachment& attachment) {
  const auto it = links_.find(attachment);
  if (it == links_.end()) return;
  const Ipv4 ip = it->second;
  links_.erase(it);
  if (world_.trace.on()) {
    world_.trace.Say(id_, absl::StrCat(ip.ToString(), ": network of ",
                                       attachment.container_id, " gone"));
  }
  world_.judge.OnLinkDown(id_, ip);
  world_.ether.EndUse(id_, ip);
}

std::vector<User> Host::users() const {
  std::vector<User> users;
  users.reserve(links_.size());
  for (const auto& [attachment, ip] : links_) {
    users.push_back({ip, "veth", attachment});
  }
  return users;
}

void Host::KeepFlows(Ipv4 ip, absl::Time until) {
  std::erase_if(flows_until_, [&](const auto& flows) {
    return flows.second <= world_.agenda.now();
  });
  flows_until_[ip] = until;
}

void Host::EndFlows(absl::Time by) {
  for (auto& [ip, until] : flows_until_) until = std::min(until, by);
}

std::set<Ipv4> Host::WithFlows(const std::vector<Ipv4>& ips) const {
  std::set<Ipv4> busy;
  for (const Ipv4 ip : ips) {
    const auto it = flows_until_.find(ip);
    if (it != flows_until_.end() && it->second > world_.agenda.now()) {
      busy.insert(ip);
    }
  }
  return busy;
}

void Host::Reboot() {
  while (!links_.empty()) LinkDown(Attachment(links_.begin()->first));
  flows_until_.clear();
  booted_at_ = world_.agenda.now();
  ++boot_;
}

}  // namespace pool::sim
