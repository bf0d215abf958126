#ifndef CNIVPC_KUBE_RESOURCE_H_
#define CNIVPC_KUBE_RESOURCE_H_

#include <compare>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kube {

// A kind of objects, as URLs name it.
struct Resource {
  absl::string_view group;  // "" for the core group
  absl::string_view version;
  absl::string_view plural;
};

inline constexpr Resource kPods = {"", "v1", "pods"};
inline constexpr Resource kNodes = {"", "v1", "nodes"};
inline constexpr Resource kEvents = {"", "v1", "events"};
inline constexpr Resource kStatefulSets = {"apps", "v1", "statefulsets"};
inline constexpr Resource kLeases = {"coordination.k8s.io", "v1", "leases"};
inline constexpr Resource kIpamds = {"vpc.uk8s.ucloud.cn", "v1beta1", "ipamds"};
inline constexpr Resource kVpcIpClaims = {"vpc.uk8s.ucloud.cn", "v1beta1",
                                          "vpcipclaims"};
inline constexpr Resource kPodNetworkings = {"vpc.uk8s.ucloud.cn", "v1beta1",
                                             "podnetworkings"};

// An object of a resource.
struct ObjectKey {
  std::string name_space = {};  // "" if the resource has none
  std::string name = {};

  // "kube-system/x", or "x".
  std::string ToString() const;
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

// "NAME=VALUE"s of a URL's query, unencoded.
using QueryParams = std::vector<std::pair<std::string, std::string>>;

// "/api/v1/namespaces/N/pods" or "/apis/…"; all namespaces if `name_space` is
// "". INVALID_ARGUMENT: a name that can't be one.
absl::StatusOr<std::string> CollectionPath(const Resource& resource,
                                           absl::string_view name_space);
// The path of an object, or of its `subresource` if that isn't "".
absl::StatusOr<std::string> ObjectPath(const Resource& resource,
                                       const ObjectKey& key,
                                       absl::string_view subresource = "");

// "" or "?a=b&c=d". Values that are "" are left out.
std::string QueryOf(const QueryParams& params);

}  // namespace kube

#endif  // CNIVPC_KUBE_RESOURCE_H_
