#include "vpc/ucloud/interfaces.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "glog/logging.h"
#include "openssl/sha.h"
#include "vpc/ucloud/ret_code.h"

namespace vpc::ucloud {
namespace {

constexpr int kPage = 100;
// Of one VPC; a node wouldn't find its own among more.
constexpr int kMaxInterfaces = 100'000;

// Of the groups in any order; 8 digits of SHA-1.
std::string DigestOf(std::vector<std::string> groups) {
  std::sort(groups.begin(), groups.end());
  const std::string text = absl::StrJoin(groups, ",");
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
       digest);
  constexpr size_t kBytes = 4;
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), kBytes));
}

std::vector<PrioritySecGroup> Prioritized(
    const std::vector<std::string>& groups) {
  std::vector<PrioritySecGroup> prioritized;
  for (const std::string& group : groups) {
    prioritized.push_back(
        {.sec_group_id = group,
         .priority = static_cast<int>(prioritized.size()) + 1});
  }
  return prioritized;
}

std::string PrefixOf(const Place& main) {
  return absl::StrCat("cnivpc-", main.instance_id, "-");
}

}  // namespace

NodeInterfaces::NodeInterfaces(std::shared_ptr<Access> access, Place main,
                               InterfacesOptions options)
    : access_(std::move(access)),
      main_(std::move(main)),
      options_(std::move(options)),
      creations_(options_.intent_dir) {}

template <typename Request>
absl::StatusOr<typename Request::Answer> NodeInterfaces::Call(
    const Request& request) {
  return access_->client().Call(request,
                                {.priority = Priority::kFill,
                                 .deadline = absl::Now() + options_.patience});
}

std::string NodeInterfaces::NameOf(const InterfaceWish& wish) const {
  std::string name = absl::StrCat(PrefixOf(main_), wish.subnet);
  if (!wish.security_groups.empty()) {
    absl::StrAppend(&name, "-", DigestOf(wish.security_groups));
  }
  return name;
}

bool NodeInterfaces::IsMine(const InterfaceInfo& info) const {
  return absl::StartsWith(info.name, PrefixOf(main_));
}

bool NodeInterfaces::IsHere(const InterfaceInfo& info) const {
  return info.attached_to == main_.instance_id;
}

// --- looking

absl::StatusOr<std::vector<InterfaceInfo>> NodeInterfaces::All(
    const std::string& subnet) {
  std::vector<InterfaceInfo> all;
  while (all.size() < kMaxInterfaces) {
    ASSIGN_OR_RETURN(
        InterfacesAnswer answer,
        Call(DescribeNetworkInterface{.vpc_id = main_.vpc_id,
                                      .subnet_id = subnet,
                                      .offset = static_cast<int>(all.size()),
                                      .limit = kPage}));
    const bool last = answer.interfaces.size() < kPage;
    for (InterfaceInfo& info : answer.interfaces) {
      all.push_back(std::move(info));
    }
    if (last) return all;
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "VPC ", main_.vpc_id, " has more than ", kMaxInterfaces, " interfaces"));
}

absl::StatusOr<std::optional<InterfaceInfo>> NodeInterfaces::ById(
    const std::string& id) {
  ASSIGN_OR_RETURN(const InterfacesAnswer answer,
                   Call(DescribeNetworkInterface{.interface_ids = {id}}));
  for (const InterfaceInfo& info : answer.interfaces) {
    if (info.interface_id == id) return info;
  }
  return std::nullopt;
}

absl::StatusOr<std::optional<InterfaceInfo>> NodeInterfaces::Find(
    const InterfaceWish& wish) {
  ASSIGN_OR_RETURN(std::vector<InterfaceInfo> all, All(wish.subnet));
  std::erase_if(all, [name = NameOf(wish)](const InterfaceInfo& info) {
    return info.name != name;
  });
  if (all.empty()) return std::nullopt;
  std::sort(all.begin(), all.end(),
            [this](const InterfaceInfo& a, const InterfaceInfo& b) {
              if (IsHere(a) != IsHere(b)) return IsHere(a);
              return a.interface_id < b.interface_id;
            });
  for (size_t i = 1; i < all.size(); ++i) DeleteSpare(all[i]);
  return all.front();
}

void NodeInterfaces::DeleteSpare(const InterfaceInfo& spare) {
  const absl::Status status =
      spare.attached_to.empty() ? Delete(spare.interface_id)
                                : absl::FailedPreconditionError(absl::StrCat(
                                      "it is attached to ", spare.attached_to));
  LOG(WARNING) << "vpc: interface=" << spare.interface_id << " is one of two "
               << "named " << spare.name
               << "; deleted: " << (status.ok() ? "yes" : status.message());
}

// --- Ensure

absl::StatusOr<vpc::Interface> NodeInterfaces::Ensure(
    const InterfaceWish& wish) {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto found = Find(wish);
  if (!found.ok()) return ForProvider(found.status());
  if (!*found) {
    ASSIGN_OR_RETURN(*found, Create(wish));
  } else {
    creations_.End(NameOf(wish));
  }
  const InterfaceInfo& info = **found;
  if (!IsHere(info)) RETURN_IF_ERROR(Attach(info));
  ASSIGN_OR_RETURN(vpc::Interface interface, Describe(info));
  interface.attached = true;
  return interface;
}

