#include "vpc/ucloud/provider.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "glog/logging.h"
#include "vpc/ucloud/ret_code.h"

namespace vpc::ucloud {
namespace {

using absl::StatusCode;
using base::Ipv4;

// Whether a refusal may mean that somebody has the address already, be it us.
// The API's reference doesn't tell the RetCodes of that.
bool MayBeAboutOwner(const absl::Status& status) {
  switch (status.code()) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kAlreadyExists:
    case StatusCode::kFailedPrecondition:
      return true;
    default:
      return OutcomeIsUnknown(status);
  }
}

// Whether a batch was refused for being one: no such action here, no right to
// it, or too large a count.
bool MayBeAboutBatches(const absl::Status& status) {
  return absl::IsUnimplemented(status) || absl::IsPermissionDenied(status) ||
         absl::IsInvalidArgument(status);
}

// What the batch's items say, when none has succeeded.
absl::Status NoneSucceeded(const BatchAnswer& answer) {
  return absl::FailedPreconditionError(
      absl::StrCat(AllocateBatchSecondaryIp::kAction, ": of ",
                   answer.items.size(), " addresses none was given: ",
                   answer.items.empty() ? "" : answer.items.front().message));
}

}  // namespace

InterfaceProvider::InterfaceProvider(std::shared_ptr<Access> access,
                                     Place place, ProviderOptions options)
    : access_(std::move(access)), place_(std::move(place)), options_(options) {}

Usage InterfaceProvider::usage() const { return access_->client().usage(); }

template <typename Request>
absl::StatusOr<typename Request::Answer> InterfaceProvider::Call(
    const Request& request, Priority priority) {
  const absl::Duration patience =
      priority == Priority::kPod ? options_.pod_patience : options_.patience;
  return access_->client().Call(
      request, {.priority = priority, .deadline = absl::Now() + patience});
}

// --- Allocate

AllocateSecondaryIp InterfaceProvider::OneMore() const {
  return {.zone = place_.zone,
          .mac = place_.mac,
          .object_id = place_.object_id,
          .subnet_id = place_.subnet_id,
          .vpc_id = place_.vpc_id};
}

absl::StatusOr<std::vector<Ipv4>> InterfaceProvider::Allocate(
    int count, Priority priority) {
  if (count < 1) return std::vector<Ipv4>();
  if (count == 1 || !has_batches_) return AllocateOne(priority);
  auto several = AllocateSeveral(std::min(count, kMaxBatch), priority);
  if (!MayBeAboutBatches(several.status())) return several;
  auto one = AllocateOne(priority);
  if (!one.ok()) return one;
  has_batches_ = false;
  LOG(WARNING) << "vpc: addresses are allocated one by one from now on: "
               << several.status().message();
  return one;
}

absl::StatusOr<std::vector<Ipv4>> InterfaceProvider::AllocateOne(
    Priority priority) {
  const auto answer = Call(OneMore(), priority);
  if (!answer.ok()) return ForProvider(answer.status());
  return Keep({{answer->ip.ip, answer->ip.mac, answer->ip.subnet_id}});
}

absl::StatusOr<std::vector<Ipv4>> InterfaceProvider::AllocateSeveral(
    int count, Priority priority) {
  const auto answer =
      Call(AllocateBatchSecondaryIp{.zone = place_.zone,
                                    .mac = place_.mac,
                                    .object_id = place_.object_id,
                                    .subnet_id = place_.subnet_id,
                                    .vpc_id = place_.vpc_id,
                                    .count = count},
           priority);
  if (!answer.ok()) return ForProvider(answer.status());
  std::vector<Given> given;
  for (const BatchItem& item : answer->items) {
    if (!item.succeeded) continue;
    for (uint64_t bits = item.addresses->first().bits();
         bits <= item.addresses->last().bits(); ++bits) {
      given.push_back(
          {Ipv4(static_cast<uint32_t>(bits)), item.mac, item.subnet_id});
    }
  }
  if (given.empty()) return NoneSucceeded(*answer);
  return Keep(given);
}

