#ifndef CNIVPC_APPLETS_VPCSIM_FRONT_H_
#define CNIVPC_APPLETS_VPCSIM_FRONT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "applets/vpcsim/api.h"
#include "applets/vpcsim/exchange.h"
#include "applets/vpcsim/fabric.h"
#include "applets/vpcsim/inspect.h"
#include "applets/vpcsim/metadata_service.h"
#include "applets/vpcsim/server.h"
#include "applets/vpcsim/simulator.h"
#include "base/loop.h"

namespace applets::vpcsim {

// All that the simulator serves: the API at /, metadata below /meta-data/, and
// the inspection API elsewhere. It also makes the changes that rules with an
// interval are about. On the loop's thread.
class Front {
 public:
  // What is served at one place.
  struct Place {
    Endpoint endpoint = {};
    bool api = false;
    bool metadata = false;
    bool inspection = false;
    std::string host = {};  // for metadata
  };

  // Both must live longer.
  Front(base::Loop& loop, Simulator& simulator, Clock clock);

  // The endpoint, with the port that was taken.
  absl::StatusOr<Endpoint> Listen(const Place& place);
  // Rules were set by others than the inspection API.
  void OnFaults();
  void Show(const Fabric* fabric) { inspector_.Show(fabric); }

 private:
  void Serve(const Place& place, const HttpRequest& request, HttpReply reply);
  void OnDue();

  base::Loop& loop_;
  Simulator& simulator_;
  Clock clock_;
  Delays delays_;
  Exchanges exchanges_;
  Api api_;
  MetadataService metadata_;
  Inspector inspector_;
  base::Timer due_;
  std::vector<std::unique_ptr<Server>> servers_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_FRONT_H_
