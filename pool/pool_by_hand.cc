#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "pool/pool.h"

// What an operator does to the pool by hand.
namespace pool {
namespace {

absl::Status Unknown(base::Ipv4 ip) {
  return absl::NotFoundError(
      absl::StrCat("the pool has no address ", ip.ToString()));
}

std::string Holder(const Lease& lease) {
  if (lease.pod.name.empty()) return lease.attachment.ToString();
  return absl::StrCat(lease.pod.ns, "/", lease.pod.name);
}

// Why an address in this state can't be had by hand.
absl::Status WhyNot(const Address& row) {
  std::string what = absl::StrCat("is ", NameOf(row.state));
  if (row.lease) what = absl::StrCat("is leased to ", Holder(*row.lease));
  if (row.state == State::kFresh) what = "is being probed; try again";
  if (row.state == State::kCooling) {
    what = "cools down, for its last pod may have connections; pop it first";
  }
  if (row.state == State::kQuarantined) {
    what = "is quarantined, for somebody else uses it";
  }
  if (row.state == State::kReleasing) what = "is being given back already";
  return absl::FailedPreconditionError(
      absl::StrCat(row.ip.ToString(), " ", what));
}

bool Rests(const Address& row, absl::Time now) {
  return row.until != absl::InfiniteFuture() && row.until > now;
}

}  // namespace

absl::StatusOr<Grant> Pool::DecidePop(std::optional<base::Ipv4> ip,
                                      absl::Time now) const {
  if (!ip) {
    if (warm_.empty()) {
      return absl::NotFoundError("the pool has no warm address");
    }
    ip = warm_.begin()->second;
  }
  const Address* row = Find(*ip);
  if (row == nullptr) return Unknown(*ip);
  if (row->state != State::kWarm && row->state != State::kCooling) {
    return WhyNot(*row);
  }
  Address popped = In(State::kPopped, *row, now);
  popped.until = row->until;
  return Grant{popped, {PutAddress{popped}}};
}

absl::StatusOr<Grant> Pool::DecidePush(std::optional<base::Ipv4> ip,
                                       absl::Time now) const {
  if (!ip) {
    const Address* first = nullptr;
    for (const auto& [address, row] : addresses_) {
      if (row.state != State::kPopped) continue;
      if (first == nullptr || row.since < first->since) first = &row;
    }
    if (first == nullptr) return absl::NotFoundError("no address is popped");
    ip = first->ip;
  }
  const Address* row = Find(*ip);
  if (row == nullptr) return Unknown(*ip);
  if (row->state != State::kPopped) {
    return absl::FailedPreconditionError(
        absl::StrCat(ip->ToString(), " is ", NameOf(row->state),
                     "; only a popped address can be put back"));
  }
  Address pushed =
      Rests(*row, now)
          ? Cooling(*row, now, row->until - now)
          : In(policy_.probing ? State::kFresh : State::kWarm, *row, now);
  return Grant{pushed, {PutAddress{pushed}}};
}

Records Pool::DecideSetAside(base::Ipv4 ip, const std::string& subnet,
                             absl::Time now) const {
  if (Find(ip) != nullptr) return {};
  return {
      PutAddress{In(State::kPopped, Address{.ip = ip, .subnet = subnet}, now)}};
}

absl::Status Pool::CouldRelease(base::Ipv4 ip) const {
  const Address* row = Find(ip);
  if (row == nullptr) return Unknown(ip);
  const bool in_conflict =
      row->state == State::kQuarantined && row->until != absl::InfiniteFuture();
  const bool free = row->state == State::kWarm || row->state == State::kPopped;
  return in_conflict || free ? absl::OkStatus() : WhyNot(*row);
}

}  // namespace pool
