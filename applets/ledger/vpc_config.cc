#include "applets/ledger/vpc_config.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"
#include "vpc/embedded.h"

namespace applets::ledger {

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

absl::StatusOr<std::unique_ptr<vpc::Provider>> OpenProvider(
    const VpcConfig& config, const std::string& state_dir,
    const netlink::Node& node) {
  if (config.vpc != "embedded") {
    return absl::InvalidArgumentError(absl::StrCat(
        "vpc: this version knows \"embedded\" only, not \"", config.vpc, "\""));
  }
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

}  // namespace applets::ledger
