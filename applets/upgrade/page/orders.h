// What the page asks for: bodies of requests, which anybody may send. Pure.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_ORDERS_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_ORDERS_H_

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/upgrade/options.h"

namespace applets::upgrade::page {

// POST /api/login {"token": "…"}
struct LogIn {
  std::string token = {};
  friend bool operator==(const LogIn&, const LogIn&) = default;
};

// POST /api/logout
struct LogOut {
  friend bool operator==(const LogOut&, const LogOut&) = default;
};

// POST /api/service {"on": true}: also when it is on, to ask all again.
struct Switch {
  bool on = false;
  friend bool operator==(const Switch&, const Switch&) = default;
};

// POST /api/runs
//   {"kind": "upgrade", "nodes": ["node-a"], "force": false, "canary": 1,
//    "batchSize": "10%", "maxFailures": 0, "soak": "30s", "deadline": "1h",
//    "onFailure": "rollback"}
// "return" puts back what the nodes had before; of the rest only "nodes" and
// "batchSize" matter to it. All but kind and nodes may be missing.
struct Begin {
  enum class Kind { kUpgrade, kReturn };
  Kind kind = Kind::kUpgrade;
  std::vector<std::string> nodes = {};
  bool force = false;
  Amount canaries = {1, false};
  Amount batch_size = {1, false};
  Amount max_failures = {};
  absl::Duration soak = absl::ZeroDuration();
  absl::Duration deadline = absl::Hours(1);
  bool stop_only = false;
};

// POST /api/run {"do": "pause"}: the run that there is.
struct Steer {
  enum class What { kPause, kResume, kAbort, kReturn };
  What what = What::kPause;
  friend bool operator==(const Steer&, const Steer&) = default;
};

using Order = std::variant<LogIn, LogOut, Switch, Begin, Steer>;

inline constexpr size_t kMaxOrderBytes = 2 << 20;

// NOT_FOUND when nothing is asked for by that path, INVALID_ARGUMENT names what
// is wrong with the body.
absl::StatusOr<Order> ParseOrder(absl::string_view path,
                                 absl::string_view body);

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_ORDERS_H_
