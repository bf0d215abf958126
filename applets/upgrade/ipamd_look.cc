#include "applets/upgrade/ipamd_look.h"

#include <unistd.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "applets/rpc/client.h"
#include "applets/rpc/messages.h"

namespace applets::upgrade {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(5);
constexpr absl::Duration kPause = absl::Milliseconds(250);

absl::StatusOr<std::string> Ask(absl::string_view path) {
  auto ipamd = rpc::Client::Connect(rpc::kDefaultSocket, kLimit);
  if (!ipamd.ok()) return ipamd.status();
  return ipamd->Call("GET", path, "");
}

std::optional<IpamdHealth> LookOnce() {
  const absl::Status ready = Ask("/readyz").status();
  if (absl::IsNotFound(ready)) return std::nullopt;
  IpamdHealth health{.ready = ready.ok(), .why = std::string(ready.message())};
  health.adds = AddCountsIn(Ask("/metrics").value_or(""));
  return health;
}

}  // namespace

std::optional<IpamdHealth> LookAtIpamd(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (true) {
    std::optional<IpamdHealth> health = LookOnce();
    const bool expected = health || access(rpc::kDefaultSocket, F_OK) == 0;
    if (!expected || (health && health->ready) || absl::Now() >= deadline) {
      return health;
    }
    absl::SleepFor(kPause);
  }
}

}  // namespace applets::upgrade
