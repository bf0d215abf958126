#ifndef CNIVPC_APPLETS_UPGRADE_FLEET_MAIN_H_
#define CNIVPC_APPLETS_UPGRADE_FLEET_MAIN_H_

#include "applets/upgrade/options.h"

namespace applets::upgrade {

// `cnivpc upgrade` with --nodes or --fleet. The signals that end it must be
// blocked: they are looked for. Exit statuses: ExitStatusOf in fleet_report.h.
int FleetMain(const Options& options);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_FLEET_MAIN_H_
