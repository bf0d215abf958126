#include "applets/ledger/vpc_config.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"
#include "vpc/embedded.h"
#include "vpc/ucloud/interfaces.h"
#include "vpc/ucloud/provider.h"

namespace applets::ledger {
namespace {

void WritePlace(base::JsonWriter& w, const vpc::ucloud::Place& place) {
  w.StartObject();
  base::WriteMember(w, "region", place.region);
  base::WriteMember(w, "zone", place.zone);
  base::WriteMember(w, "projectId", place.project_id);
  base::WriteMember(w, "vpcId", place.vpc_id);
  base::WriteMember(w, "subnetId", place.subnet_id);
  base::WriteMember(w, "objectId", place.object_id);
  base::WriteMember(w, "mac", place.mac.ToString());
  base::WriteMember(w, "instanceId", place.instance_id);
  w.EndObject();
}

void WriteUcloud(base::JsonWriter& w, const UcloudConfig& config) {
  w.StartObject();
  base::WriteMember(w, "metadataUrl", config.metadata_url);
  base::WriteMember(w, "apiEndpoint", config.api_endpoint);
  base::WriteMember(w, "caBundle", config.ca_bundle);
  base::WriteMember(w, "role", config.role);
  base::WriteMember(w, "environmentFile", config.environment_file);
  base::WriteMember(w, "ratePerSecond", config.rate_per_second);
  base::WriteMember(w, "burst", config.burst);
  base::WriteKey(w, "place");
  WritePlace(w, config.place);
  w.EndObject();
}

absl::StatusOr<vpc::ucloud::Place> ReadPlace(const base::Json& json) {
  vpc::ucloud::Place place;
  ASSIGN_OR_RETURN(place.region, json.String("region"));
  ASSIGN_OR_RETURN(place.zone, json.String("zone"));
  ASSIGN_OR_RETURN(place.project_id, json.String("projectId", ""));
  ASSIGN_OR_RETURN(place.vpc_id, json.String("vpcId"));
  ASSIGN_OR_RETURN(place.subnet_id, json.String("subnetId"));
  ASSIGN_OR_RETURN(place.object_id, json.String("objectId"));
  ASSIGN_OR_RETURN(place.instance_id, json.String("instanceId", ""));
  ASSIGN_OR_RETURN(const base::Json mac, json.Get("mac"));
  ASSIGN_OR_RETURN(const std::string text, mac.AsString());
  const auto parsed = base::Mac::Parse(text);
  if (!parsed.ok()) return mac.Error("not a MAC address");
  place.mac = *parsed;
  return place;
}

absl::StatusOr<UcloudConfig> ReadUcloud(const base::Json& json) {
  UcloudConfig config;
  ASSIGN_OR_RETURN(config.metadata_url,
                   json.String("metadataUrl", config.metadata_url));
  ASSIGN_OR_RETURN(config.api_endpoint, json.String("apiEndpoint", ""));
  ASSIGN_OR_RETURN(config.ca_bundle, json.String("caBundle", ""));
  ASSIGN_OR_RETURN(config.role, json.String("role", config.role));
  ASSIGN_OR_RETURN(config.environment_file,
                   json.String("environmentFile", config.environment_file));
  ASSIGN_OR_RETURN(const int64_t rate,
                   json.Int("ratePerSecond", config.rate_per_second));
  ASSIGN_OR_RETURN(const int64_t burst, json.Int("burst", config.burst));
  config.rate_per_second = static_cast<int>(rate);
  config.burst = static_cast<int>(burst);
  ASSIGN_OR_RETURN(const base::Json place, json.Get("place"));
  ASSIGN_OR_RETURN(config.place, ReadPlace(place));
  return config;
}

absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenEmbedded(
    const VpcConfig& config, const std::string& state_dir,
    const netlink::Node& node) {
  const auto subnet = base::Ipv4Prefix::Parse(config.subnet);
  if (!subnet.ok()) return base::Annotate(subnet.status(), "subnet");
  ASSIGN_OR_RETURN(auto reserved, ParseReserved(config.reserved));
  vpc::EmbeddedOptions options{
      config.vpc_state.empty() ? absl::StrCat(state_dir, "/vpc.db")
                               : config.vpc_state,
      *subnet, node.mac, node.address, std::move(reserved)};
  ASSIGN_OR_RETURN(auto embedded, vpc::Embedded::Open(std::move(options)));
  return std::unique_ptr<vpc::Provider>(std::move(embedded));
}

vpc::ucloud::AccessOptions AccessOf(const UcloudConfig& config) {
  vpc::ucloud::AccessOptions options;
  options.metadata.base_url = config.metadata_url;
  options.role = config.role;
  options.environment_file = config.environment_file;
  options.variables = vpc::ucloud::ProcessVariables();
  options.client.endpoint = config.api_endpoint;
  options.client.region = config.place.region;
  options.client.project_id = config.place.project_id;
  options.client.http.ca_bundle = config.ca_bundle;
  options.budget.rate_per_second = config.rate_per_second;
  options.budget.burst = config.burst;
  return options;
}

absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenUcloud(
    const UcloudConfig& config, const netlink::Node& node,
    SharedAccess access) {
  if (node.mac != config.place.mac) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the addresses of ", config.place.mac.ToString(), " in ",
        config.place.subnet_id, " were this node's, but its interface ",
        node.name, " has the MAC ", node.mac.ToString(),
        "; ipamd finds the right one when it starts"));
  }
  return std::make_unique<vpc::ucloud::InterfaceProvider>(
      std::move(access), config.place,
      vpc::ucloud::ProviderOptions{.own_address = node.address});
}

}  // namespace

