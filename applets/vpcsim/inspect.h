#ifndef CNIVPC_APPLETS_VPCSIM_INSPECT_H_
#define CNIVPC_APPLETS_VPCSIM_INSPECT_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/vpcsim/fabric.h"
#include "applets/vpcsim/inspect_json.h"
#include "applets/vpcsim/server.h"
#include "applets/vpcsim/simulator.h"
#include "applets/vpcsim/snapshot.h"

// The inspection and control API, for tests and people. No signature: it isn't
// part of the cloud.
//
//   GET    /healthz
//   GET    /metrics
//   GET    /sim/v1/state        what there is: subnets, how many hosts, ...
//   GET    /sim/v1/hosts        ?host=
//   GET    /sim/v1/interfaces   ?mac= &subnet= &host=
//   GET    /sim/v1/addresses    ?mac= &subnet= &host= &ip=
//   GET    /sim/v1/calls        ?action= &host= &since=NUMBER, oldest first
//   GET    /sim/v1/keys         public keys
//   GET    /sim/v1/fabric       404 without --fabric
//   (lists take &offset= &limit=)
//
//   GET    /sim/v1/faults       rules (fault_rule.h), with matched and hits
//   PUT    /sim/v1/faults       [rule, ...] in place of all there are
//   POST   /sim/v1/faults       rule, or [rule, ...]; {"ids":[...]}
//   DELETE /sim/v1/faults       all
//   DELETE /sim/v1/faults/ID
//
//   POST   /sim/v1/addresses/take   {"ip"}          from whoever has it
//   POST   /sim/v1/addresses/give   {"ip","mac"}    nobody has it yet
//   POST   /sim/v1/addresses/move   {"ip","mac"}    from whoever has it
//          ("vpc" besides, where VPCs overlap)
//   PUT    /sim/v1/hosts/HOST/netns  {"path"}: the host boots in that network
//                               namespace; interfaces are plugged in there
//   DELETE /sim/v1/hosts/HOST/netns
//   PUT    /sim/v1/lag          {"lag_ms"}: all reads see the past
//   POST   /sim/v1/keys         {"public_key","private_key"}
//   PUT    /sim/v1/keys         {"sts_life_ms"}: of keys to come; 0 as the
//   cloud DELETE /sim/v1/keys         all temporary keys end now POST
//   /sim/v1/reset        interfaces and addresses as at the start; no
//                               faults, no lag, no calls, no temporary keys
//
// What is wrong is {"error":"..."} with 400, 404 or 409.
namespace applets::vpcsim {

class Inspector {
 public:
  // What the inspector changes that others must know.
  struct Hooks {
    Clock clock;
    // Rules were set or erased.
    std::function<void()> on_faults = [] {};
  };

  // The simulator must live longer. What the world is now is what reset brings
  // back.
  Inspector(Simulator& simulator, Hooks hooks);

  // Shows the fabric from now on, which must live longer; null for none.
  void Show(const Fabric* fabric) { fabric_ = fabric; }

  void OnRequest(const HttpRequest& request, const HttpReply& reply);

 private:
  using Handler =
      absl::StatusOr<std::string> (Inspector::*)(const HttpRequest& request);

  absl::StatusOr<HttpAnswer> Route(const HttpRequest& request);
  absl::StatusOr<std::string> Get(absl::string_view what,
                                  const HttpRequest& request) const;
  absl::StatusOr<std::string> Change(const HttpRequest& request);
  absl::StatusOr<std::string> PutFaults(const HttpRequest& request);
  absl::StatusOr<std::string> PostFaults(const HttpRequest& request);
  absl::StatusOr<std::string> DeleteFaults(const HttpRequest& request);
  absl::StatusOr<std::string> DeleteFault(const std::string& id);
  absl::StatusOr<std::string> SetFaults(std::vector<FaultRule> rules);
  absl::StatusOr<std::string> TakeAddress(const HttpRequest& request);
  absl::StatusOr<std::string> GiveAddress(const HttpRequest& request);
  absl::StatusOr<std::string> MoveAddress(const HttpRequest& request);
  absl::StatusOr<std::string> ChangeNetns(absl::string_view host,
                                          const HttpRequest& request);
  absl::StatusOr<std::string> PutLag(const HttpRequest& request);
  absl::StatusOr<std::string> PostKeys(const HttpRequest& request);
  absl::StatusOr<std::string> PutKeys(const HttpRequest& request);
  absl::StatusOr<std::string> DeleteKeys(const HttpRequest& request);
  absl::StatusOr<std::string> Reset(const HttpRequest& request);

  Simulator& simulator_;
  Hooks hooks_;
  const Fabric* fabric_ = nullptr;
  Snapshot start_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_INSPECT_H_
