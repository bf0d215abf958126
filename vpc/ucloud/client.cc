#include "vpc/ucloud/client.h"

#include <algorithm>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "glog/logging.h"
#include "vpc/ucloud/ret_code.h"
#include "vpc/ucloud/sign.h"

namespace vpc::ucloud {
namespace {

// No keys: the status of a call must not read as one of its action's, for
// NOT_FOUND is how the deletion of an address ends that isn't there.
absl::Status NoKeys(absl::string_view action, const absl::Status& why) {
  const bool passing = why.code() == absl::StatusCode::kUnavailable ||
                       why.code() == absl::StatusCode::kDeadlineExceeded;
  return base::MarkNotSent(absl::Status(
      passing ? absl::StatusCode::kUnavailable
              : absl::StatusCode::kUnauthenticated,
      absl::StrCat(action, ": no keys to sign with: ", why.message())));
}

// Another attempt may end differently.
bool IsPassing(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kDeadlineExceeded;
}

}  // namespace

// How one attempt ended.
struct Client::Attempt {
  absl::Status status = {};
  bool final = false;  // another one makes no sense
  Keys keys = {};      // that signed it
};

Client::Client(ClientOptions options, Credentials& credentials, Gate& gate)
    : options_(std::move(options)),
      credentials_(credentials),
      gate_(gate),
      http_clients_(options_.http, options_.max_idle_connections) {}

Usage Client::usage() const {
  Usage usage = tally_.usage();
  usage.rate_per_second = gate_.rate();
  usage.circuit = gate_.circuit();
  return usage;
}

absl::Status Client::Perform(const Action& action, const CallOptions& options) {
  absl::Status unknown;  // of the first attempt that may have been done
  bool renewed = false;
  for (int count = 1;; ++count) {
    Attempt attempt = Try(action, options);
    if (!renewed && RetCodeOf(attempt.status) == kNoSuchToken) {
      credentials_.Expired(attempt.keys);
      renewed = true;
      attempt = Try(action, options);
    }
    if (attempt.status.ok()) return attempt.status;
    if (unknown.ok() && OutcomeIsUnknown(attempt.status)) {
      unknown = attempt.status;
    }
    if (!MayGoOn(action, attempt) || count >= options_.max_attempts ||
        !Pause(count, options.deadline)) {
      return Fail(attempt.status, unknown);
    }
  }
}

bool Client::MayGoOn(const Action& action, const Attempt& attempt) {
  const absl::Status& status = attempt.status;
  return !attempt.final && IsPassing(status) &&
         (MayBeRepeated(status) || action.repeatable);
}

// How the last attempt ended says nothing about an earlier one that may have
// been done; but that the thing isn't there does.
absl::Status Client::Fail(const absl::Status& last,
                          const absl::Status& unknown) {
  const bool certain = unknown.ok() || OutcomeIsUnknown(last) ||
                       last.code() == absl::StatusCode::kNotFound;
  absl::Status status =
      certain ? last
              : base::Annotate(unknown,
                               absl::StrCat(last.message(), "; before that"));
  tally_.Failed(status.message());
  return status;
}

bool Client::Pause(int attempts, absl::Time deadline) const {
  absl::Duration longest = options_.first_backoff;
  for (int i = 1; i < attempts && longest < options_.max_backoff; ++i) {
    longest *= 2;
  }
  longest = std::min(longest, options_.max_backoff);
  absl::BitGen random;
  const absl::Duration pause =
      longest * absl::Uniform(absl::IntervalClosed, random, 0.5, 1.0);
  if (absl::Now() + pause >= deadline) return false;
  absl::SleepFor(pause);
  return true;
}

Client::Attempt Client::Try(const Action& action, const CallOptions& options) {
  absl::StatusOr<Keys> keys = credentials_.Get();
  if (!keys.ok()) return {.status = NoKeys(action.name, keys.status())};
  const absl::StatusOr<absl::Duration> waited =
      gate_.Enter(options.priority, options.deadline);
  if (!waited.ok()) {
    return {.status =
                base::MarkNotSent(base::Annotate(waited.status(), action.name)),
            .final = true};
  }
  tally_.Waited(*waited);
  const absl::Time started = absl::Now();
  const Reading reading = Send(action, *keys, options.deadline);
  const absl::Duration took = absl::Now() - started;
  gate_.Leave(reading.verdict);
  tally_.Ended(action.name, reading.outcome, took);
  VLOG(1) << "action=" << action.name << " outcome=" << reading.outcome
          << " took=" << took << " request_uuid=" << reading.request_uuid;
  return {.status = reading.status,
          .final = reading.done,
          .keys = *std::move(keys)};
}

Reading Client::Send(const Action& action, const Keys& keys,
                     absl::Time deadline) {
  Params params = action.params;
  const std::string& project =
      options_.project_id.empty() ? keys.project_id : options_.project_id;
  params.emplace("Action", action.name);
  params.emplace("PublicKey", keys.public_key);
  if (!options_.region.empty()) params.emplace("Region", options_.region);
  if (!project.empty()) params.emplace("ProjectId", project);
  if (!keys.security_token.empty()) {
    params.emplace("SecurityToken", keys.security_token);
  }
  const std::string signature =
      Sign(params, options_.encoding, keys.private_key);
  params.emplace("Signature", signature);
  const base::HttpRequest request = {
      .method = "POST",
      // The API reads the body only; the query is for the logs on the way.
      .url = absl::StrCat(absl::StripSuffix(options_.endpoint, "/"),
                          "/?Action=", action.name),
      .headers = {{"Content-Type",
                   std::string(ContentTypeOf(options_.encoding))}},
      .body = BodyOf(params, options_.encoding),
      .timeout = std::min(options_.attempt_timeout, deadline - absl::Now())};
  const AnswerReader reader(action.name, {keys.private_key, keys.public_key,
                                          keys.security_token, signature});
  return reader.Read(http_clients_.Do(request), action.decode);
}

}  // namespace vpc::ucloud
