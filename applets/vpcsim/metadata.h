#ifndef CNIVPC_APPLETS_VPCSIM_METADATA_H_
#define CNIVPC_APPLETS_VPCSIM_METADATA_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/keys.h"
#include "applets/vpcsim/world.h"

// What a host's metadata service says. Pure. The document, of a cloud host:
//
//   {"availability-zone": "cn-bj2-04", "instance-id": "uhost-1",
//    "region": "cn-bj2",
//    "uhost": {"cpu": 8, "memory": 16384, "name": "node-a",
//              "project-id": "org-1", "region": "cn-bj2",
//              "uhost-id": "uhost-1", "zone": "cn-bj2-04",
//              "network-interfaces": [
//                {"default": true, "id": "uni-1",
//                 "ips": [{"ip-address": "10.0.0.5", "type": "Private"}],
//                 "mac": "52:54:00:7E:00:11", "subnet-id": "subnet-1",
//                 "vpc-id": "uvnet-1"}]}}
//
// On bare metal "uphost" (and "uphost-id") is in place of "uhost". Older nodes
// lack `default` and `id` of interfaces. The default interface comes first.
//
//   /meta-data/v1.json         the document
//   /meta-data/v1/KEY          what is at KEY in it (/region, /uhost/cpu,
//                              /uhost/network-interfaces/0/mac) as text; of an
//                              object or a list the names in it, "/NAME" a line
//   /meta-data/latest/KEY      the same, and /meta-data/latest.json
//   /meta-data/v1/uam/security-credentials/ROLE    temporary keys
//   /meta-data/v2/iam/security-credentials/ROLE    the same, newer
namespace applets::vpcsim {

// A host's document.
std::string MetadataOf(const World& world, const Host& host);

// What is at a path under /meta-data/, "v1/region" for instance; nullopt when
// there is nothing.
std::optional<std::string> MetadataAt(const World& world, const Host& host,
                                      absl::string_view path);

// A path that asks for temporary keys.
struct StsRequest {
  enum class Version { kV1, kV2 };
  Version version = Version::kV1;
  std::string role;
};
// `path` as for MetadataAt.
std::optional<StsRequest> ReadStsPath(absl::string_view path);

// How long keys live that are asked for with that header Duration-Seconds of
// v2: 900 to 3600 seconds; 3600 if there is none. Refuses with kBadParameter.
Result<absl::Duration> ReadStsDuration(absl::string_view header);

// The answer; also for roles that the host doesn't have (with the refusal).
std::string StsAnswer(const StsRequest& request, const World& world,
                      const TemporaryKey& key);
std::string StsRefusal(const Refusal& refusal);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_METADATA_H_