absl::StatusOr<InterfaceInfo> NodeInterfaces::Create(
    const InterfaceWish& wish) {
  const std::string name = NameOf(wish);
  const absl::Time now = options_.now();
  const absl::Time until = creations_.UncertainUntil(name, now);
  if (until > now) {
    return absl::UnavailableError(absl::StrCat(
        "network interface ", name,
        " was asked for without an answer and may still be made until ",
        absl::FormatTime(until, absl::UTCTimeZone())));
  }
  RETURN_IF_ERROR(creations_.Begin(name, now));
  auto answer = Call(
      CreateNetworkInterface{.vpc_id = main_.vpc_id,
                             .subnet_id = wish.subnet,
                             .name = name,
                             .sec_groups = Prioritized(wish.security_groups)});
  if (OutcomeIsUnknown(answer.status())) return answer.status();
  creations_.End(name);
  if (!answer.ok()) return ForProvider(answer.status());
  LOG(INFO) << "vpc: interface=" << answer->interface.interface_id
            << " was made: name=" << name;
  return std::move(answer->interface);
}

absl::Status NodeInterfaces::Attach(const InterfaceInfo& found) {
  if (!found.attached_to.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("network interface ", found.interface_id, " (", found.name,
                     ") is this node's, but somebody has attached it to ",
                     found.attached_to, "; detach it there"));
  }
  const auto answer = Call(AttachNetworkInterface{
      .interface_id = found.interface_id, .instance_id = main_.instance_id});
  if (answer.ok()) return absl::OkStatus();
  return JudgeAttach(found, answer.status());
}

// The answer doesn't tell to whom it is attached already. What is certainly not
// attached, as the host has no room, would only take up an address.
absl::Status NodeInterfaces::JudgeAttach(const InterfaceInfo& found,
                                         const absl::Status& refusal) {
  const auto now = ById(found.interface_id);
  if (!now.ok() || !*now) return ForProvider(refusal);
  if (IsHere(**now)) return absl::OkStatus();
  if (!(*now)->attached_to.empty()) return Attach(**now);
  // The list may lag.
  if (absl::IsAlreadyExists(refusal)) {
    return absl::UnavailableError(refusal.message());
  }
  absl::Status translated = ForProvider(refusal);
  if (absl::IsAborted(translated) || OutcomeIsUnknown(refusal)) {
    return translated;
  }
  const absl::Status deleted = Delete(found.interface_id);
  LOG(WARNING) << "vpc: interface=" << found.interface_id
               << " can't be attached; deleted: "
               << (deleted.ok() ? "yes" : deleted.message());
  return translated;
}

absl::StatusOr<vpc::Interface> NodeInterfaces::Describe(
    const InterfaceInfo& info) {
  vpc::Interface interface = {.id = info.interface_id,
                              .name = info.name,
                              .mac = info.mac,
                              .subnet = info.subnet_id,
                              .vpc = info.vpc_id,
                              .attached = IsHere(info)};
  if (interface.vpc.empty()) interface.vpc = main_.vpc_id;
  if (info.primary_ips.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the VPC doesn't tell the address of ", info.interface_id));
  }
  interface.address = info.primary_ips.front();
  if (info.prefix_length && info.gateway) {
    interface.prefix =
        base::Ipv4Prefix::Containing(interface.address, *info.prefix_length);
    interface.gateway = *info.gateway;
    return interface;
  }
  ASSIGN_OR_RETURN(const SubnetsAnswer answer,
                   Call(DescribeSubnet{.subnet_ids = {info.subnet_id}}));
  for (const SubnetInfo& subnet : answer.subnets) {
    if (subnet.subnet_id != info.subnet_id || !subnet.gateway) continue;
    interface.prefix = subnet.prefix;
    interface.gateway = *subnet.gateway;
    return interface;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the VPC doesn't tell the gateway of subnet ", info.subnet_id));
}

// --- Remove and List

absl::Status NodeInterfaces::Detach(const std::string& id) {
  const auto answer = Call(DetachNetworkInterface{
      .interface_id = id, .instance_id = main_.instance_id});
  return answer.status();
}

absl::Status NodeInterfaces::Delete(const std::string& id) {
  return Call(DeleteNetworkInterface{.interface_id = id}).status();
}

// What the list says may be old, so only the deletion's own answer counts; and
// if it is refused, that the interface isn't there any more.
absl::Status NodeInterfaces::Remove(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = ById(id);
  if (!found.ok()) return ForProvider(found.status());
  if (!*found) return absl::OkStatus();
  const InterfaceInfo& info = **found;
  if (!IsMine(info) || info.is_default) {
    return absl::FailedPreconditionError(absl::StrCat(
        "network interface ", id, " (", info.name, ") isn't this node's"));
  }
  if (!IsHere(info) && !info.attached_to.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "network interface ", id, " is attached to ", info.attached_to));
  }
  const absl::Status detached = IsHere(info) ? Detach(id) : absl::OkStatus();
  absl::Status deleted = Delete(id);
  if (deleted.ok()) return deleted;
  const auto left = ById(id);
  if (left.ok() && !*left) return absl::OkStatus();
  return ForProvider(detached.ok() ? deleted : detached);
}

absl::StatusOr<std::vector<vpc::Interface>> NodeInterfaces::List() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto all = All("");
  if (!all.ok()) return ForProvider(all.status());
  std::vector<vpc::Interface> mine;
  for (const InterfaceInfo& info : *all) {
    if (!IsMine(info)) continue;
    ASSIGN_OR_RETURN(vpc::Interface interface, Describe(info));
    mine.push_back(std::move(interface));
  }
  return mine;
}

}  // namespace vpc::ucloud