bool InterfaceProvider::IsOurs(const Given& given) const {
  return given.mac.value_or(place_.mac) == place_.mac &&
         (given.subnet_id.empty() || given.subnet_id == place_.subnet_id);
}

absl::StatusOr<std::vector<Ipv4>> InterfaceProvider::Keep(
    const std::vector<Given>& given) {
  std::vector<Ipv4> ours;
  for (const Given& one : given) {
    if (IsOurs(one)) {
      ours.push_back(one.ip);
    } else {
      GiveBack(one);
    }
  }
  if (!ours.empty()) return ours;
  return absl::FailedPreconditionError(absl::StrCat(
      "the VPC has given ", given.front().ip.ToString(), " to the interface ",
      given.front().mac.value_or(base::Mac()).ToString(), " instead of ",
      place_.mac.ToString()));
}

// Only from the own interface: what others have isn't ours to take. If it is
// another's indeed, its node finds it in its own list.
void InterfaceProvider::GiveBack(const Given& stray) {
  const auto answer = Call(Deletion(stray.ip), Priority::kRelease);
  LOG(WARNING) << "vpc: address=" << stray.ip.ToString() << " was given to mac="
               << stray.mac.value_or(base::Mac()).ToString()
               << " subnet=" << stray.subnet_id
               << " instead of mac=" << place_.mac.ToString()
               << ", and isn't used; given back: "
               << (answer.ok() ? "yes" : answer.status().message());
}

// --- Claim and TakeOver

absl::StatusOr<std::optional<base::Mac>> InterfaceProvider::OwnerOf(
    Ipv4 address) {
  ASSIGN_OR_RETURN(const IpsAnswer answer,
                   Call(DescribeSecondaryIp{.subnet_id = place_.subnet_id,
                                            .vpc_id = place_.vpc_id,
                                            .ip = address},
                        Priority::kPod));
  for (const IpInfo& info : answer.ips) {
    if (info.ip == address && info.mac) return info.mac;
  }
  return std::nullopt;
}

absl::Status InterfaceProvider::Claim(Ipv4 address) {
  AllocateSecondaryIp request = OneMore();
  request.ip = address;
  const auto answer = Call(request, Priority::kPod);
  if (!answer.ok()) return JudgeClaim(address, answer.status());
  const Given given = {answer->ip.ip, answer->ip.mac, answer->ip.subnet_id};
  if (given.ip != address) {
    GiveBack(given);
    return absl::FailedPreconditionError(
        absl::StrCat("asked for ", address.ToString(), ", the VPC gave ",
                     given.ip.ToString()));
  }
  if (IsOurs(given)) return absl::OkStatus();
  // Not given back, for a pod may have it.
  return JudgeClaim(address, absl::UnavailableError(absl::StrCat(
                                 "the VPC says that it has given ",
                                 address.ToString(), " to another interface")));
}

absl::Status InterfaceProvider::JudgeClaim(Ipv4 address,
                                           const absl::Status& refusal) {
  if (!MayBeAboutOwner(refusal)) return ForProvider(refusal);
  const auto owner = OwnerOf(address);
  if (!owner.ok() || !owner->has_value()) return refusal;
  if (**owner == place_.mac) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(address.ToString(), " is the interface ",
                   (*owner)->ToString(), "'s; ", refusal.message()));
}

absl::Status InterfaceProvider::TakeOver(Ipv4 address, const base::Mac& from) {
  const MoveSecondaryIPMac request = {.ip = address,
                                      .old_mac = from,
                                      .new_mac = place_.mac,
                                      .subnet_id = place_.subnet_id};
  const auto answer = access_->client().Call(
      request, {.priority = Priority::kPod,
                .deadline = absl::Now() +
                            std::min(options_.pod_patience, kTakeOverLimit)});
  if (answer.ok()) return absl::OkStatus();
  return JudgeMove(address, from, answer.status());
}

