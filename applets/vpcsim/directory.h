#ifndef CNIVPC_APPLETS_VPCSIM_DIRECTORY_H_
#define CNIVPC_APPLETS_VPCSIM_DIRECTORY_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/address.h"

namespace applets::vpcsim {

// An interface as the switch sees it.
struct Nic {
  base::Mac mac = {};
  std::string vpc = {};
  std::string port = {};  // "" when the fabric has no link to it

  friend bool operator==(const Nic&, const Nic&) = default;
};

// A subnet as the switch sees it.
struct Net {
  base::Ipv4Prefix prefix = {};
  base::Ipv4 gateway = {};

  friend bool operator==(const Net&, const Net&) = default;
};

// What the switch forwards by: who has which address at this moment. A VPC of
// "" stands for all of them; where their addresses overlap, any may answer.
class Directory {
 public:
  virtual ~Directory() = default;

  // The interface at the other end of a link; none when nobody has one there.
  virtual std::optional<Nic> AtPort(absl::string_view port) const = 0;
  // Who has `address`, as its primary or a secondary one.
  virtual std::optional<Nic> OwnerOf(absl::string_view vpc,
                                     base::Ipv4 address) const = 0;
  // The subnet that `address` is of.
  virtual std::optional<Net> NetOf(absl::string_view vpc,
                                   base::Ipv4 address) const = 0;

  // The links of all interfaces that have one, and all subnets.
  virtual std::vector<std::string> Ports() const = 0;
  virtual std::vector<Net> Nets() const = 0;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_DIRECTORY_H_
