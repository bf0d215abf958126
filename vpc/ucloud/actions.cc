#include "vpc/ucloud/actions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "vpc/ucloud/request_parts.h"

namespace vpc::ucloud {
Params AllocateSecondaryIp::params() const {
  return ParamsBuilder()
      .Add("Zone", zone)
      .Add("Mac", mac)
      .Add("ObjectId", object_id)
      .Add("SubnetId", subnet_id)
      .Add("VPCId", vpc_id)
      .Add("Ip", ip)
      .Build();
}

absl::Status AllocateSecondaryIp::Check() const {
  RETURN_IF_ERROR(Need(kAction, {{"Zone", zone}, {"ObjectId", object_id}}));
  if (ip) RETURN_IF_ERROR(NeedIp(kAction, *ip));
  return NeedMac(kAction, mac);
}

absl::StatusOr<IpAnswer> AllocateSecondaryIp::Decode(const base::Json& answer) {
  return DecodeIp(answer);
}

Params AllocateBatchSecondaryIp::params() const {
  ParamsBuilder builder;
  builder.Add("Zone", zone)
      .Add("Mac", mac)
      .Add("ObjectId", object_id)
      .Add("SubnetId", subnet_id)
      .Add("VPCId", vpc_id);
  if (ips.empty()) return builder.Add("Count", count).Build();
  std::vector<std::string> texts;
  for (const base::Ipv4Prefix& block : ips) {
    texts.push_back(block.length() == 32 ? block.first().ToString()
                                         : block.ToString());
  }
  return builder.Add("Ip", texts).Build();
}

absl::Status AllocateBatchSecondaryIp::Check() const {
  RETURN_IF_ERROR(Need(kAction, {{"Zone", zone}, {"ObjectId", object_id}}));
  RETURN_IF_ERROR(NeedMac(kAction, mac));
  if (ips.empty() ? count < 1 : count != 0) {
    return WrongRequest(kAction, "wants either Count or Ip");
  }
  const bool small = std::all_of(ips.begin(), ips.end(), [](const auto& ip) {
    return ip.length() >= kMinPrefixLength;
  });
  return small
             ? absl::OkStatus()
             : WrongRequest(kAction, absl::StrCat("a block is larger than a /",
                                                  kMinPrefixLength));
}

absl::StatusOr<BatchAnswer> AllocateBatchSecondaryIp::Decode(
    const base::Json& answer) {
  return DecodeBatch(answer);
}

Params DeleteSecondaryIp::params() const {
  return ParamsBuilder()
      .Add("Zone", zone)
      .Add("Ip", ip)
      .Add("Mac", mac)
      .Add("SubnetId", subnet_id)
      .Add("VPCId", vpc_id)
      .Add("ObjectId", object_id)
      .Build();
}

absl::Status DeleteSecondaryIp::Check() const {
  RETURN_IF_ERROR(Need(kAction, {{"Zone", zone}, {"SubnetId", subnet_id}}));
  RETURN_IF_ERROR(NeedIp(kAction, ip));
  return NeedMac(kAction, mac);
}

absl::StatusOr<NoAnswer> DeleteSecondaryIp::Decode(
    const base::Json& /*answer*/) {
  return NoAnswer();
}

Params DescribeSecondaryIp::params() const {
  return ParamsBuilder()
      .Add("SubnetId", subnet_id)
      .Add("VPCId", vpc_id)
      .Add("Ip", ip)
      .Add("Mac", mac)
      .Build();
}

absl::Status DescribeSecondaryIp::Check() const {
  return Need(kAction, {{"SubnetId", subnet_id}, {"VPCId", vpc_id}});
}

absl::StatusOr<IpsAnswer> DescribeSecondaryIp::Decode(
    const base::Json& answer) {
  return DecodeIps(answer);
}

Params MoveSecondaryIPMac::params() const {
  return ParamsBuilder()
      .Add("Ip", ip)
      .Add("OldMac", old_mac)
      .Add("NewMac", new_mac)
      .Add("SubnetId", subnet_id)
      .Build();
}

absl::Status MoveSecondaryIPMac::Check() const {
  RETURN_IF_ERROR(Need(kAction, {{"SubnetId", subnet_id}}));
  RETURN_IF_ERROR(NeedIp(kAction, ip));
  RETURN_IF_ERROR(NeedMac(kAction, old_mac));
  RETURN_IF_ERROR(NeedMac(kAction, new_mac));
  return old_mac == new_mac ? WrongRequest(kAction, "OldMac is NewMac")
                            : absl::OkStatus();
}

absl::StatusOr<NoAnswer> MoveSecondaryIPMac::Decode(
    const base::Json& /*answer*/) {
  return NoAnswer();
}

Params DescribeSubnet::params() const {
  return ParamsBuilder()
      .Add("SubnetIds", subnet_ids)
      .Add("VPCId", vpc_id)
      .Add("Offset", offset)
      .Add("Limit", limit)
      .AddTrue("ShowAvailableIPs")
      .Build();
}

absl::Status DescribeSubnet::Check() const {
  return CheckPage(kAction, offset, limit);
}

absl::StatusOr<SubnetsAnswer> DescribeSubnet::Decode(const base::Json& answer) {
  return DecodeSubnets(answer);
}

}  // namespace vpc::ucloud
