#ifndef CNIVPC_KUBE_CUSTOM_RESOURCES_H_
#define CNIVPC_KUBE_CUSTOM_RESOURCES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/json.h"
#include "kube/objects.h"

// UK8S's custom resources, group vpc.uk8s.ucloud.cn/v1beta1: names, fields and
// meanings are UK8S's, for clusters hold such objects. None has a status
// subresource, so a status is written together with the object, or patched into
// it. deploy/crds.yaml has their schemas.
//
// Decoding is tolerant: of what other versions write, what can't be understood
// is as if it were missing, but where a wrong guess would do harm. Errors are
// INVALID_ARGUMENT and name the field. Encode… makes an object to create;
// …Patch a merge patch that leaves fields alone which aren't known here.
namespace kube {

// Labels, annotations and finalizers of UK8S.
inline constexpr char kAttachedLabel[] = "attached";  // "true", "false"
inline constexpr char kOwnerStatefulSetLabel[] = "owner-statefulset";
inline constexpr char kClaimFinalizer[] = "cni-vpc-ipamd";
// Ours. The label has the MAC of the claim's interface, as LabelOf writes it,
// so that a node can watch its own claims; the annotation is an account of
// moves that may not be over.
inline constexpr char kInterfaceLabel[] = "vpc.uk8s.ucloud.cn/interface";
inline constexpr char kMovesAnnotation[] = "vpc.uk8s.ucloud.cn/moves";
inline constexpr char kStaticIpAnnotation[] =
    "network.beta.kubernetes.io/ucloud-statefulset-static-ip";
inline constexpr char kClaimPolicyAnnotation[] =
    "network.beta.kubernetes.io/ucloud-statefulset-ip-claim-policy";
inline constexpr char kPodNetworkingAnnotation[] =
    "network.kubernetes.io/ucloud-pod-networking-name";
inline constexpr char kNoPodNetworkingAnnotation[] =
    "network.kubernetes.io/ucloud-pod-networking-disable";
inline constexpr char kCalicoPodIpAnnotation[] = "cni.projectcalico.org/podIP";

// A node's pool in one subnet, for others to see: who may lend an address, and
// where to ask. In kube-system, named like the node, or NODE-SUBNET for a
// subnet that isn't the node's own.
struct Ipamd {
  enum class Fill { kUnknown, kDry, kHungry, kNormal, kOverflow };

  ObjectMeta meta = {};
  std::string node = {};
  std::string address = {};  // "10.0.0.1:7312"
  std::string subnet = {};
  // Addresses of the pool that could be leased, and its watermarks.
  int64_t current = 0;
  int64_t high = 0;
  int64_t low = 0;
  Fill fill = Fill::kUnknown;

  friend bool operator==(const Ipamd&, const Ipamd&) = default;
};

absl::StatusOr<Ipamd> DecodeIpamd(const base::Json& object);
std::string EncodeIpamd(const Ipamd& ipamd);
// Spec and status, and its owners if it has any.
std::string IpamdPatch(const Ipamd& ipamd);
// What UK8S calls it: "dry", nothing left; "hungry", below the low watermark;
// "overflow", above the high one; else "normal".
Ipamd::Fill FillOf(int64_t current, int64_t low, int64_t high);
absl::string_view NameOf(Ipamd::Fill fill);

// The fixed address of a StatefulSet's pod; in the pod's namespace, with its
// name. While it is there, the address is nobody else's.
struct VpcIpClaim {
  ObjectMeta meta = {};
  base::Ipv4 ip = {};
  std::string mask = {};
  std::string gateway = {};
  std::string subnet_id = {};
  std::string vpc_id = {};

  bool attached = false;
  std::string zone = {};
  std::optional<absl::Time> last_detached = {};
  // The interface whose secondary address it is.
  std::optional<base::Mac> mac = {};
  // How long after its detachment it is kept; none: until the claim is deleted
  // ("Never").
  std::optional<absl::Duration> keep = {};
  std::string sandbox_id = {};

  // When it may be released: it is detached, and the time is over then.
  std::optional<absl::Time> ReleaseTime() const;
  friend bool operator==(const VpcIpClaim&, const VpcIpClaim&) = default;
};

// An ip that is none is an error. A policy that can't be understood is "Never".
absl::StatusOr<VpcIpClaim> DecodeVpcIpClaim(const base::Json& object);
std::string EncodeVpcIpClaim(const VpcIpClaim& claim);
// The status, our labels and annotation (which is removed if the claim has
// none), the finalizers. Only if the object still is in the claim's version, if
// it has one.
std::string VpcIpClaimPatch(const VpcIpClaim& claim);
// "525400AABBCC" as a label's value: "525400aabbcc".
std::string LabelOf(const base::Mac& mac);

// "1h10m20s", as Go writes durations ("1.5h", "300ms", "2µs", up to 290 years),
// or "Never" (nullopt). INVALID_ARGUMENT for what is neither, or is negative.
absl::StatusOr<std::optional<absl::Duration>> ParseClaimPolicy(
    absl::string_view text);

// Subnets and security groups of their own for pods; cluster-wide.
struct PodNetworking {
  // Which of the subnets is used first.
  enum class Strategy { kSequential, kBalanced };

  ObjectMeta meta = {};
  std::vector<std::string> subnet_ids = {};
  std::vector<std::string> security_group_ids = {};
  Strategy strategy = Strategy::kSequential;
  bool nat_gateway_outgoing = false;

  friend bool operator==(const PodNetworking&, const PodNetworking&) = default;
};

absl::StatusOr<PodNetworking> DecodePodNetworking(const base::Json& object);

}  // namespace kube

#endif  // CNIVPC_KUBE_CUSTOM_RESOURCES_H_
