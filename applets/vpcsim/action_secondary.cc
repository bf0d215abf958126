#include "absl/random/distributions.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/action.h"
#include "applets/vpcsim/ret_code.h"
#include "applets/vpcsim/view.h"

namespace applets::vpcsim {
namespace {

using base::WriteKey;
using base::WriteMember;

// The longest block of Ip.N.
constexpr int kShortestBlock = 27;
// Addresses of one call.
constexpr int64_t kMaxBatch = 100;

// What a batch is to give, one by one; nullopt is any address.
using Wanted = std::vector<std::optional<base::Ipv4>>;

// The interface that addresses are asked for, or why there are none.
Result<const Interface*> ReadInterface(Turn& turn) {
  const std::string zone = ReadZone(turn);
  const base::Mac mac = turn.params.Mac("Mac");
  const std::string object = turn.params.Text("ObjectId");
  const std::string subnet = turn.params.OptionalText("SubnetId");
  const std::string vpc = turn.params.OptionalText("VPCId");
  if (turn.params.refusal()) return *turn.params.refusal();
  Outcome outcome;
  if (!vpc.empty()) outcome = CheckVpc(turn.world, vpc);
  if (!outcome && !subnet.empty()) {
    outcome = CheckSubnet(turn.world, subnet, vpc);
  }
  if (outcome) return *outcome;
  const Interface* interface = turn.world.InterfaceByMac(mac);
  if (interface == nullptr ||
      (!subnet.empty() && interface->subnet != subnet) ||
      CheckSubnet(turn.world, interface->subnet, vpc)) {
    return Refusal{kUnknownMac, absl::StrCat("mac ", UpperCase(mac),
                                             " not found in the subnet")};
  }
  if (turn.world.SubnetById(interface->subnet)->zone != zone) {
    return Refusal{kForbiddenZone,
                   absl::StrCat("mac ", UpperCase(mac), " is of another zone")};
  }
  if (!turn.world.IsObjectOf(object, *interface)) {
    return Refusal{
        kWrongObject,
        absl::StrCat("object ", object, " doesn't have mac ", UpperCase(mac))};
  }
  return interface;
}

// The MAC that the answer names for `mac`'s addresses.
base::Mac MacToTell(Turn& turn, const base::Mac& mac) {
  if (!turn.bend.wrong_mac) return mac;
  std::vector<const Interface*> others = turn.world.interfaces();
  std::erase_if(others, [&](const Interface* i) { return i->mac == mac; });
  if (!others.empty()) {
    return others[absl::Uniform<size_t>(turn.random, 0, others.size())]->mac;
  }
  std::array<uint8_t, 6> bytes = mac.bytes();
  bytes.back() ^= 1;
  return base::Mac(bytes);
}

// The members of IpInfo.
void WriteIpInfo(Turn& turn, const Subnet& subnet, const std::string& address,
                 const base::Mac& mac) {
  WriteMember(turn.answer, "Ip", address);
  WriteMember(turn.answer, "Mask", DottedMask(subnet.prefix));
  WriteMember(turn.answer, "Gateway", subnet.gateway.ToString());
  WriteMember(turn.answer, "Mac", UpperCase(mac));
  WriteMember(turn.answer, "VPCId", subnet.vpc);
}

void AddBlock(Turn& turn, absl::string_view text, Wanted& wanted) {
  const absl::StatusOr<base::Ipv4Prefix> block = base::Ipv4Prefix::Parse(
      absl::StrContains(text, '/') ? std::string(text)
                                   : absl::StrCat(text, "/32"));
  if (!block.ok() || block->length() < kShortestBlock) {
    turn.params.Reject("Ip");
    return;
  }
  for (uint64_t bits = block->first().bits(); bits <= block->last().bits();
       ++bits) {
    wanted.emplace_back(base::Ipv4(static_cast<uint32_t>(bits)));
  }
}

// One of Count and Ip.N, and not both.
Wanted ReadWanted(Turn& turn) {
  const std::vector<std::string> blocks = turn.params.List("Ip");
  Wanted wanted;
  for (const std::string& block : blocks) AddBlock(turn, block, wanted);
  if (!blocks.empty() && turn.params.Has("Count")) turn.params.Reject("Count");
  if (wanted.size() > static_cast<size_t>(kMaxBatch)) turn.params.Reject("Ip");
  if (blocks.empty()) {
    wanted.resize(
        static_cast<size_t>(turn.params.Number("Count", {1, kMaxBatch})));
  }
  return wanted;
}

using Found = std::vector<std::pair<base::Ipv4, base::Mac>>;

// Those of the subnet that are `ip` and that `mac` has, where they are given.
Found FindSecondary(const View& view, const Subnet& subnet,
                    std::optional<base::Ipv4> ip,
                    std::optional<base::Mac> mac) {
  if (!ip && !mac) return view.Secondary(subnet);
  Found found;
  if (ip) {
    const std::optional<base::Mac> owner = view.SecondaryOwner(subnet, *ip);
    if (owner && (!mac || owner == mac)) found.emplace_back(*ip, *owner);
    return found;
  }
  for (const base::Ipv4 address : view.SecondaryOf(subnet, *mac)) {
    found.emplace_back(address, *mac);
  }
  return found;
}

void WriteFound(Turn& turn, const Subnet& subnet, const Found& found) {
  std::optional<base::Mac> wrong;
  if (turn.bend.wrong_mac && !found.empty()) {
    wrong = MacToTell(turn, found.front().second);
  }
  WriteKey(turn.answer, "DataSet");
  turn.answer.StartArray();
  for (const auto& [address, owner] : found) {
    turn.answer.StartObject();
    WriteIpInfo(turn, subnet, address.ToString(), wrong.value_or(owner));
    WriteMember(turn.answer, "SubnetId", subnet.id);
    turn.answer.EndObject();
  }
  turn.answer.EndArray();
}

struct Item {
  std::string address;  // "" when none was found to give
  std::optional<Refusal> refusal;
};

Item GiveOne(Turn& turn, const Interface& interface,
             std::optional<base::Ipv4> wanted) {
  Item item;
  if (wanted) item.address = wanted->ToString();
  if (absl::Bernoulli(turn.random, turn.bend.failing)) {
    item.refusal = {kItemFailed, "internal error"};
    return item;
  }
  const Result<base::Ipv4> given = turn.world.Allocate(interface.mac, wanted);
  if (const auto* refusal = std::get_if<Refusal>(&given)) {
    item.refusal = *refusal;
  } else {
    item.address = std::get<base::Ipv4>(given).ToString();
  }
  return item;
}

void WriteStatus(Turn& turn, const Item& item) {
  turn.answer.StartObject();
  WriteMember(turn.answer, "StatusCode", item.refusal ? "Failed" : "Succeeded");
  WriteMember(turn.answer, "Message",
              item.refusal ? item.refusal->message : "");
  turn.answer.EndObject();
}

void WriteItems(Turn& turn, const Interface& interface,
                const std::vector<Item>& items) {
  const bool example =
      turn.world.settings().batch_shape == BatchShape::kExample;
  const Subnet& subnet = *turn.world.SubnetById(interface.subnet);
  const base::Mac mac = MacToTell(turn, interface.mac);
  WriteKey(turn.answer, example ? "IpInfo" : "IpsInfo");
  turn.answer.StartArray();
  for (const Item& item : items) {
    turn.answer.StartObject();
    WriteIpInfo(turn, subnet, item.address, mac);
    WriteMember(turn.answer, example ? "SubnetworkId" : "SubnetId", subnet.id);
    WriteKey(turn.answer, "Status");
    if (example) turn.answer.StartArray();
    WriteStatus(turn, item);
    if (example) turn.answer.EndArray();
    turn.answer.EndObject();
  }
  turn.answer.EndArray();
}

// A call that asks for any addresses and gets none is refused as a whole; so
// is never one that a fault has failed, nor one for certain addresses.
Outcome RefusalOf(const std::vector<Item>& items) {
  for (const Item& item : items) {
    if (!item.refusal || item.refusal->ret_code == kItemFailed ||
        !item.address.empty()) {
      return std::nullopt;
    }
  }
  return items.front().refusal;
}

}  // namespace

Outcome AllocateSecondaryIp(Turn& turn) {
  const std::optional<base::Ipv4> wanted = turn.params.OptionalAddress("Ip");
  const Result<const Interface*> read = ReadInterface(turn);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return *refusal;
  const Interface& interface = *std::get<const Interface*>(read);
  const Result<base::Ipv4> given = turn.world.Allocate(interface.mac, wanted);
  if (const auto* refusal = std::get_if<Refusal>(&given)) return *refusal;
  const Subnet& subnet = *turn.world.SubnetById(interface.subnet);
  WriteKey(turn.answer, "IpInfo");
  turn.answer.StartObject();
  WriteIpInfo(turn, subnet, std::get<base::Ipv4>(given).ToString(),
              MacToTell(turn, interface.mac));
  WriteMember(turn.answer, "SubnetId", subnet.id);
  turn.answer.EndObject();
  return std::nullopt;
}

Outcome AllocateBatchSecondaryIp(Turn& turn) {
  const Wanted wanted = ReadWanted(turn);
  const Result<const Interface*> read = ReadInterface(turn);
  if (const auto* refusal = std::get_if<Refusal>(&read)) return *refusal;
  const Interface& interface = *std::get<const Interface*>(read);
  std::vector<Item> items;
  for (const std::optional<base::Ipv4>& one : wanted) {
    items.push_back(GiveOne(turn, interface, one));
  }
  if (Outcome refusal = RefusalOf(items)) return refusal;
  WriteItems(turn, interface, items);
  return std::nullopt;
}

Outcome DeleteSecondaryIp(Turn& turn) {
  ReadZone(turn);
  const base::Ipv4 address = turn.params.Address("Ip");
  const base::Mac mac = turn.params.Mac("Mac");
  const std::string subnet = turn.params.Text("SubnetId");
  const std::string vpc = turn.params.OptionalText("VPCId");
  const std::string object = turn.params.OptionalText("ObjectId");
  if (turn.params.refusal()) return turn.params.refusal();
  if (!vpc.empty()) {
    if (Outcome refusal = CheckVpc(turn.world, vpc)) return refusal;
  }
  if (Outcome refusal = CheckSubnet(turn.world, subnet, vpc)) return refusal;
  const Interface* interface = turn.world.InterfaceByMac(mac);
  if (interface == nullptr || interface->subnet != subnet) {
    return Refusal{
        kNoSecondaryAddress,
        absl::StrCat("secondary ip ", address.ToString(), " not found")};
  }
  if (!object.empty() && !turn.world.IsObjectOf(object, *interface)) {
    return Refusal{
        kWrongObject,
        absl::StrCat("object ", object, " doesn't have mac ", UpperCase(mac))};
  }
  return turn.world.Release(mac, address);
}

Outcome DescribeSecondaryIp(Turn& turn) {
  const std::string subnet_id = turn.params.Text("SubnetId");
  const std::string vpc = turn.params.Text("VPCId");
  const std::optional<base::Ipv4> ip = turn.params.OptionalAddress("Ip");
  const std::optional<base::Mac> mac = turn.params.OptionalMac("Mac");
  if (turn.params.Has("Zone")) ReadZone(turn);
  if (turn.params.refusal()) return turn.params.refusal();
  if (Outcome refusal = CheckVpc(turn.world, vpc)) return refusal;
  if (Outcome refusal = CheckSubnet(turn.world, subnet_id, vpc)) {
    return refusal;
  }
  const Subnet& subnet = *turn.world.SubnetById(subnet_id);
  const View view(turn.world, turn.bend.lag);
  WriteFound(turn, subnet, FindSecondary(view, subnet, ip, mac));
  return std::nullopt;
}

Outcome MoveSecondaryIpMac(Turn& turn) {
  const base::Ipv4 address = turn.params.Address("Ip");
  const base::Mac from = turn.params.Mac("OldMac");
  const base::Mac to = turn.params.Mac("NewMac");
  const std::string subnet = turn.params.Text("SubnetId");
  if (turn.params.Has("Zone")) ReadZone(turn);
  if (turn.params.refusal()) return turn.params.refusal();
  if (Outcome refusal = CheckSubnet(turn.world, subnet, "")) return refusal;
  const Interface* new_owner = turn.world.InterfaceByMac(to);
  if (new_owner == nullptr || new_owner->subnet != subnet) {
    return Refusal{kUnknownMac, absl::StrCat("mac ", UpperCase(to),
                                             " not found in the subnet")};
  }
  return turn.world.Move(address, from, to);
}

}  // namespace applets::vpcsim
