#ifndef CNIVPC_APPLETS_VPCSIM_TABLE_DIRECTORY_H_
#define CNIVPC_APPLETS_VPCSIM_TABLE_DIRECTORY_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/directory.h"
#include "base/address.h"

namespace applets::vpcsim {

// For tests: a directory written down.
struct TableDirectory : public Directory {
  std::map<std::string, Nic, std::less<>> nics;              // by port
  std::map<std::pair<std::string, base::Ipv4>, Nic> owners;  // by VPC, address
  std::vector<Net> nets;                                     // of all VPCs

  std::optional<Nic> AtPort(absl::string_view port) const override {
    const auto found = nics.find(port);
    if (found == nics.end()) return std::nullopt;
    return found->second;
  }
  std::optional<Nic> OwnerOf(absl::string_view vpc,
                             base::Ipv4 address) const override {
    for (const auto& [key, nic] : owners) {
      if (key.second == address && (vpc.empty() || vpc == key.first)) {
        return nic;
      }
    }
    return std::nullopt;
  }
  std::optional<Net> NetOf(absl::string_view,
                           base::Ipv4 address) const override {
    for (const Net& net : nets) {
      if (net.prefix.Contains(address)) return net;
    }
    return std::nullopt;
  }
  std::vector<std::string> Ports() const override {
    std::vector<std::string> ports;
    for (const auto& [port, nic] : nics) ports.push_back(port);
    return ports;
  }
  std::vector<Net> Nets() const override { return nets; }
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_TABLE_DIRECTORY_H_
