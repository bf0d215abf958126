#include "pool/sim/plant.h"

#include <utility>
#include <variant>

namespace pool::sim {
namespace {

bool IsAllocation(const Record& record) {
  const auto* open = std::get_if<OpenIntent>(&record);
  return open != nullptr && open->row.kind == Intent::Kind::kAllocate;
}

bool IsNewLease(const Record& record) {
  const auto* put = std::get_if<PutAddress>(&record);
  return put != nullptr && put->row.lease &&
         put->row.lease->phase == Phase::kAttaching;
}

absl::Status Refused() { return absl::PermissionDeniedError("planted"); }

}  // namespace

Records Spoil(Plant plant, Records records) {
  if (plant == Plant::kLostIntent) std::erase_if(records, IsAllocation);
  if (plant == Plant::kForgottenLease) std::erase_if(records, IsNewLease);
  if (plant != Plant::kForgottenCooldown) return records;
  for (Record& record : records) {
    auto* put = std::get_if<PutAddress>(&record);
    if (put == nullptr || put->row.state != State::kCooling) continue;
    put->row = In(State::kWarm, std::move(put->row), put->row.since);
  }
  return records;
}

Grant Spoil(Plant plant, Grant grant, std::optional<base::Ipv4> last) {
  if (plant != Plant::kDoublePop || !last) return grant;
  if (grant.address.lease->phase != Phase::kAttaching) return grant;
  grant.address.ip = *last;
  grant.records = {PutAddress{grant.address}};
  return grant;
}

absl::Status Spoil(Plant plant, Call call, absl::Status status) {
  if (!absl::IsDeadlineExceeded(status)) return status;
  const bool spoilt =
      plant == Plant::kTimeoutIsFailure && call == Call::kAllocate;
  return spoilt ? Refused() : status;
}

}  // namespace pool::sim
