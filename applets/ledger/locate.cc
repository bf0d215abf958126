#include "applets/ledger/locate.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "glog/logging.h"
#include "netlink/link.h"
#include "vpc/ucloud/access.h"
#include "vpc/ucloud/environment.h"
#include "vpc/ucloud/metadata_service.h"
#include "vpc/ucloud/place.h"

namespace applets::ledger {
namespace {

using vpc::ucloud::MetadataService;

// What the last configuration knows of UCloud's VPC; nullopt if nothing.
std::optional<VpcConfig> LastUcloud(absl::string_view stored) {
  if (stored.empty()) return std::nullopt;
  auto config = ParseVpcConfig(stored);
  if (!config.ok() || config->vpc != "ucloud") return std::nullopt;
  return *std::move(config);
}

absl::StatusOr<std::string> KindOf(const VpcConfig& wanted, bool was_ucloud,
                                   MetadataService& metadata) {
  if (!wanted.vpc.empty()) return wanted.vpc;
  if (absl::StrContains(wanted.subnet, '/')) return "embedded";
  if (metadata.IsThere() || was_ucloud) return "ucloud";
  return absl::InvalidArgumentError(absl::StrCat(
      "this node has no UCloud metadata at ", wanted.ucloud.metadata_url,
      "; without a cloud, name a subnet of your own: --subnet=CIDR, for "
      "example "
      "--subnet=10.126.0.0/16"));
}

absl::StatusOr<netlink::Node> NodeOf(const VpcConfig& config,
                                     netlink::Socket& host) {
  if (!config.interface.empty() || config.vpc != "ucloud") {
    return netlink::FindNode(host, config.interface);
  }
  return netlink::FindNode(host, config.ucloud.place.mac);
}

absl::StatusOr<vpc::ucloud::Wish> WishOf(const VpcConfig& wanted,
                                         netlink::Socket& host) {
  vpc::ucloud::Wish wish = {.subnet_id = wanted.subnet};
  if (wanted.interface.empty()) return wish;
  ASSIGN_OR_RETURN(const netlink::Node node,
                   netlink::FindNode(host, wanted.interface));
  wish.mac = node.mac;
  return wish;
}

// From the metadata; UNAVAILABLE when they don't answer.
absl::StatusOr<VpcConfig> Ask(const VpcConfig& wanted,
                              MetadataService& metadata,
                              netlink::Socket& host) {
  ASSIGN_OR_RETURN(const auto variables,
                   vpc::ucloud::ReadVariables(wanted.ucloud.environment_file,
                                              vpc::ucloud::ProcessVariables()));
  const auto environment = vpc::ucloud::EnvironmentOf(variables);
  ASSIGN_OR_RETURN(const vpc::ucloud::Wish wish, WishOf(wanted, host));
  ASSIGN_OR_RETURN(const auto identity, metadata.GetIdentity());
  VpcConfig config = wanted;
  ASSIGN_OR_RETURN(config.ucloud.place,
                   vpc::ucloud::PlaceOf(identity, environment, wish));
  std::string& endpoint = config.ucloud.api_endpoint;
  if (endpoint.empty()) endpoint = environment.endpoint;
  if (endpoint.empty()) endpoint = vpc::ucloud::kInnerEndpoint;
  RETURN_IF_ERROR(base::Annotate(vpc::ucloud::CheckEndpoint(endpoint),
                                 "the API's endpoint"));
  return config;
}

// Whether the last place is what is wanted now.
bool StillFits(const VpcConfig& wanted, const VpcConfig& last) {
  return wanted.subnet.empty() || wanted.subnet == last.ucloud.place.subnet_id;
}

// As it was when the metadata last answered.
VpcConfig Remember(const VpcConfig& wanted, const VpcConfig& last) {
  VpcConfig config = wanted;
  config.ucloud.place = last.ucloud.place;
  if (config.ucloud.api_endpoint.empty()) {
    config.ucloud.api_endpoint = last.ucloud.api_endpoint;
  }
  return config;
}

absl::StatusOr<Location> Complete(VpcConfig config, netlink::Socket& host) {
  ASSIGN_OR_RETURN(netlink::Node node, NodeOf(config, host));
  if (config.vpc == "ucloud") {
    config.subnet = config.ucloud.place.subnet_id;
    config.interface = node.name;
  }
  return Location{std::move(config), std::move(node)};
}

}  // namespace

absl::StatusOr<Location> Locate(const VpcConfig& wanted,
                                absl::string_view stored, int attempts,
                                netlink::Socket& host) {
  const std::optional<VpcConfig> last = LastUcloud(stored);
  absl::BitGen random;
  MetadataService metadata(
      {.base_url = wanted.ucloud.metadata_url, .attempts = attempts},
      MetadataService::RealMeans(), random);
  VpcConfig config = wanted;
  ASSIGN_OR_RETURN(config.vpc, KindOf(wanted, last.has_value(), metadata));
  if (config.vpc != "ucloud") return Complete(std::move(config), host);
  auto told = Ask(config, metadata, host);
  if (!told.ok() && absl::IsUnavailable(told.status()) && last &&
      StillFits(config, *last)) {
    LOG(WARNING) << "the metadata don't answer, so the node is taken to be "
                    "where it was: "
                 << told.status().message();
    told = Remember(config, *last);
  }
  RETURN_IF_ERROR(told.status());
  return Complete(*std::move(told), host);
}

}  // namespace applets::ledger
