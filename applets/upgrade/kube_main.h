#ifndef CNIVPC_APPLETS_UPGRADE_KUBE_MAIN_H_
#define CNIVPC_APPLETS_UPGRADE_KUBE_MAIN_H_

#include "applets/upgrade/options.h"

namespace applets::upgrade {

// `cnivpc upgrade` over a Kubernetes cluster (Options::Fleet::in_cluster). The
// signals that end it must be blocked, but for --query: they are looked for.
// Exit statuses: ExitStatusOf in fleet_report.h, and kBusy when another
// upgrader is at work.
int KubeMain(const Options& options);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_KUBE_MAIN_H_
