#include <utility>

#include "base/status.h"
#include "vpc/ucloud/actions.h"
#include "vpc/ucloud/request_parts.h"

// The actions about network interfaces and instances.
namespace vpc::ucloud {

Params DescribeInstanceNetworkInterface::params() const {
  return ParamsBuilder()
      .Add("InstanceId", instance_id)
      .Add("Offset", offset)
      .Add("Limit", limit)
      .Build();
}

absl::Status DescribeInstanceNetworkInterface::Check() const {
  RETURN_IF_ERROR(Need(kAction, {{"InstanceId", instance_id}}));
  return CheckPage(kAction, offset, limit);
}

absl::StatusOr<InterfacesAnswer> DescribeInstanceNetworkInterface::Decode(
    const base::Json& answer) {
  return DecodeInterfaces(answer);
}

Params CreateNetworkInterface::params() const {
  Value::Array groups;
  for (const PrioritySecGroup& group : sec_groups) {
    groups.emplace_back(Value::Map{{"SecGroupId", Value(group.sec_group_id)},
                                   {"Priority", Value(group.priority)}});
  }
  ParamsBuilder builder;
  builder.Add("VPCId", vpc_id).Add("SubnetId", subnet_id).Add("Name", name);
  if (!groups.empty()) builder.Add("SecurityMode", 1);
  return builder.Add("PrioritySecGroup", std::move(groups)).Build();
}

absl::Status CreateNetworkInterface::Check() const {
  for (const PrioritySecGroup& group : sec_groups) {
    RETURN_IF_ERROR(Need(kAction, {{"SecGroupId", group.sec_group_id}}));
  }
  return Need(kAction, {{"VPCId", vpc_id}, {"SubnetId", subnet_id}});
}

absl::StatusOr<InterfaceAnswer> CreateNetworkInterface::Decode(
    const base::Json& answer) {
  return DecodeInterface(answer);
}

Params AttachNetworkInterface::params() const {
  return ParamsBuilder()
      .Add("InterfaceId", interface_id)
      .Add("InstanceId", instance_id)
      .Build();
}

absl::Status AttachNetworkInterface::Check() const {
  return Need(kAction,
              {{"InterfaceId", interface_id}, {"InstanceId", instance_id}});
}

absl::StatusOr<NoAnswer> AttachNetworkInterface::Decode(
    const base::Json& /*answer*/) {
  return NoAnswer();
}

Params DetachNetworkInterface::params() const {
  return ParamsBuilder()
      .Add("InterfaceId", interface_id)
      .Add("InstanceId", instance_id)
      .Build();
}

absl::Status DetachNetworkInterface::Check() const {
  return Need(kAction,
              {{"InterfaceId", interface_id}, {"InstanceId", instance_id}});
}

absl::StatusOr<NoAnswer> DetachNetworkInterface::Decode(
    const base::Json& /*answer*/) {
  return NoAnswer();
}

Params DeleteNetworkInterface::params() const {
  return ParamsBuilder().Add("InterfaceId", interface_id).Build();
}

absl::Status DeleteNetworkInterface::Check() const {
  return Need(kAction, {{"InterfaceId", interface_id}});
}

absl::StatusOr<NoAnswer> DeleteNetworkInterface::Decode(
    const base::Json& /*answer*/) {
  return NoAnswer();
}

Params DescribeNetworkInterface::params() const {
  return ParamsBuilder()
      .Add("InterfaceId", interface_ids)
      .Add("VPCId", vpc_id)
      .Add("SubnetId", subnet_id)
      .Add("Offset", offset)
      .Add("Limit", limit)
      .Build();
}

absl::Status DescribeNetworkInterface::Check() const {
  return CheckPage(kAction, offset, limit);
}

absl::StatusOr<InterfacesAnswer> DescribeNetworkInterface::Decode(
    const base::Json& answer) {
  return DecodeInterfaces(answer);
}

Params DescribeUHostInstance::params() const {
  return ParamsBuilder()
      .Add("Zone", zone)
      .Add("UHostIds", host_ids)
      .Add("Offset", offset)
      .Add("Limit", limit)
      .Build();
}

absl::Status DescribeUHostInstance::Check() const {
  return CheckPage(kAction, offset, limit);
}

absl::StatusOr<HostsAnswer> DescribeUHostInstance::Decode(
    const base::Json& answer) {
  return DecodeHosts(answer);
}

}  // namespace vpc::ucloud
