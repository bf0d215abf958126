#ifndef CNIVPC_VPC_UCLOUD_CLIENT_H_
#define CNIVPC_VPC_UCLOUD_CLIENT_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/http.h"
#include "base/http_clients.h"
#include "base/json.h"
#include "base/status.h"
#include "vpc/provider.h"
#include "vpc/ucloud/answer_reader.h"
#include "vpc/ucloud/budget_gate.h"
#include "vpc/ucloud/credentials.h"
#include "vpc/ucloud/tally.h"
#include "vpc/ucloud/value.h"

namespace vpc::ucloud {

struct ClientOptions {
  // http://api.service.ucloud.cn from inside a VPC.
  std::string endpoint = "https://api.ucloud.cn";
  std::string region = {};
  std::string project_id = {};  // "" for that of the keys
  Encoding encoding = Encoding::kForm;
  base::HttpOptions http = {};
  absl::Duration attempt_timeout = absl::Seconds(30);
  int max_attempts = 4;  // of one call, the first included
  // Between two attempts passes a random time of up to first_backoff, which
  // doubles each time up to max_backoff; half of it at least.
  absl::Duration first_backoff = absl::Milliseconds(500);
  absl::Duration max_backoff = absl::Seconds(8);
  size_t max_idle_connections = 8;
};

struct CallOptions {
  Priority priority = Priority::kPod;
  // For all of it: the wait for the budget, the attempts, the pauses between.
  absl::Time deadline = absl::InfiniteFuture();
};

// Calls actions of UCloud's API: waits for the budget, signs, sends, reads the
// answer. May be used by several threads at once; a call blocks.
//
//   ASSIGN_OR_RETURN(const BatchAnswer got,
//                    client.Call(AllocateBatchSecondaryIp{...}, {.deadline =
//                    t}));
//
// What is sent again, within the deadline and max_attempts:
//   - any action, if it certainly hasn't been done (MayBeRepeated in
//     ret_code.h): not sent, throttled, service unavailable
//   - any action once with new keys, if its token has expired (RetCode 174)
//   - a repeatable() action, also if nobody knows whether it was done
// Nothing else: of an action that isn't repeatable, an attempt with an unknown
// outcome is the last.
//
// Errors, beside those in ret_code.h, credentials.h and budget_gate.h:
// UNAVAILABLE or DEADLINE_EXCEEDED when there was no answer, or none that can
// be read. OutcomeIsUnknown(status) tells whether it may have been done
// nevertheless, by any of the attempts: the error of such a one takes
// precedence over later ones, but for NOT_FOUND. Errors have the API's request
// UUID if there was an answer. No key, token or signature ever stands in an
// error or in the log, even when the API quotes one.
class Client {
 public:
  // `credentials` and `gate` are borrowed.
  Client(ClientOptions options, Credentials& credentials, Gate& gate);

  template <typename Request>
  absl::StatusOr<typename Request::Answer> Call(const Request& request,
                                                const CallOptions& options) {
    RETURN_IF_ERROR(request.Check());
    typename Request::Answer answer;
    const Action action{Request::kAction, request.params(),
                        request.repeatable(),
                        [&answer](const base::Json& json) {
                          ASSIGN_OR_RETURN(answer, Request::Decode(json));
                          return absl::OkStatus();
                        }};
    RETURN_IF_ERROR(Perform(action, options));
    return answer;
  }

  // Each attempt counts as a call. Outcomes, beside those that vpc::Usage
  // names: "http-503", a status without a RetCode; "unreadable", an answer that
  // can't be read.
  Usage usage() const;

 private:
  struct Action {
    absl::string_view name;
    Params params;
    bool repeatable;
    std::function<absl::Status(const base::Json&)> decode;
  };
  struct Attempt;

  absl::Status Perform(const Action& action, const CallOptions& options);
  static bool MayGoOn(const Action& action, const Attempt& attempt);
  absl::Status Fail(const absl::Status& last, const absl::Status& unknown);
  Attempt Try(const Action& action, const CallOptions& options);
  Reading Send(const Action& action, const Keys& keys, absl::Time deadline);
  // Passes the time until the next attempt; false, at once, if the deadline is
  // before that.
  bool Pause(int attempts, absl::Time deadline) const;

  const ClientOptions options_;
  Credentials& credentials_;
  Gate& gate_;
  base::HttpClients http_clients_;
  Tally tally_;
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_CLIENT_H_
