#include "applets/vpcsim/world_directory.h"

namespace applets::vpcsim {

std::optional<Nic> WorldDirectory::NicOf(const Interface* interface) const {
  if (interface == nullptr) return std::nullopt;
  const Subnet* subnet = world_.SubnetById(interface->subnet);
  return Nic{interface->mac, subnet == nullptr ? "" : subnet->vpc,
             interface->port};
}

std::optional<Nic> WorldDirectory::AtPort(absl::string_view port) const {
  return NicOf(world_.InterfaceAtPort(port));
}

std::optional<Nic> WorldDirectory::OwnerOf(absl::string_view vpc,
                                           base::Ipv4 address) const {
  return NicOf(world_.OwnerOf(vpc, address));
}

std::optional<Net> WorldDirectory::NetOf(absl::string_view vpc,
                                         base::Ipv4 address) const {
  const Subnet* subnet = world_.SubnetOf(vpc, address);
  if (subnet == nullptr) return std::nullopt;
  return Net{subnet->prefix, subnet->gateway};
}

std::vector<std::string> WorldDirectory::Ports() const {
  std::vector<std::string> ports;
  for (const Interface* interface : world_.interfaces()) {
    if (!interface->port.empty()) ports.push_back(interface->port);
  }
  return ports;
}

std::vector<Net> WorldDirectory::Nets() const {
  std::vector<Net> nets;
  for (const Subnet* subnet : world_.subnets()) {
    nets.push_back({subnet->prefix, subnet->gateway});
  }
  return nets;
}

}  // namespace applets::vpcsim
