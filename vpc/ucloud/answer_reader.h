#ifndef CNIVPC_VPC_UCLOUD_ANSWER_READER_H_
#define CNIVPC_VPC_UCLOUD_ANSWER_READER_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/http.h"
#include "base/json.h"
#include "vpc/ucloud/breaker.h"

namespace vpc::ucloud {

// What became of one request.
struct Reading {
  absl::Status status = {};
  // For vpc::Usage: "0", a RetCode, "http-503", "timeout", "reset",
  // "unreachable", or "unreadable".
  std::string outcome = {};
  Outcome verdict = Outcome::kOk;  // for the budget
  std::string request_uuid = {};   // "" if there was no answer
  // It was done, but its answer can't be read: asking again won't help.
  bool done = false;
};

// Reads what came back for `action`. `decode` gets the answer if its RetCode is
// 0. What the server says is quoted in errors, but for `secrets`, which become
// "***" also when they are percent-encoded.
//
// An answer that can't be read is UNAVAILABLE, as none at all is.
class AnswerReader {
 public:
  AnswerReader(absl::string_view action, std::vector<std::string> secrets)
      : action_(action), secrets_(std::move(secrets)) {}

  Reading Read(
      const absl::StatusOr<base::HttpResponse>& response,
      const std::function<absl::Status(const base::Json&)>& decode) const;

 private:
  Reading NoResponse(const absl::Status& status) const;
  Reading Refused(int ret_code, const base::HttpResponse& response,
                  const std::string& message) const;
  Reading Unreadable(const base::HttpResponse& response,
                     const absl::Status& why) const;
  std::string Scrub(absl::string_view text) const;
  std::string UuidOf(const base::HttpResponse& response) const;

  const std::string action_;
  const std::vector<std::string> secrets_;
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_ANSWER_READER_H_
