#include "applets/vpcsim/state_file.h"

namespace applets::vpcsim {
namespace {

using base::JsonWriter;
using base::WriteKey;
using base::WriteMember;

void WriteSettings(JsonWriter& writer, const Settings& settings) {
  WriteMember(writer, "region", settings.region);
  WriteKey(writer, "zones");
  writer.StartArray();
  for (const std::string& zone : settings.zones) {
    base::WriteString(writer, zone);
  }
  writer.EndArray();
  WriteMember(writer, "project", settings.project);
  WriteKey(writer, "quotas");
  writer.StartObject();
  WriteMember(writer, "secondary_per_interface",
              static_cast<int64_t>(settings.quotas.secondary_per_interface));
  WriteMember(writer, "interfaces_per_host",
              static_cast<int64_t>(settings.quotas.interfaces_per_host));
  writer.EndObject();
  WriteMember(
      writer, "batch_shape",
      settings.batch_shape == BatchShape::kExample ? "example" : "reference");
}

void WriteKeys(JsonWriter& writer, const std::vector<KeyPair>& keys) {
  if (keys.empty()) return;
  WriteKey(writer, "keys");
  writer.StartArray();
  for (const KeyPair& key : keys) {
    writer.StartObject();
    WriteMember(writer, "public", key.public_key);
    WriteMember(writer, "private", key.private_key);
    writer.EndObject();
  }
  writer.EndArray();
}

void WriteNets(JsonWriter& writer, const World& world) {
  WriteKey(writer, "vpcs");
  writer.StartArray();
  for (const Vpc* vpc : world.vpcs()) {
    writer.StartObject();
    WriteMember(writer, "id", vpc->id);
    WriteMember(writer, "name", vpc->name);
    writer.EndObject();
  }
  writer.EndArray();
  WriteKey(writer, "subnets");
  writer.StartArray();
  for (const Subnet* subnet : world.subnets()) {
    writer.StartObject();
    WriteMember(writer, "id", subnet->id);
    WriteMember(writer, "vpc", subnet->vpc);
    WriteMember(writer, "name", subnet->name);
    WriteMember(writer, "zone", subnet->zone);
    WriteMember(writer, "prefix", subnet->prefix.ToString());
    WriteMember(writer, "next", world.Cursor(*subnet).ToString());
    writer.EndObject();
  }
  writer.EndArray();
}

void WriteSecurityGroups(JsonWriter& writer,
                         const std::vector<SecurityGroup>& groups) {
  writer.StartArray();
  for (const SecurityGroup& group : groups) {
    writer.StartObject();
    WriteMember(writer, "id", group.id);
    WriteMember(writer, "priority", group.priority);
    writer.EndObject();
  }
  writer.EndArray();
}

void WriteInterface(JsonWriter& writer, const World& world,
                    const Interface& interface) {
  writer.StartObject();
  WriteMember(writer, "id", interface.id);
  WriteMember(writer, "mac", interface.mac.ToString());
  WriteMember(writer, "subnet", interface.subnet);
  WriteMember(writer, "name", interface.name);
  WriteMember(writer, "address", interface.primary.ToString());
  WriteMember(writer, "port", interface.port);
  if (!interface.security_groups.empty()) {
    WriteKey(writer, "security_groups");
    WriteSecurityGroups(writer, interface.security_groups);
  }
  WriteKey(writer, "secondary");
  writer.StartArray();
  for (const base::Ipv4 address : world.SecondaryOf(interface)) {
    base::WriteString(writer, address.ToString());
  }
  writer.EndArray();
  writer.EndObject();
}

void WriteHost(JsonWriter& writer, const World& world, const Host& host) {
  writer.StartObject();
  WriteMember(writer, "id", host.id);
  WriteMember(writer, "name", host.name);
  WriteMember(writer, "zone", host.zone);
  WriteKey(writer, "old_metadata");
  writer.Bool(host.old_metadata);
  WriteMember(writer, "net_feature", host.net_feature);
  WriteMember(writer, "role", host.role);
  WriteMember(writer, "netns", host.netns);
  WriteKey(writer, "interfaces");
  writer.StartArray();
  for (const Interface* interface : world.InterfacesOf(host)) {
    WriteInterface(writer, world, *interface);
  }
  writer.EndArray();
  writer.EndObject();
}

}  // namespace

std::string DumpSettings(const Settings& settings) {
  rapidjson::StringBuffer text;
  JsonWriter writer(text);
  writer.StartObject();
  WriteSettings(writer, settings);
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

std::string DumpSecurityGroups(const std::vector<SecurityGroup>& groups) {
  rapidjson::StringBuffer text;
  JsonWriter writer(text);
  WriteSecurityGroups(writer, groups);
  return {text.GetString(), text.GetSize()};
}

std::string DumpState(const World& world, const std::vector<KeyPair>& keys) {
  rapidjson::StringBuffer text;
  JsonWriter writer(text);
  writer.StartObject();
  WriteSettings(writer, world.settings());
  WriteKeys(writer, keys);
  WriteNets(writer, world);
  WriteKey(writer, "hosts");
  writer.StartArray();
  for (const Host* host : world.hosts()) WriteHost(writer, world, *host);
  writer.EndArray();
  WriteKey(writer, "interfaces");
  writer.StartArray();
  for (const Interface* interface : world.interfaces()) {
    if (interface->host.empty()) WriteInterface(writer, world, *interface);
  }
  writer.EndArray();
  writer.EndObject();
  return {text.GetString(), text.GetSize()};
}

}  // namespace applets::vpcsim
