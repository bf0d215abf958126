// How a node's ipamd is, as the look before and the look after an upgrade see
// it, and what they mean together. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_HEALTH_H_
#define CNIVPC_APPLETS_UPGRADE_HEALTH_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/json.h"

namespace applets::upgrade {

// ADDs since ipamd started.
struct AddCounts {
  int64_t all = 0;
  // Those that got no address, and those whose plugin never said that the pod
  // has its network: it failed, or died, or is at it just now.
  int64_t failed = 0;

  friend bool operator==(const AddCounts&, const AddCounts&) = default;
};

struct IpamdHealth {
  bool ready = false;
  std::string why = {};  // it isn't
  AddCounts adds = {};

  friend bool operator==(const IpamdHealth&, const IpamdHealth&) = default;
};

// From the text of ipamd's /metrics. What isn't understood doesn't count.
AddCounts AddCountsIn(absl::string_view metrics);

// So few failed ADDs are no sign of anything, whatever their share.
inline constexpr int64_t kFewFailedAdds = 3;

// Why an upgraded node isn't well; "" when it is. The share of failed ADDs
// since the look before must not be above `max_percent`, unless it was as bad
// before. An ipamd that was there must be there and ready.
std::string WhyUnwell(const std::optional<AddCounts>& before,
                      const std::optional<IpamdHealth>& now,
                      int64_t max_percent);

// {"all": 120, "failed": 0}
void Write(base::JsonWriter& writer, absl::string_view key,
           const AddCounts& counts);
absl::StatusOr<AddCounts> ReadAddCounts(const base::Json& json);

// {"ready": true, "why": "", "adds": {…}}
void Write(base::JsonWriter& writer, absl::string_view key,
           const IpamdHealth& health);
absl::StatusOr<IpamdHealth> ReadIpamdHealth(const base::Json& json);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_HEALTH_H_
