#ifndef CNIVPC_APPLETS_VPCSIM_EXCHANGE_H_
#define CNIVPC_APPLETS_VPCSIM_EXCHANGE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/call_log.h"
#include "applets/vpcsim/fault.h"
#include "applets/vpcsim/server.h"
#include "applets/vpcsim/simulator.h"

namespace applets::vpcsim {

// A request that waits for its answer, and how it would be answered if nothing
// went wrong.
struct Exchange {
  Subject subject = {};
  CallRecord record = {};
  // Performs it; not called when a fault keeps it from taking effect.
  std::function<HttpAnswer(const Bend&)> perform = {};
  // The answer if a fault refuses it.
  std::function<HttpAnswer(const Refusal&)> refuse = {};
  // The caller's temporary key isn't valid any more.
  std::function<void()> expire_token = {};
  HttpReply reply = {};
};

// Lets faults have their way with requests, answers and writes them down. All
// on the loop's thread.
class Exchanges {
 public:
  // All must live longer.
  Exchanges(Simulator& simulator, Delays& delays, Clock clock)
      : simulator_(simulator), delays_(delays), clock_(std::move(clock)) {}

  // An exchange that starts now.
  Exchange Open(const HttpRequest& request, absl::string_view action,
                HttpReply reply);
  // With faults.
  void Run(Exchange exchange);
  // At once, without faults.
  void Answer(Exchange exchange, HttpAnswer answer);

  absl::Time now() const { return clock_(); }

 private:
  struct Judged;
  void TakeEffect(const std::shared_ptr<Judged>& judged);
  void Finish(const std::shared_ptr<Judged>& judged);

  Simulator& simulator_;
  Delays& delays_;
  Clock clock_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_EXCHANGE_H_
