#ifndef CNIVPC_VPC_UCLOUD_RET_CODE_H_
#define CNIVPC_VPC_UCLOUD_RET_CODE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace vpc::ucloud {

// What the API's answers mean. RetCodes first:
//
//   code   what                              status               then
//   110    time-out behind the gateway       DEADLINE_EXCEEDED    unknown
//   130    the gateway's own trouble         UNAVAILABLE          unknown
//   150    service unavailable               UNAVAILABLE          repeat
//   153    too many calls                    UNAVAILABLE          repeat
//   160    Action missing                    INVALID_ARGUMENT
//   161    no such Action                    UNIMPLEMENTED
//   170    signature missing                 UNAUTHENTICATED
//   171    signature wrong                   UNAUTHENTICATED
//   172    no such user                      UNAUTHENTICATED
//   174    no such token, or it has expired  UNAUTHENTICATED      new keys
//   220    a parameter is missing            INVALID_ARGUMENT
//   230    a parameter makes no sense        INVALID_ARGUMENT
//   292    no such project                   PERMISSION_DENIED
//   293    no right to the zone              PERMISSION_DENIED
//   294    source address refused            PERMISSION_DENIED
//   299    refused by IAM                    PERMISSION_DENIED
//   57000  no address left in the subnet     RESOURCE_EXHAUSTED
//   58205  interface is attached already     ALREADY_EXISTS
//   58221  no such secondary address         NOT_FOUND
//   any other                                FAILED_PRECONDITION
//
// An HTTP status without a RetCode:
//
//   429    too many calls                    UNAVAILABLE          repeat
//   5xx                                      UNAVAILABLE          unknown
//   any other but 200                        FAILED_PRECONDITION
//
// "unknown": it may have been done or not, so only an action that may be
// repeated is. "repeat": it hasn't been done, so each action may be.
inline constexpr int kTimeout = 110;
inline constexpr int kGatewayFailed = 130;
inline constexpr int kUnavailable = 150;
inline constexpr int kThrottled = 153;
inline constexpr int kActionMissing = 160;
inline constexpr int kNoSuchAction = 161;
inline constexpr int kSignatureMissing = 170;
inline constexpr int kSignatureWrong = 171;
inline constexpr int kNoSuchUser = 172;
inline constexpr int kNoSuchToken = 174;
inline constexpr int kParameterMissing = 220;
inline constexpr int kParameterWrong = 230;
inline constexpr int kNoSuchProject = 292;
inline constexpr int kNoRightToZone = 293;
inline constexpr int kSourceRefused = 294;
inline constexpr int kDeniedByIam = 299;
inline constexpr int kSubnetFull = 57000;
inline constexpr int kAttachedAlready = 58205;
inline constexpr int kNoSuchAddress = 58221;

// An answer that is not success.
struct Refusal {
  std::string action = {};
  int ret_code = 0;  // 0: there is none, only an HTTP status
  int http_status = 200;
  std::string message = {};       // in the API's words
  std::string request_uuid = {};  // X-UCLOUD-REQUEST-UUID; "" if not told
};

// "AllocateSecondaryIp: RetCode 57000: no more IP (request UUID 5f…)". Message
// and UUID are shortened and have their control characters escaped.
absl::Status ToStatus(const Refusal& refusal);

// The RetCode that `status` was made from; nullopt if there was none.
std::optional<int> RetCodeOf(const absl::Status& status);

// The call hasn't been done and may be soon: 150, 153, HTTP 429, or the request
// wasn't sent (base::WasNotSent).
bool MayBeRepeated(const absl::Status& status);
// The API asks for fewer calls: 153, HTTP 429.
bool IsThrottled(const absl::Status& status);

// Whether what was asked for may have been done, although `status` is an error:
// DEADLINE_EXCEEDED and UNAVAILABLE (so any request that broke or got no
// answer), but for MayBeRepeated.
bool OutcomeIsUnknown(const absl::Status& status);

// An error in the words of vpc/provider.h: what certainly hasn't been done, but
// may be soon, is ABORTED there.
absl::Status ForProvider(const absl::Status& status);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_RET_CODE_H_
