#include "applets/cni/plugin.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "applets/cni/add.h"
#include "applets/cni/check.h"
#include "applets/cni/config.h"
#include "applets/cni/del.h"
#include "applets/cni/environment.h"
#include "applets/cni/error.h"
#include "applets/cni/log.h"
#include "applets/cni/node_verbs.h"
#include "applets/cni/request.h"
#include "base/status.h"

namespace applets::cni {
namespace {

// What a call has come to know of itself, for telling of a failure.
class Call {
 public:
  Call(const Invocation& invocation, Leasing& leasing)
      : invocation_(invocation), leasing_(leasing) {
    outcome_.log_file = kDefaultLogFile;
  }

  Outcome Run() {
    auto out = Perform();
    if (!out.ok()) return Fail(out.status());
    outcome_.out = *std::move(out);
    if (!outcome_.out.empty()) outcome_.out += "\n";
    return std::move(outcome_);
  }

 private:
  absl::StatusOr<std::string> Perform();
  absl::StatusOr<Request> Understand(const base::Json& document);
  absl::Status CheckVersion() const;
  absl::StatusOr<std::string> Dispatch(const Request& request);
  absl::Status Delete(const Request& request);

  Outcome Fail(const absl::Status& status);
  void Log(Severity severity, const absl::Status& status);

  const Invocation& invocation_;
  Leasing& leasing_;
  Environment environment_;
  SpecVersion version_ = kNewestVersion;
  std::string network_;
  Outcome outcome_;
};

// stdin is read and its version taken before the environment is complained
// about.
absl::StatusOr<std::string> Call::Perform() {
  auto environment = ReadEnvironment(invocation_.getenv);
  if (environment.ok()) environment_ = *environment;
  const auto text = invocation_.read_stdin();
  if (environment.ok() && environment_.verb == Verb::kVersion) {
    return DescribeVersions(text.value_or(""));
  }
  const auto document = text.ok()
                            ? ParseDocument(*text)
                            : ErrorWithCode(Code::kIo, "stdin can't be read",
                                            text.status().message());
  if (document.ok()) {
    version_ = ParseVersion(*document).value_or(kNewestVersion);
    outcome_.log_file = LogFileOf(*document);
  }
  RETURN_IF_ERROR(environment.status());
  RETURN_IF_ERROR(document.status());
  ASSIGN_OR_RETURN(const Request request, Understand(*document));
  return Dispatch(request);
}

absl::StatusOr<Request> Call::Understand(const base::Json& document) {
  Request request;
  request.environment = environment_;
  request.document = document;
  ASSIGN_OR_RETURN(request.config, ParseConfig(document));
  request.started_at = invocation_.started_at;
  network_ = request.config.name;
  RETURN_IF_ERROR(CheckVersion());
  if (environment_.verb == Verb::kAdd || environment_.verb == Verb::kStatus) {
    RETURN_IF_ERROR(CheckSupported(document));
  }
  return request;
}

absl::Status Call::CheckVersion() const {
  const Verb verb = environment_.verb;
  SpecVersion first = kOldestVersion;
  if (verb == Verb::kCheck) first = kFirstWithCheck;
  if (verb == Verb::kGc || verb == Verb::kStatus) first = kFirstWithGcAndStatus;
  if (version_ >= first) return absl::OkStatus();
  return ErrorWithCode(
      Code::kIncompatibleVersion,
      absl::StrCat(ToString(verb), " needs cniVersion ", ToString(first),
                   ", the configuration has ", ToString(version_)));
}

absl::StatusOr<std::string> Call::Dispatch(const Request& request) {
  const auto silently = [](absl::Status status) -> absl::StatusOr<std::string> {
    if (!status.ok()) return status;
    return std::string();
  };
  switch (environment_.verb) {
    case Verb::kAdd:
      return Add(request, leasing_);
    case Verb::kDel:
      return silently(Delete(request));
    case Verb::kCheck:
      return silently(Check(request, leasing_));
    case Verb::kGc:
      return silently(CollectGarbage(request.config, leasing_));
    case Verb::kStatus:
      return silently(ReportStatus(request.config, leasing_));
    case Verb::kVersion:
      break;
  }
  return absl::InternalError("VERSION has been answered before");
}

absl::Status Call::Delete(const Request& request) {
  const Deletion deletion = Del(request, leasing_);
  if (!deletion.trouble.ok()) Log(Severity::kWarning, deletion.trouble);
  return deletion.status;
}

Outcome Call::Fail(const absl::Status& status) {
  Log(Severity::kError, status);
  outcome_.exit_status = 1;
  outcome_.out =
      absl::StrCat(ToJson(ToError(status, environment_.verb), version_), "\n");
  return std::move(outcome_);
}

void Call::Log(Severity severity, const absl::Status& status) {
  LogEntry entry;
  entry.time = invocation_.now();
  entry.severity = severity;
  entry.environment = environment_;
  entry.network = network_;
  entry.error = ToError(status, environment_.verb);
  absl::StrAppend(&outcome_.log, outcome_.log.empty() ? "" : "\n",
                  FormatLine(entry));
}

}  // namespace

Outcome Run(const Invocation& invocation, Leasing& leasing) {
  return Call(invocation, leasing).Run();
}

}  // namespace applets::cni
