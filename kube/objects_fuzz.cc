// Any JSON is decoded as any kind of object, or refused with the field's name;
// what we write of it is read as the same again.

#include "kube/objects.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/json.h"
#include "kube/custom_resources.h"

namespace {

void Must(bool holds) {
  if (!holds) std::abort();
}

template <typename T>
bool IsRead(const absl::StatusOr<T>& decoded) {
  Must(decoded.ok() || absl::IsInvalidArgument(decoded.status()));
  return decoded.ok();
}

// What Encode… leaves out.
kube::ObjectMeta Written(kube::ObjectMeta meta) {
  meta.uid.clear();
  meta.resource_version.clear();
  meta.created.reset();
  meta.deletion.reset();
  return meta;
}

void Check(kube::Ipamd ipamd) {
  ipamd.meta = Written(std::move(ipamd.meta));
  const auto json = base::Json::Parse(kube::EncodeIpamd(ipamd));
  Must(json.ok());
  Must(*kube::DecodeIpamd(*json) == ipamd);
}

// Times go to the second.
void Check(kube::VpcIpClaim claim) {
  claim.meta = Written(std::move(claim.meta));
  if (claim.last_detached) {
    claim.last_detached =
        absl::FromUnixSeconds(absl::ToUnixSeconds(*claim.last_detached));
  }
  if (claim.keep) claim.keep = absl::Trunc(*claim.keep, absl::Seconds(1));
  const auto json = base::Json::Parse(kube::EncodeVpcIpClaim(claim));
  Must(json.ok());
  Must(*kube::DecodeVpcIpClaim(*json) == claim);
}

}  // namespace

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto json = base::Json::Parse(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!json.ok()) return 0;
  IsRead(kube::DecodePod(*json));
  IsRead(kube::DecodeNode(*json));
  IsRead(kube::DecodeStatefulSet(*json));
  IsRead(kube::DecodeLease(*json));
  IsRead(kube::DecodePodNetworking(*json));
  if (const auto ipamd = kube::DecodeIpamd(*json); IsRead(ipamd)) Check(*ipamd);
  if (const auto claim = kube::DecodeVpcIpClaim(*json); IsRead(claim)) {
    Check(*claim);
  }
  return 0;
}
