#ifndef CNIVPC_APPLETS_VPCSIM_VIEW_H_
#define CNIVPC_APPLETS_VPCSIM_VIEW_H_

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/history.h"
#include "applets/vpcsim/world.h"

namespace applets::vpcsim {

// What a read sees: the world as it is, or as it was `lag` ago. A look back
// costs a step for each change since. Good until the world changes.
class View {
 public:
  View(const World& world, absl::Duration lag);

  // Who has `address` as a secondary one.
  std::optional<base::Mac> SecondaryOwner(const Subnet& subnet,
                                          base::Ipv4 address) const;
  // In order.
  std::vector<base::Ipv4> SecondaryOf(const Subnet& subnet,
                                      const base::Mac& mac) const;
  std::vector<std::pair<base::Ipv4, base::Mac>> Secondary(
      const Subnet& subnet) const;
  // Addresses of the subnet that are free.
  size_t Available(const Subnet& subnet) const;

  // Null when there is none. Valid as long as this.
  const Interface* InterfaceById(absl::string_view id) const;
  // By id.
  std::vector<const Interface*> Interfaces() const;
  // The default one first, then by id.
  std::vector<const Interface*> InterfacesOf(const Host& host) const;

 private:
  const World& world_;
  Past past_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_VIEW_H_
