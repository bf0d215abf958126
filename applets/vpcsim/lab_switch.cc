#include "applets/vpcsim/lab_switch.h"

#include <utility>
#include <variant>

#include "absl/time/clock.h"
#include "base/status.h"

namespace applets::vpcsim {

LabSwitch::LabSwitch(base::Loop& loop, const World& world, absl::Duration lag,
                     netlink::Socket socket)
    : directory_(world),
      lagging_(directory_, lag, absl::Now),
      sync_(loop, [this] { fabric_->Sync(); }),
      wiring_(loop, world, std::move(socket)) {}

absl::StatusOr<std::unique_ptr<LabSwitch>> LabSwitch::Create(
    base::Loop& loop, World& world, absl::Duration lag) {
  ASSIGN_OR_RETURN(netlink::Socket socket, netlink::Socket::Open());
  std::unique_ptr<LabSwitch> lab(
      new LabSwitch(loop, world, lag, std::move(socket)));
  ASSIGN_OR_RETURN(lab->fabric_, Fabric::Create(loop, lab->lagging_));
  world.Observe([lab = lab.get()](const Change& c) { lab->OnChange(c); });
  return lab;
}

void LabSwitch::OnChange(const Change& change) {
  wiring_.OnChange(change);
  if (const auto* secondary = std::get_if<SecondaryChange>(&change)) {
    lagging_.Note(secondary->subnet->vpc, secondary->address,
                  directory_.NicOf(secondary->before));
    return;
  }
  if (!std::holds_alternative<CursorMoved>(change)) {
    sync_.Set(absl::ZeroDuration());
  }
}

}  // namespace applets::vpcsim
