#include "vpc/ucloud/credentials.h"

#include "absl/strings/str_cat.h"

namespace vpc::ucloud {

bool SameKeys(const Keys& a, const Keys& b) {
  return a.public_key == b.public_key && a.private_key == b.private_key &&
         a.security_token == b.security_token;
}

absl::StatusOr<Keys> CredentialsChain::Get() {
  absl::StatusCode code = absl::StatusCode::kNotFound;
  std::string reasons;
  for (const std::unique_ptr<Credentials>& source : sources_) {
    absl::StatusOr<Keys> keys = source->Get();
    if (keys.ok()) return keys;
    if (code == absl::StatusCode::kNotFound) code = keys.status().code();
    absl::StrAppend(&reasons, reasons.empty() ? "" : "; ",
                    keys.status().message());
  }
  return absl::Status(
      code, absl::StrCat("no keys for the VPC's API: ",
                         reasons.empty() ? "no source of them" : reasons));
}

void CredentialsChain::Expired(const Keys& used) {
  for (const std::unique_ptr<Credentials>& source : sources_) {
    source->Expired(used);
  }
}

}  // namespace vpc::ucloud
