#ifndef CNIVPC_APPLETS_VPCSIM_WORLD_DIRECTORY_H_
#define CNIVPC_APPLETS_VPCSIM_WORLD_DIRECTORY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/directory.h"
#include "applets/vpcsim/world.h"
#include "base/address.h"

namespace applets::vpcsim {

// The world as the switch sees it, at each moment as it is.
class WorldDirectory : public Directory {
 public:
  // `world` must live longer.
  explicit WorldDirectory(const World& world) : world_(world) {}

  std::optional<Nic> AtPort(absl::string_view port) const override;
  std::optional<Nic> OwnerOf(absl::string_view vpc,
                             base::Ipv4 address) const override;
  std::optional<Net> NetOf(absl::string_view vpc,
                           base::Ipv4 address) const override;
  std::vector<std::string> Ports() const override;
  std::vector<Net> Nets() const override;

  // As the switch sees an interface; nullopt for null.
  std::optional<Nic> NicOf(const Interface* interface) const;

 private:
  const World& world_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_WORLD_DIRECTORY_H_
