#ifndef CNIVPC_APPLETS_VPCSIM_API_H_
#define CNIVPC_APPLETS_VPCSIM_API_H_

#include <optional>

#include "applets/vpcsim/exchange.h"
#include "applets/vpcsim/server.h"
#include "applets/vpcsim/simulator.h"
#include "applets/vpcsim/wire.h"

namespace applets::vpcsim {

// The cloud's API over HTTP: who calls, and the action. Every answer has a
// request id, X-UCLOUD-REQUEST-UUID, and status 200 unless a fault says
// otherwise. What the request or the caller has wrong is told in this order:
//
//   230 unreadable     160 no Action      161 no such Action
//   170 no signature   172 no such user   174 no such token
//   171 wrong signature                   292 no such project
//
// On the loop's thread.
class Api {
 public:
  // Both must live longer.
  Api(Simulator& simulator, Exchanges& exchanges)
      : simulator_(simulator), exchanges_(exchanges) {}

  void OnRequest(const HttpRequest& request, HttpReply reply);

 private:
  std::optional<Refusal> Check(const WireCall& call) const;
  void Run(WireCall call, Exchange exchange);
  void Describe(const WireCall& call, Exchange& exchange) const;

  Simulator& simulator_;
  Exchanges& exchanges_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_API_H_
