// The result of ADD (CNI SPEC §5 "ADD Success") in the shape of each version:
//
//   0.1.0 0.2.0        {cniVersion, ip4: {ip, gateway, routes}, ip6, dns}
//   0.3.0 0.3.1 0.4.0  {cniVersion, interfaces, ips, routes, dns}, and each of
//                      ips has "version": "4" or "6"
//   1.0.0 1.1.0        the same without that "version"
#ifndef CNIVPC_APPLETS_CNI_RESULT_H_
#define CNIVPC_APPLETS_CNI_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/cni/spec_version.h"
#include "base/address.h"
#include "base/json.h"

namespace applets::cni {

// Members of an object that mean nothing to us, as name and compact JSON: other
// plugins' and later versions'. They are passed on as they came.
using Extra = std::vector<std::pair<std::string, std::string>>;

struct Interface {
  std::string name;
  std::string mac;      // "" if not told
  std::string sandbox;  // "" for one on the node
  Extra extra;

  friend bool operator==(const Interface&, const Interface&) = default;
};

// Addresses are text: most of them are other plugins', IPv6 too.
struct IpConfig {
  std::string address;               // "10.0.0.5/32"
  std::string gateway;               // "" if there is none
  std::optional<int64_t> interface;  // an index into Result::interfaces
  Extra extra;

  friend bool operator==(const IpConfig&, const IpConfig&) = default;
};

struct Route {
  std::string dst;  // "0.0.0.0/0"
  std::string gw;   // "" for the gateway of the address
  Extra extra;

  friend bool operator==(const Route&, const Route&) = default;
};

struct Result {
  std::vector<Interface> interfaces;
  std::vector<IpConfig> ips;
  std::vector<Route> routes;
  std::string dns;  // a JSON object; "" if there is none
  Extra extra;

  friend bool operator==(const Result&, const Result&) = default;
};

// A result in any of the shapes, told by its members and not by its cniVersion:
// one with ip4 or ip6 is old, and then has nothing of the new shape.
// Errors name the path.
absl::StatusOr<Result> ParseResult(const base::Json& json);

// The result in `version`'s shape. Up to 0.2.0 there is room for one address of
// each family, the first, and none for interfaces.
std::string ToJson(const Result& result, SpecVersion version);

// What our ADD made.
struct Attached {
  std::string ifname;
  std::string netns;
  base::Mac mac;
  std::string host_ifname;
  base::Mac host_mac;
  base::Ipv4 address;
  base::Ipv4 gateway;
  uint32_t mtu_bytes = 0;
};

// `previous` (empty for the first plugin of a chain) with our interfaces, the
// host's end first, our address and our default route behind what it has.
// Its interfaces keep their indices. `version` decides whether MTUs are told.
Result Append(Result previous, const Attached& ours, SpecVersion version);

// What a result says about one interface in a container.
struct Found {
  std::string mac;
  std::vector<base::Ipv4> addresses;

  bool Has(base::Ipv4 address) const;
};

// For CHECK: the interface `ifname` in `netns`, with its IPv4 addresses. The
// same netns may have been called by another path, so an interface of that name
// in any sandbox will do if none matches. FAILED_PRECONDITION when there is
// none.
absl::StatusOr<Found> FindInterface(const Result& result,
                                    absl::string_view ifname,
                                    absl::string_view netns);

}  // namespace applets::cni

#endif  // CNIVPC_APPLETS_CNI_RESULT_H_
