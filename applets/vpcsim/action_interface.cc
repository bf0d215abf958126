#include "absl/strings/str_cat.h"
#include "applets/vpcsim/action.h"
#include "applets/vpcsim/ret_code.h"
#include "applets/vpcsim/view.h"

namespace applets::vpcsim {
namespace {

using base::WriteKey;
using base::WriteMember;

// The simulator's groups have no names of their own.
void WriteSecurityGroups(base::JsonWriter& writer, const Interface& interface) {
  WriteMember(writer, "SecGroupCount",
              static_cast<int64_t>(interface.security_groups.size()));
  WriteKey(writer, "SecGroup");
  writer.StartArray();
  for (const SecurityGroup& group : interface.security_groups) {
    writer.StartObject();
    WriteMember(writer, "SecGroupId", group.id);
    WriteMember(writer, "Name", group.id);
    WriteMember(writer, "Priority", group.priority);
    writer.EndObject();
  }
  writer.EndArray();
}

enum class Groups { kHidden, kShown };

void WriteInterface(Turn& turn, const Interface& interface,
                    Groups groups = Groups::kHidden) {
  base::JsonWriter& writer = turn.answer;
  const Subnet& subnet = *turn.world.SubnetById(interface.subnet);
  writer.StartObject();
  WriteMember(writer, "InterfaceId", interface.id);
  WriteMember(writer, "VPCId", subnet.vpc);
  WriteMember(writer, "SubnetId", subnet.id);
  WriteKey(writer, "PrivateIpSet");
  writer.StartArray();
  base::WriteString(writer, interface.primary.ToString());
  writer.EndArray();
  WriteMember(writer, "MacAddress", UpperCase(interface.mac));
  WriteMember(writer, "Gateway", subnet.gateway.ToString());
  WriteMember(writer, "Netmask", DottedMask(subnet.prefix));
  WriteMember(writer, "Name", interface.name);
  WriteMember(writer, "AttachInstanceId", interface.host);
  WriteMember(writer, "Status", interface.host.empty() ? 0 : 1);
  WriteKey(writer, "Default");
  writer.Bool(interface.is_default);
  if (groups == Groups::kShown) WriteSecurityGroups(writer, interface);
  writer.EndObject();
}

void WriteInterfaces(Turn& turn, const std::vector<const Interface*>& part,
                     Groups groups = Groups::kHidden) {
  WriteKey(turn.answer, "NetworkInterfaceSet");
  turn.answer.StartArray();
  for (const Interface* interface : part) {
    WriteInterface(turn, *interface, groups);
  }
  turn.answer.EndArray();
}

// SecurityMode=1 goes with security groups that have priorities, and 0, the
// default, without.
std::vector<SecurityGroup> ReadSecurityGroups(Params& params) {
  constexpr Params::Range kPriorities = {1, 5};
  const int64_t mode = params.Number("SecurityMode", {0, 1}, 0);
  const std::vector<int64_t> given = params.Indices("PrioritySecGroup");
  if (mode == 0 && !given.empty()) params.Reject("PrioritySecGroup");
  if (mode == 1 && given.empty()) params.Text("PrioritySecGroup.0.SecGroupId");
  std::vector<SecurityGroup> groups;
  for (const int64_t n : given) {
    SecurityGroup& group = groups.emplace_back();
    group.id = params.Text(absl::StrCat("PrioritySecGroup.", n, ".SecGroupId"));
    group.priority = static_cast<int>(params.Number(
        absl::StrCat("PrioritySecGroup.", n, ".Priority"), kPriorities));
  }
  return groups;
}

std::optional<base::Ipv4> ReadPrivateIp(Params& params) {
  const std::vector<std::string> given = params.List("PrivateIp");
  if (given.empty()) return std::nullopt;
  const absl::StatusOr<base::Ipv4> address = base::Ipv4::Parse(given[0]);
  if (given.size() > 1 || !address.ok()) {
    params.Reject("PrivateIp");
    return std::nullopt;
  }
  return *address;
}

}  // namespace

Outcome CreateNetworkInterface(Turn& turn) {
  constexpr absl::string_view kDefaultName = "NetworkInterface";
  const std::string vpc = turn.params.Text("VPCId");
  World::NewInterface wanted = {.subnet = turn.params.Text("SubnetId"),
                                .name = turn.params.OptionalText("Name"),
                                .primary = ReadPrivateIp(turn.params)};
  if (wanted.name.empty()) wanted.name = std::string(kDefaultName);
  wanted.security_groups = ReadSecurityGroups(turn.params);
  if (turn.params.refusal()) return turn.params.refusal();
  if (Outcome refusal = CheckVpc(turn.world, vpc)) return refusal;
  if (Outcome refusal = CheckSubnet(turn.world, wanted.subnet, vpc)) {
    return refusal;
  }
  const Result<const Interface*> made =
      turn.world.CreateInterface(wanted, turn.random);
  if (const auto* refusal = std::get_if<Refusal>(&made)) return *refusal;
  WriteKey(turn.answer, "NetworkInterface");
  WriteInterface(turn, *std::get<const Interface*>(made));
  return std::nullopt;
}

Outcome AttachNetworkInterface(Turn& turn) {
  const std::string interface = turn.params.Text("InterfaceId");
  const std::string instance = turn.params.Text("InstanceId");
  if (turn.params.refusal()) return turn.params.refusal();
  return turn.world.Attach(interface, instance);
}

Outcome DetachNetworkInterface(Turn& turn) {
  const std::string interface = turn.params.Text("InterfaceId");
  const std::string instance = turn.params.Text("InstanceId");
  if (turn.params.refusal()) return turn.params.refusal();
  return turn.world.Detach(interface, instance);
}

Outcome DeleteNetworkInterface(Turn& turn) {
  const std::string interface = turn.params.Text("InterfaceId");
  if (turn.params.refusal()) return turn.params.refusal();
  return turn.world.DeleteInterface(interface);
}

Outcome DescribeNetworkInterface(Turn& turn) {
  const std::vector<std::string> ids = turn.params.List("InterfaceId");
  const std::string vpc = turn.params.OptionalText("VPCId");
  const std::string subnet = turn.params.OptionalText("SubnetId");
  const Groups groups =
      turn.params.Flag("WithSecGroup") ? Groups::kShown : Groups::kHidden;
  const Page page = ReadPage(turn.params);
  if (turn.params.refusal()) return turn.params.refusal();
  const View view(turn.world, turn.bend.lag);
  std::vector<const Interface*> all;
  if (ids.empty()) all = view.Interfaces();
  for (const std::string& id : ids) {
    if (const Interface* found = view.InterfaceById(id)) all.push_back(found);
  }
  std::erase_if(all, [&](const Interface* i) {
    return (!subnet.empty() && i->subnet != subnet) ||
           (!vpc.empty() && turn.world.SubnetById(i->subnet)->vpc != vpc);
  });
  WriteMember(turn.answer, "TotalCount", static_cast<int64_t>(all.size()));
  WriteInterfaces(turn, page.Of(all), groups);
  return std::nullopt;
}

Outcome DescribeInstanceNetworkInterface(Turn& turn) {
  const std::string instance = turn.params.Text("InstanceId");
  const Page page = ReadPage(turn.params);
  if (turn.params.refusal()) return turn.params.refusal();
  const Host* host = turn.world.HostById(instance);
  if (host == nullptr) {
    return Refusal{kUnknownInstance,
                   absl::StrCat("instance ", instance, " not found")};
  }
  const View view(turn.world, turn.bend.lag);
  WriteInterfaces(turn, page.Of(view.InterfacesOf(*host)));
  return std::nullopt;
}

}  // namespace applets::vpcsim
