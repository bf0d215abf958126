#include "applets/vpcsim/inspect_json.h"

#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "applets/vpcsim/switch.h"
#include "base/json.h"

namespace applets::vpcsim {
namespace {

using base::JsonWriter;
using base::WriteKey;
using base::WriteMember;

void WriteBool(JsonWriter& writer, absl::string_view key, bool value) {
  WriteKey(writer, key);
  writer.Bool(value);
}

void WriteCount(JsonWriter& writer, absl::string_view key, size_t value) {
  WriteKey(writer, key);
  writer.Uint64(value);
}

void WriteTime(JsonWriter& writer, absl::string_view key, absl::Time time) {
  WriteMember(writer, key,
              absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone()));
}

std::string Object(absl::FunctionRef<void(JsonWriter&)> write_members) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  writer.StartObject();
  write_members(writer);
  writer.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

// {"KEY":[...]}
std::string List(absl::string_view key,
                 absl::FunctionRef<void(JsonWriter&)> write_elements) {
  return Object([&](JsonWriter& writer) {
    WriteKey(writer, key);
    writer.StartArray();
    write_elements(writer);
    writer.EndArray();
  });
}

// Counts what fits, and tells what is within offset and limit.
class Page {
 public:
  explicit Page(const Filter& filter) : filter_(filter) {}
  bool Next() {
    const size_t place = count_++;
    return place >= filter_.offset && place - filter_.offset < filter_.limit;
  }
  bool IsFull() const {
    return count_ >= filter_.offset && count_ - filter_.offset >= filter_.limit;
  }

 private:
  const Filter& filter_;
  size_t count_ = 0;
};

bool Fits(const Interface& interface, const Filter& filter) {
  return (!filter.mac || *filter.mac == interface.mac) &&
         (filter.subnet.empty() || filter.subnet == interface.subnet) &&
         (filter.host.empty() || filter.host == interface.host);
}

void WriteInterface(JsonWriter& writer, const World& world,
                    const Interface& interface) {
  writer.StartObject();
  WriteMember(writer, "id", interface.id);
  WriteMember(writer, "mac", interface.mac.ToString());
  WriteMember(writer, "subnet", interface.subnet);
  WriteMember(writer, "host", interface.host);
  WriteMember(writer, "name", interface.name);
  WriteBool(writer, "default", interface.is_default);
  WriteMember(writer, "primary", interface.primary.ToString());
  WriteMember(writer, "port", interface.port);
  WriteCount(writer, "secondary", world.SecondaryCount(interface));
  WriteKey(writer, "security_groups");
  writer.StartArray();
  for (const SecurityGroup& group : interface.security_groups) {
    base::WriteString(writer, group.id);
  }
  writer.EndArray();
  writer.EndObject();
}

void WriteAddress(JsonWriter& writer, base::Ipv4 address,
                  const Interface& owner, bool primary) {
  writer.StartObject();
  WriteMember(writer, "ip", address.ToString());
  WriteMember(writer, "mac", owner.mac.ToString());
  WriteMember(writer, "interface", owner.id);
  WriteMember(writer, "host", owner.host);
  WriteMember(writer, "subnet", owner.subnet);
  WriteBool(writer, "primary", primary);
  writer.EndObject();
}

// The interfaces that may have addresses that fit, few where it can be.
std::vector<const Interface*> Owners(const World& world, const Filter& filter) {
  if (filter.mac) {
    const Interface* interface = world.InterfaceByMac(*filter.mac);
    if (interface == nullptr) return {};
    return {interface};
  }
  if (const Host* host = world.HostById(filter.host)) {
    return world.InterfacesOf(*host);
  }
  return world.interfaces();
}

void WriteCall(JsonWriter& writer, const CallRecord& call) {
  writer.StartObject();
  WriteCount(writer, "number", call.number);
  WriteTime(writer, "time", call.at);
  WriteKey(writer, "took_ms");
  writer.Double(absl::ToDoubleMilliseconds(call.took));
  WriteMember(writer, "request_id", call.request_id);
  WriteMember(writer, "peer", call.peer.ToString());
  WriteMember(writer, "host", call.host);
  WriteMember(writer, "action", call.action);
  WriteKey(writer, "params");
  writer.StartObject();
  for (const auto& [name, value] : call.params) {
    WriteMember(writer, name, value);
  }
  writer.EndObject();
  WriteMember(writer, "ret_code", call.ret_code);
  WriteMember(writer, "http_status", call.http_status);
  WriteMember(writer, "end", call.end);
  WriteBool(writer, "took_effect", call.took_effect);
  WriteKey(writer, "faults");
  writer.StartArray();
  for (const std::string& id : call.faults) base::WriteString(writer, id);
  writer.EndArray();
  writer.EndObject();
}

void WritePort(JsonWriter& writer, const std::string& name,
               const PortCounters& port) {
  writer.StartObject();
  WriteMember(writer, "port", name);
  WriteCount(writer, "forwarded", port.forwarded);
  WriteCount(writer, "forwarded_bytes", port.forwarded_bytes);
  WriteCount(writer, "arp_answered", port.arp_answered);
  WriteCount(writer, "overrun", port.overrun);
  for (size_t i = 0; i < kArpSilences; ++i) {
    WriteCount(
        writer,
        std::string("arp_") + std::string(Name(static_cast<ArpSilence>(i))),
        port.arp_silent[i]);
  }
  WriteKey(writer, "dropped");
  writer.StartObject();
  for (size_t i = 0; i < kDropReasons; ++i) {
    WriteCount(writer, Name(static_cast<DropReason>(i)), port.dropped[i]);
  }
  writer.EndObject();
  writer.EndObject();
}

void WriteDropped(JsonWriter& writer, const DroppedFrame& dropped) {
  writer.StartObject();
  WriteTime(writer, "time", dropped.at);
  WriteMember(writer, "port", dropped.port);
  WriteMember(writer, "reason", Name(dropped.reason));
  WriteMember(writer, "from_mac", dropped.frame.ethernet.source.ToString());
  WriteMember(writer, "to_mac", dropped.frame.ethernet.destination.ToString());
  WriteMember(writer, "from", dropped.frame.ip.source.ToString());
  WriteMember(writer, "to", dropped.frame.ip.destination.ToString());
  writer.EndObject();
}

}  // namespace

