#ifndef CNIVPC_VPC_UCLOUD_CREDENTIALS_DOCUMENT_H_
#define CNIVPC_VPC_UCLOUD_CREDENTIALS_DOCUMENT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "vpc/ucloud/credentials.h"

namespace vpc::ucloud {

// The metadata service's answers about a role's temporary keys:
//
//   v1 {"RetCode": 0, "Data": {"PublicKey", "PrivateKey", "SecurityToken",
//       "Expiration": UNIX SECONDS, "ProjectID"}}
//   v2 {"RetCode": 0, "Data": {"AccessKeyId", "AccessKeySecret",
//       "SecurityToken", "Expiration": "RFC 3339", "ProjectID"}}
//
// All but ProjectID (and RetCode, where 0 is meant) must be there.
// FAILED_PRECONDITION gives the RetCode of a refusal; INVALID_ARGUMENT names
// the path of what is wrong. Neither quotes a value of Data.
absl::StatusOr<Keys> ParseKeysV1(absl::string_view document);
absl::StatusOr<Keys> ParseKeysV2(absl::string_view document);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_CREDENTIALS_DOCUMENT_H_
