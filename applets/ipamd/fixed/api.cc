#include "applets/ipamd/fixed/api.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "base/json.h"
#include "base/status.h"
#include "glog/logging.h"
#include "kube/lease.h"
#include "kube/resource.h"

namespace applets::ipamd::fixed {
namespace {

constexpr absl::Duration kListLimit = absl::Seconds(20);

absl::Time Deadline() { return absl::Now() + kCallLimit; }

template <typename T>
absl::StatusOr<std::optional<T>> Read(
    const absl::StatusOr<base::Json>& object,
    absl::StatusOr<T> (*decode)(const base::Json&)) {
  if (absl::IsNotFound(object.status())) return std::optional<T>();
  RETURN_IF_ERROR(object.status());
  ASSIGN_OR_RETURN(T decoded, decode(*object));
  return std::optional<T>(std::move(decoded));
}

// {"metadata":{"finalizers":[…]}}
std::string FinalizersPatch(const std::vector<std::string>& finalizers) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  base::WriteKey(w, "metadata");
  w.StartObject();
  base::WriteKey(w, "finalizers");
  w.StartArray();
  for (const std::string& one : finalizers) base::WriteString(w, one);
  w.EndArray();
  w.EndObject();
  w.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace

kube::ClientOptions ApiOptions() {
  kube::ClientOptions options;
  options.attempt_timeout = absl::Seconds(3);
  options.max_attempts = 3;
  options.max_idle_connections = 2;
  return options;
}

absl::StatusOr<std::optional<kube::VpcIpClaim>> GetClaim(
    kube::Client& client, const kube::ObjectKey& key) {
  return Read(client.Get(kube::kVpcIpClaims, key, Deadline()),
              &kube::DecodeVpcIpClaim);
}

absl::StatusOr<std::optional<kube::Pod>> GetPod(kube::Client& client,
                                                const kube::ObjectKey& key) {
  return Read(client.Get(kube::kPods, key, Deadline()), &kube::DecodePod);
}

absl::StatusOr<std::optional<kube::Lease>> GetLease(
    kube::Client& client, const kube::ObjectKey& key) {
  return Read(client.Get(kube::kLeases, key, Deadline()), &kube::DecodeLease);
}

absl::StatusOr<kube::VpcIpClaim> MakeClaim(kube::Client& client,
                                           const kube::VpcIpClaim& claim) {
  ASSIGN_OR_RETURN(const base::Json made,
                   client.Create(kube::kVpcIpClaims, claim.meta.key.name_space,
                                 kube::EncodeVpcIpClaim(claim), Deadline()));
  return kube::DecodeVpcIpClaim(made);
}

absl::StatusOr<kube::VpcIpClaim> WriteClaim(kube::Client& client,
                                            const kube::VpcIpClaim& claim) {
  ASSIGN_OR_RETURN(const base::Json written,
                   client.Patch({.resource = kube::kVpcIpClaims,
                                 .key = claim.meta.key,
                                 .patch = kube::VpcIpClaimPatch(claim)},
                                Deadline()));
  return kube::DecodeVpcIpClaim(written);
}

absl::StatusOr<kube::Lease> MakeLease(kube::Client& client,
                                      const kube::Lease& lease) {
  ASSIGN_OR_RETURN(const base::Json made,
                   client.Create(kube::kLeases, lease.meta.key.name_space,
                                 kube::EncodeLease(lease), Deadline()));
  return kube::DecodeLease(made);
}

absl::StatusOr<kube::Lease> WriteLease(kube::Client& client,
                                       const kube::Lease& lease) {
  ASSIGN_OR_RETURN(const base::Json written,
                   client.Patch({.resource = kube::kLeases,
                                 .key = lease.meta.key,
                                 .patch = kube::LeasePatch(lease)},
                                Deadline()));
  return kube::DecodeLease(written);
}

absl::Status Unfinalize(kube::Client& client, const kube::ObjectKey& key,
                        const std::string& uid) {
  const absl::Status status =
      client
          .Modify(
              kube::kVpcIpClaims, key,
              [&](const base::Json& object)
                  -> absl::StatusOr<std::optional<std::string>> {
                ASSIGN_OR_RETURN(kube::ObjectMeta meta,
                                 kube::DecodeMeta(object));
                const size_t before = meta.finalizers.size();
                std::erase(meta.finalizers, kube::kClaimFinalizer);
                if (meta.uid != uid || meta.finalizers.size() == before) {
                  return std::optional<std::string>();
                }
                return std::optional<std::string>(
                    FinalizersPatch(meta.finalizers));
              },
              Deadline())
          .status();
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<pool::Tenants> ListTenants(kube::Client& client) {
  const auto list =
      client.List({.resource = kube::kVpcIpClaims}, absl::Now() + kListLimit);
  if (absl::IsNotFound(list.status()) ||
      absl::IsPermissionDenied(list.status())) {
    LOG(WARNING) << "fixed: claims can't be listed, so nothing is taken for "
                    "fixed: "
                 << list.status().message();
    return pool::Tenants();
  }
  RETURN_IF_ERROR(list.status());
  pool::Tenants tenants;
  for (const base::Json& item : list->items) {
    const auto claim = kube::DecodeVpcIpClaim(item);
    if (!claim.ok()) continue;  // it names no address
    const kube::ObjectKey& key = claim->meta.key;
    tenants[claim->ip] = {key.name_space, key.name, claim->meta.uid};
  }
  return tenants;
}

}  // namespace applets::ipamd::fixed
