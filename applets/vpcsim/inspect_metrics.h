#ifndef CNIVPC_APPLETS_VPCSIM_INSPECT_METRICS_H_
#define CNIVPC_APPLETS_VPCSIM_INSPECT_METRICS_H_

#include <string>

#include "applets/vpcsim/fabric.h"
#include "applets/vpcsim/simulator.h"

namespace applets::vpcsim {

// Prometheus' text format 0.0.4 (docs/vpcsim.md lists the metrics). `fabric` is
// null when there is none.
std::string MetricsText(const Simulator& simulator, const Fabric* fabric);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_INSPECT_METRICS_H_