std::string StateJson(const Simulator& simulator, absl::Time now) {
  const World& world = simulator.world;
  return Object([&](JsonWriter& writer) {
    WriteTime(writer, "time", now);
    WriteMember(writer, "region", world.settings().region);
    WriteMember(writer, "project", world.settings().project);
    WriteCount(writer, "vpcs", world.vpc_count());
    WriteCount(writer, "hosts", world.host_count());
    WriteCount(writer, "interfaces", world.interface_count());
    WriteCount(writer, "secondary", world.secondary_count());
    WriteMember(writer, "lag_ms", absl::ToInt64Milliseconds(simulator.lag));
    WriteMember(writer, "sts_life_ms",
                absl::ToInt64Milliseconds(simulator.sts_life));
    WriteKey(writer, "subnets");
    writer.StartArray();
    for (const Subnet* subnet : world.subnets()) {
      writer.StartObject();
      WriteMember(writer, "id", subnet->id);
      WriteMember(writer, "vpc", subnet->vpc);
      WriteMember(writer, "zone", subnet->zone);
      WriteMember(writer, "cidr", subnet->prefix.ToString());
      WriteMember(writer, "gateway", subnet->gateway.ToString());
      WriteCount(writer, "available", world.Available(*subnet));
      writer.EndObject();
    }
    writer.EndArray();
  });
}