std::string ToJson(const VpcConfig& config) {
  rapidjson::StringBuffer buffer;
  base::JsonWriter w(buffer);
  w.StartObject();
  base::WriteMember(w, "vpc", config.vpc);
  base::WriteMember(w, "subnet", config.subnet);
  base::WriteMember(w, "vpcState", config.vpc_state);
  base::WriteKey(w, "reserved");
  w.StartArray();
  for (const std::string& text : config.reserved) base::WriteString(w, text);
  w.EndArray();
  base::WriteMember(w, "interface", config.interface);
  base::WriteMember(w, "cooldownNs", absl::ToInt64Nanoseconds(config.cooldown));
  if (config.vpc == "ucloud") {
    base::WriteKey(w, "ucloud");
    WriteUcloud(w, config.ucloud);
  }
  w.EndObject();
  return buffer.GetString();
}

absl::StatusOr<VpcConfig> ParseVpcConfig(absl::string_view text) {
  ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(text));
  VpcConfig config;
  ASSIGN_OR_RETURN(config.vpc, json.String("vpc"));
  ASSIGN_OR_RETURN(config.subnet, json.String("subnet", ""));
  ASSIGN_OR_RETURN(config.vpc_state, json.String("vpcState", ""));
  ASSIGN_OR_RETURN(const auto reserved, json.Array("reserved"));
  for (const base::Json& element : reserved) {
    ASSIGN_OR_RETURN(std::string prefix, element.AsString());
    config.reserved.push_back(std::move(prefix));
  }
  ASSIGN_OR_RETURN(config.interface, json.String("interface", ""));
  ASSIGN_OR_RETURN(
      const int64_t cooldown_ns,
      json.Int("cooldownNs", absl::ToInt64Nanoseconds(config.cooldown)));
  config.cooldown = absl::Nanoseconds(cooldown_ns);
  if (config.vpc == "ucloud") {
    ASSIGN_OR_RETURN(const base::Json ucloud, json.Get("ucloud"));
    ASSIGN_OR_RETURN(config.ucloud, ReadUcloud(ucloud));
  }
  return config;
}

absl::StatusOr<std::vector<base::Ipv4Prefix>> ParseReserved(
    const std::vector<std::string>& reserved) {
  std::vector<base::Ipv4Prefix> prefixes;
  for (const std::string& text : reserved) {
    const auto prefix = base::Ipv4Prefix::Parse(
        absl::StrContains(text, '/') ? text : absl::StrCat(text, "/32"));
    if (!prefix.ok()) return base::Annotate(prefix.status(), "reserved");
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

absl::StatusOr<SharedAccess> OpenAccess(const VpcConfig& config) {
  if (config.vpc != "ucloud") return SharedAccess();
  return vpc::ucloud::Access::Open(AccessOf(config.ucloud));
}

absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenProvider(
    const VpcConfig& config, const std::string& state_dir,
    const netlink::Node& node) {
  ASSIGN_OR_RETURN(SharedAccess access, OpenAccess(config));
  return OpenProvider(config, state_dir, node, std::move(access));
}

absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenProvider(
    const VpcConfig& config, const std::string& state_dir,
    const netlink::Node& node, SharedAccess access) {
  if (config.vpc == "embedded") return OpenEmbedded(config, state_dir, node);
  if (config.vpc == "ucloud") {
    return OpenUcloud(config.ucloud, node, std::move(access));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "vpc: this version knows \"ucloud\" and \"embedded\", not \"", config.vpc,
      "\""));
}

absl::StatusOr<std::unique_ptr<vpc::Interfaces>> OpenInterfaces(
    const VpcConfig& config, const std::string& state_dir,
    SharedAccess access) {
  if (access == nullptr) {
    return absl::FailedPreconditionError(
        "pods in subnets of their own (PodNetworking) need further network "
        "interfaces, which the embedded VPC hasn't got: run ipamd with "
        "--vpc=ucloud");
  }
  if (config.ucloud.place.instance_id.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "pods in subnets of their own (PodNetworking) need this host's "
        "instance id, which the metadata at ",
        config.ucloud.metadata_url,
        " haven't told yet; restart ipamd when "
        "they answer"));
  }
  return std::make_unique<vpc::ucloud::NodeInterfaces>(
      std::move(access), config.ucloud.place,
      vpc::ucloud::InterfacesOptions{
          .intent_dir = absl::StrCat(state_dir, "/interfaces")});
}

VpcConfig ForInterface(const VpcConfig& main, const vpc::Interface& interface,
                       const std::string& ifname) {
  VpcConfig config = main;
  config.subnet = interface.subnet;
  config.interface = ifname;
  config.reserved.clear();
  vpc::ucloud::Place& place = config.ucloud.place;
  place.subnet_id = interface.subnet;
  place.vpc_id = interface.vpc;
  place.mac = interface.mac;
  return config;
}

}  // namespace applets::ledger
