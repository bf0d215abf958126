#ifndef CNIVPC_APPLETS_IPAMD_FIXED_API_H_
#define CNIVPC_APPLETS_IPAMD_FIXED_API_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/fixed/landlord.h"
#include "applets/ipamd/fixed/registrar.h"
#include "kube/client.h"
#include "kube/custom_resources.h"
#include "kube/objects.h"
#include "pool/recovery.h"

// The API server's calls about fixed addresses, in the words of the machines
// that ask for them. All block; kube::Client's errors.
namespace applets::ipamd::fixed {

// No call takes longer, repetitions included: an ADD makes up to four.
inline constexpr absl::Duration kCallLimit = absl::Seconds(6);

// How these calls are repeated.
kube::ClientOptions ApiOptions();

// nullopt: there is none.
absl::StatusOr<std::optional<kube::VpcIpClaim>> GetClaim(
    kube::Client& client, const kube::ObjectKey& key);
absl::StatusOr<std::optional<kube::Pod>> GetPod(kube::Client& client,
                                                const kube::ObjectKey& key);
absl::StatusOr<std::optional<kube::Lease>> GetLease(kube::Client& client,
                                                    const kube::ObjectKey& key);

absl::StatusOr<kube::VpcIpClaim> MakeClaim(kube::Client& client,
                                           const kube::VpcIpClaim& claim);
absl::StatusOr<kube::VpcIpClaim> WriteClaim(kube::Client& client,
                                            const kube::VpcIpClaim& claim);
absl::StatusOr<kube::Lease> MakeLease(kube::Client& client,
                                      const kube::Lease& lease);
absl::StatusOr<kube::Lease> WriteLease(kube::Client& client,
                                       const kube::Lease& lease);

// Takes our finalizer out of that very claim. OK if there is none any more.
absl::Status Unfinalize(kube::Client& client, const kube::ObjectKey& key,
                        const std::string& uid);

// The addresses of all claims. None where the cluster doesn't know the
// resource, or we may not see it: then there are none of ours.
absl::StatusOr<pool::Tenants> ListTenants(kube::Client& client);

}  // namespace applets::ipamd::fixed

#endif  // CNIVPC_APPLETS_IPAMD_FIXED_API_H_
