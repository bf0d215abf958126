#include <algorithm>

#include "absl/strings/str_cat.h"
#include "applets/vpcsim/action.h"
#include "applets/vpcsim/view.h"

namespace applets::vpcsim {
namespace {

using base::WriteKey;
using base::WriteMember;

bool Contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// As in the reference's example, Subnet is an address and Netmask a length.
void WriteSubnet(Turn& turn, const Subnet& subnet) {
  base::JsonWriter& writer = turn.answer;
  WriteMember(writer, "VPCId", subnet.vpc);
  WriteMember(writer, "VPCName", turn.world.VpcById(subnet.vpc)->name);
  WriteMember(writer, "SubnetId", subnet.id);
  WriteMember(writer, "SubnetName", subnet.name);
  WriteMember(writer, "Name", subnet.name);
  WriteMember(writer, "Subnet", subnet.prefix.first().ToString());
  WriteMember(writer, "Netmask", absl::StrCat(subnet.prefix.length()));
  WriteMember(writer, "Gateway", subnet.gateway.ToString());
  WriteMember(writer, "Zone", subnet.zone);
  WriteMember(writer, "Tag", "Default");
  WriteMember(writer, "Remark", "");
}

void WriteHost(Turn& turn, const Host& host, const View& view) {
  base::JsonWriter& writer = turn.answer;
  WriteMember(writer, "UHostId", host.id);
  WriteMember(writer, "Name", host.name);
  WriteMember(writer, "Zone", host.zone);
  WriteMember(writer, "State", "Running");
  WriteMember(writer, "NetFeatureTag", host.net_feature);
  WriteKey(writer, "IPSet");
  writer.StartArray();
  for (const Interface* interface : view.InterfacesOf(host)) {
    writer.StartObject();
    WriteMember(writer, "IP", interface->primary.ToString());
    WriteMember(writer, "Type", "Private");
    WriteMember(writer, "Mac", UpperCase(interface->mac));
    WriteMember(writer, "Default", interface->is_default ? "true" : "false");
    WriteMember(writer, "NetworkInterfaceId", interface->id);
    WriteMember(writer, "SubnetId", interface->subnet);
    WriteMember(writer, "VPCId", turn.world.SubnetById(interface->subnet)->vpc);
    writer.EndObject();
  }
  writer.EndArray();
}

}  // namespace

Outcome DescribeSubnet(Turn& turn) {
  std::vector<std::string> ids = turn.params.List("SubnetIds");
  if (turn.params.Has("SubnetId")) {
    ids.push_back(turn.params.Text("SubnetId"));
  }
  const std::string vpc = turn.params.OptionalText("VPCId");
  const bool show = turn.params.Flag("ShowAvailableIPs");
  const Page page = ReadPage(turn.params);
  if (turn.params.refusal()) return turn.params.refusal();
  std::vector<const Subnet*> all = turn.world.subnets();
  std::erase_if(all, [&](const Subnet* subnet) {
    return (!vpc.empty() && subnet->vpc != vpc) ||
           (!ids.empty() && !Contains(ids, subnet->id));
  });
  const View view(turn.world, turn.bend.lag);
  WriteMember(turn.answer, "TotalCount", static_cast<int64_t>(all.size()));
  WriteKey(turn.answer, "DataSet");
  turn.answer.StartArray();
  for (const Subnet* subnet : page.Of(all)) {
    turn.answer.StartObject();
    WriteSubnet(turn, *subnet);
    if (show) {
      WriteMember(turn.answer, "AvailableIPs",
                  static_cast<int64_t>(view.Available(*subnet)));
    }
    turn.answer.EndObject();
  }
  turn.answer.EndArray();
  return std::nullopt;
}

Outcome DescribeUHostInstance(Turn& turn) {
  const std::vector<std::string> ids = turn.params.List("UHostIds");
  const Page page = ReadPage(turn.params);
  if (turn.params.refusal()) return turn.params.refusal();
  std::vector<const Host*> all;
  if (ids.empty()) all = turn.world.hosts();
  for (const std::string& id : ids) {
    if (const Host* host = turn.world.HostById(id)) all.push_back(host);
  }
  std::erase_if(all, [](const Host* host) { return host->bare_metal; });
  const View view(turn.world, turn.bend.lag);
  WriteMember(turn.answer, "TotalCount", static_cast<int64_t>(all.size()));
  WriteKey(turn.answer, "UHostSet");
  turn.answer.StartArray();
  for (const Host* host : page.Of(all)) {
    turn.answer.StartObject();
    WriteHost(turn, *host, view);
    turn.answer.EndObject();
  }
  turn.answer.EndArray();
  return std::nullopt;
}

}  // namespace applets::vpcsim
