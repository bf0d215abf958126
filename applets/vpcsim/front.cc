#include "applets/vpcsim/front.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::vpcsim {
namespace {

HttpAnswer NotHere() {
  HttpAnswer answer;
  answer.status = 404;
  answer.body = "{\"error\":\"there is nothing here\"}";
  return answer;
}

}  // namespace

Front::Front(base::Loop& loop, Simulator& simulator, Clock clock)
    : loop_(loop),
      simulator_(simulator),
      clock_(std::move(clock)),
      delays_(loop),
      exchanges_(simulator, delays_, clock_),
      api_(simulator, exchanges_),
      metadata_(simulator, exchanges_),
      inspector_(simulator, {clock_, [this] { OnFaults(); }}),
      due_(loop, [this] { OnDue(); }) {}

absl::StatusOr<Endpoint> Front::Listen(const Place& place) {
  ASSIGN_OR_RETURN(std::unique_ptr<Server> server,
                   Server::Listen(loop_, place.endpoint,
                                  [this, place](const HttpRequest& request,
                                                HttpReply reply) {
                                    Serve(place, request, std::move(reply));
                                  }));
  servers_.push_back(std::move(server));
  return servers_.back()->endpoint();
}

void Front::Serve(const Place& place, const HttpRequest& request,
                  HttpReply reply) {
  if (place.api && request.path == "/") {
    api_.OnRequest(request, std::move(reply));
  } else if (place.metadata && absl::StartsWith(request.path, "/meta-data/")) {
    metadata_.OnRequest(request, place.host, std::move(reply));
  } else if (place.inspection && request.path != "/") {
    inspector_.OnRequest(request, reply);
  } else {
    reply(NotHere());
  }
}

void Front::OnFaults() {
  const absl::Time due = simulator_.faults.next_due();
  if (due == absl::InfiniteFuture()) {
    due_.Cancel();
  } else {
    due_.Set(due - clock_());
  }
}

void Front::OnDue() {
  simulator_.world.SetTime(clock_());
  for (const OutOfBand& change : simulator_.faults.Due(clock_())) {
    Disturb(simulator_, change);
  }
  if (const absl::Status kept = simulator_.commit(); !kept.ok()) {
    LOG(ERROR) << "--persist: " << kept.message();
  }
  OnFaults();
}

}  // namespace applets::vpcsim