std::string HostsJson(const World& world, const Filter& filter) {
  Page page(filter);
  return List("hosts", [&](JsonWriter& writer) {
    for (const Host* host : world.hosts()) {
      if (!filter.host.empty() && filter.host != host->id) continue;
      if (!page.Next()) continue;
      writer.StartObject();
      WriteMember(writer, "id", host->id);
      WriteMember(writer, "name", host->name);
      WriteMember(writer, "zone", host->zone);
      WriteBool(writer, "bare_metal", host->bare_metal);
      WriteBool(writer, "old_metadata", host->old_metadata);
      WriteMember(writer, "role", host->role);
      WriteMember(writer, "netns", host->netns);
      WriteKey(writer, "interfaces");
      writer.StartArray();
      for (const Interface* interface : world.InterfacesOf(*host)) {
        WriteInterface(writer, world, *interface);
      }
      writer.EndArray();
      writer.EndObject();
    }
  });
}

std::string InterfacesJson(const World& world, const Filter& filter) {
  Page page(filter);
  return List("interfaces", [&](JsonWriter& writer) {
    for (const Interface* interface : world.interfaces()) {
      if (!Fits(*interface, filter) || !page.Next()) continue;
      WriteInterface(writer, world, *interface);
    }
  });
}

std::string AddressesJson(const World& world, const Filter& filter) {
  Page page(filter);
  return List("addresses", [&](JsonWriter& writer) {
    const auto show = [&](base::Ipv4 address, const Interface& owner) {
      if (filter.ip && *filter.ip != address) return;
      if (!page.Next()) return;
      WriteAddress(writer, address, owner, owner.primary == address);
    };
    for (const Interface* owner : Owners(world, filter)) {
      if (!Fits(*owner, filter) || page.IsFull()) continue;
      show(owner->primary, *owner);
      for (const base::Ipv4 address : world.SecondaryOf(*owner)) {
        show(address, *owner);
      }
    }
  });
}

std::string CallsJson(const CallLog& calls, const Filter& filter) {
  Page page(filter);
  return List("calls", [&](JsonWriter& writer) {
    for (const CallRecord& call : calls.records()) {
      if (call.number <= filter.since ||
          (!filter.action.empty() && filter.action != call.action) ||
          (!filter.host.empty() && filter.host != call.host) || !page.Next()) {
        continue;
      }
      WriteCall(writer, call);
    }
  });
}

std::string FaultsJson(const Faults& faults) {
  return List("faults", [&](JsonWriter& writer) {
    for (const auto& [rule, counts] : faults.rules()) {
      writer.StartObject();
      WriteMember(writer, "id", rule.id);
      WriteKey(writer, "rule");
      writer.RawValue(rule.text.data(), rule.text.size(),
                      rapidjson::kObjectType);
      WriteCount(writer, "matched", counts.matched);
      WriteCount(writer, "hits", counts.hits);
      writer.EndObject();
    }
  });
}

std::string KeysJson(const Keys& keys, absl::Time now) {
  return List("keys", [&](JsonWriter& writer) {
    for (const auto& [public_key, private_key] : keys.permanent()) {
      writer.StartObject();
      WriteMember(writer, "public_key", public_key);
      WriteBool(writer, "temporary", false);
      writer.EndObject();
    }
    for (const TemporaryKey& key : keys.Valid(now)) {
      writer.StartObject();
      WriteMember(writer, "public_key", key.pair.public_key);
      WriteBool(writer, "temporary", true);
      WriteMember(writer, "host", key.host);
      WriteTime(writer, "expires", key.expires);
      writer.EndObject();
    }
  });
}

std::string FabricJson(const Fabric& fabric) {
  return Object([&](JsonWriter& writer) {
    WriteKey(writer, "attached");
    writer.StartArray();
    for (const std::string& port : fabric.attached()) {
      base::WriteString(writer, port);
    }
    writer.EndArray();
    WriteKey(writer, "ports");
    writer.StartArray();
    for (const auto& [name, port] : fabric.counters()) {
      WritePort(writer, name, port);
    }
    writer.EndArray();
    WriteKey(writer, "last_dropped");
    writer.StartArray();
    for (const DroppedFrame& dropped : fabric.last_dropped()) {
      WriteDropped(writer, dropped);
    }
    writer.EndArray();
  });
}

}  // namespace applets::vpcsim
