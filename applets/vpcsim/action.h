#ifndef CNIVPC_APPLETS_VPCSIM_ACTION_H_
#define CNIVPC_APPLETS_VPCSIM_ACTION_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/strings/string_view.h"
#include "applets/vpcsim/actions.h"
#include "applets/vpcsim/params.h"
#include "applets/vpcsim/world.h"
#include "base/json.h"

// What the actions have in common: each reads its parameters, refuses the call
// or does it, and writes the members of its answer into the object that is
// open.
namespace applets::vpcsim {

// A call on its way.
struct Turn {
  World& world;
  Params params;
  const Bend& bend;
  absl::BitGenRef random;
  base::JsonWriter& answer;
};

using Outcome = std::optional<Refusal>;

// Secondary addresses (action_secondary.cc).
Outcome AllocateSecondaryIp(Turn& turn);
Outcome AllocateBatchSecondaryIp(Turn& turn);
Outcome DeleteSecondaryIp(Turn& turn);
Outcome DescribeSecondaryIp(Turn& turn);
Outcome MoveSecondaryIpMac(Turn& turn);

// Interfaces (action_interface.cc).
Outcome CreateNetworkInterface(Turn& turn);
Outcome AttachNetworkInterface(Turn& turn);
Outcome DetachNetworkInterface(Turn& turn);
Outcome DeleteNetworkInterface(Turn& turn);
Outcome DescribeNetworkInterface(Turn& turn);
Outcome DescribeInstanceNetworkInterface(Turn& turn);

// Subnets and hosts (action_describe.cc).
Outcome DescribeSubnet(Turn& turn);
Outcome DescribeUHostInstance(Turn& turn);

// Refuses a Zone that is missing or isn't of the region.
std::string ReadZone(Turn& turn);
// The VPC and the subnet that parameters name, or why not.
Outcome CheckVpc(const World& world, absl::string_view vpc);
Outcome CheckSubnet(const World& world, absl::string_view subnet,
                    absl::string_view vpc);

// A part of a list.
struct Page {
  static constexpr int64_t kDefaultLimit = 20;
  static constexpr int64_t kMaxLimit = 10'000;

  int64_t offset = 0;
  int64_t limit = kDefaultLimit;

  template <typename T>
  std::vector<T> Of(const std::vector<T>& all) const {
    const auto size = static_cast<int64_t>(all.size());
    const int64_t from = std::min(offset, size);
    const int64_t to = std::min(from + limit, size);
    return {all.begin() + from, all.begin() + to};
  }
};
Page ReadPage(Params& params);

// "52:54:00:AB:CD:EF".
std::string UpperCase(const base::Mac& mac);
// "255.255.0.0".
std::string DottedMask(base::Ipv4Prefix prefix);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_ACTION_H_
