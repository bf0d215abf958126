#ifndef CNIVPC_APPLETS_VPCSIM_INSPECT_JSON_H_
#define CNIVPC_APPLETS_VPCSIM_INSPECT_JSON_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "applets/vpcsim/call_log.h"
#include "applets/vpcsim/fabric.h"
#include "applets/vpcsim/fault.h"
#include "applets/vpcsim/keys.h"
#include "applets/vpcsim/simulator.h"
#include "applets/vpcsim/world.h"
#include "base/address.h"

// What the inspection API shows, as JSON (inspect.h).
namespace applets::vpcsim {

// Which of them to show: all, where a member is empty.
struct Filter {
  std::optional<base::Mac> mac = {};
  std::optional<base::Ipv4> ip = {};
  std::string subnet = {};
  std::string host = {};
  std::string action = {};
  uint64_t since = 0;  // of calls: numbers above
  size_t offset = 0;
  size_t limit = 100'000;
};

std::string StateJson(const Simulator& simulator, absl::Time now);
std::string HostsJson(const World& world, const Filter& filter);
std::string InterfacesJson(const World& world, const Filter& filter);
std::string AddressesJson(const World& world, const Filter& filter);
std::string CallsJson(const CallLog& calls, const Filter& filter);
std::string FaultsJson(const Faults& faults);
// Public keys only.
std::string KeysJson(const Keys& keys, absl::Time now);
std::string FabricJson(const Fabric& fabric);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_INSPECT_JSON_H_