absl::Status InterfaceProvider::JudgeMove(Ipv4 address, const base::Mac& from,
                                          const absl::Status& refusal) {
  if (!MayBeAboutOwner(refusal)) return ForProvider(refusal);
  const auto owner = OwnerOf(address);
  if (owner.ok() && *owner == place_.mac) return absl::OkStatus();
  if (OutcomeIsUnknown(refusal)) return refusal;
  const bool untold = !owner.ok();
  const bool lags = owner.ok() && *owner == from && absl::IsNotFound(refusal);
  if (untold || lags) {
    return absl::UnavailableError(
        absl::StrCat(refusal.message(), "; who has it isn't known: ",
                     untold ? owner.status().message()
                            : "the VPC still lists it as theirs"));
  }
  if (*owner == from) return refusal;
  return absl::NotFoundError(
      absl::StrCat(address.ToString(), " isn't the interface ", from.ToString(),
                   "'s; ", refusal.message()));
}

// --- Release, List, Describe

DeleteSecondaryIp InterfaceProvider::Deletion(Ipv4 address) const {
  return {.zone = place_.zone,
          .ip = address,
          .mac = place_.mac,
          .subnet_id = place_.subnet_id,
          .vpc_id = place_.vpc_id,
          .object_id = place_.object_id};
}

absl::Status InterfaceProvider::Release(Ipv4 address) {
  if (address == options_.own_address) {
    return absl::InvalidArgumentError(absl::StrCat(
        address.ToString(), " is the node's own, and isn't given back"));
  }
  const auto answer = Call(Deletion(address), Priority::kRelease);
  if (absl::IsNotFound(answer.status())) return absl::OkStatus();
  return ForProvider(answer.status());
}

absl::Status InterfaceProvider::ReleaseFor(const Holding& holding) {
  const auto own = [](const std::string& value, const std::string& ours) {
    return value.empty() ? ours : value;
  };
  const DeleteSecondaryIp deletion = {
      .zone = own(holding.zone, place_.zone),
      .ip = holding.address,
      .mac = holding.mac,
      .subnet_id = own(holding.subnet, place_.subnet_id),
      .vpc_id = own(holding.vpc, place_.vpc_id)};
  const auto answer = Call(deletion, Priority::kRelease);
  if (absl::IsNotFound(answer.status())) return absl::OkStatus();
  return ForProvider(answer.status());
}

absl::StatusOr<std::vector<Ipv4>> InterfaceProvider::List() {
  const auto answer = Call(DescribeSecondaryIp{.subnet_id = place_.subnet_id,
                                               .vpc_id = place_.vpc_id,
                                               .mac = place_.mac},
                           Priority::kVerify);
  if (!answer.ok()) return ForProvider(answer.status());
  std::set<Ipv4> ours;
  for (const IpInfo& info : answer->ips) {
    if (!IsOurs({info.ip, info.mac, info.subnet_id})) {
      return absl::InternalError(absl::StrCat(
          "asked for the addresses of ", place_.mac.ToString(), " in ",
          place_.subnet_id, ", the VPC lists ", info.ip.ToString(), " of ",
          info.mac.value_or(base::Mac()).ToString(), " in ", info.subnet_id));
    }
    if (info.ip != options_.own_address) ours.insert(info.ip);
  }
  return std::vector<Ipv4>(ours.begin(), ours.end());
}

absl::StatusOr<Subnet> InterfaceProvider::Describe() {
  const auto answer = Call(
      DescribeSubnet{.subnet_ids = {place_.subnet_id}, .vpc_id = place_.vpc_id},
      Priority::kVerify);
  if (!answer.ok()) return ForProvider(answer.status());
  for (const SubnetInfo& info : answer->subnets) {
    if (info.subnet_id != place_.subnet_id) continue;
    // Not told: as many as there could be. Who allocates will know better.
    const int64_t available = info.available_ips.value_or(
        info.prefix.last().bits() - info.prefix.first().bits());
    return Subnet{
        info.subnet_id, info.prefix,
        static_cast<int>(std::clamp<int64_t>(available, 0, INT32_MAX))};
  }
  return absl::NotFoundError(
      absl::StrCat("the VPC doesn't describe the subnet ", place_.subnet_id));
}

}  // namespace vpc::ucloud
