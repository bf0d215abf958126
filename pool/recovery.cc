#include "pool/recovery.h"

#include <map>
#include <set>
#include <utility>

namespace pool {
namespace {

using base::Ipv4;

bool IsOurs(const User& user) { return !user.attachment.container_id.empty(); }

void Append(Records more, Records* records) {
  for (Record& record : more) records->push_back(std::move(record));
}

Records TakeInUsed(const Pool& pool, const std::string& subnet,
                   const User& user, absl::Time now) {
  if (IsOurs(user) && pool.Find(user.attachment) == nullptr) {
    Lease lease;
    lease.attachment = user.attachment;
    lease.host_ifname = user.host_ifname;
    // A DEL that came while nobody knew of the lease is taking it down.
    const bool ends = pool.tombstones().contains(user.attachment);
    lease.phase = ends ? Phase::kDetaching : Phase::kAttached;
    lease.granted_at = now;
    return pool.DecideRestore(user.address, subnet, std::move(lease), now);
  }
  return {PutAddress{Address{.ip = user.address,
                             .subnet = subnet,
                             .state = State::kQuarantined,
                             .since = now}}};
}

enum class Rest { kByPolicy, kAlways };

Records TakeIn(const Pool& pool, const std::string& subnet,
               const std::set<Ipv4>& found, const std::vector<User>& users,
               Rest rest, absl::Time now) {
  std::map<Ipv4, const User*> user_of;
  for (const User& user : users) user_of[user.address] = &user;
  Records records;
  for (const Ipv4 ip : found) {
    if (pool.Find(ip) != nullptr) continue;
    const auto user = user_of.find(ip);
    if (user != user_of.end()) {
      Append(TakeInUsed(pool, subnet, *user->second, now), &records);
    } else if (rest == Rest::kByPolicy && pool.policy().probing) {
      Append(pool.DecideArrived({ip}, subnet, now), &records);
    } else if (rest == Rest::kAlways &&
               pool.policy().loss_hold > absl::ZeroDuration()) {
      // It may have been promised to another node, which may take it over yet.
      records.push_back(
          PutAddress{Address{.ip = ip,
                             .subnet = subnet,
                             .state = State::kQuarantined,
                             .since = now,
                             .until = now + pool.policy().loss_hold}});
    } else {
      Append(pool.DecideAdopt({ip}, subnet, now), &records);
    }
  }
  return records;
}

}  // namespace

Records DecideTakeIn(const Pool& pool, const std::string& subnet,
                     const std::vector<Ipv4>& found,
                     const std::vector<User>& users, absl::Time now) {
  return TakeIn(pool, subnet, {found.begin(), found.end()}, users,
                Rest::kByPolicy, now);
}

Records DecideTakeInAfterLoss(const Pool& pool, const std::string& subnet,
                              const std::vector<Ipv4>& found,
                              const std::vector<User>& users, absl::Time now) {
  return TakeIn(pool, subnet, {found.begin(), found.end()}, users,
                Rest::kAlways, now);
}

Records DecideRebuild(const Pool& pool, const std::string& subnet,
                      const std::vector<Ipv4>& listed,
                      const std::vector<User>& users, absl::Time now) {
  std::set<Ipv4> found(listed.begin(), listed.end());
  for (const User& user : users) {
    if (IsOurs(user)) found.insert(user.address);
  }
  return TakeIn(pool, subnet, found, users, Rest::kAlways, now);
}

Records WithTenants(Records records, const Tenants& tenants) {
  for (Record& record : records) {
    auto* put = std::get_if<PutAddress>(&record);
    if (put == nullptr) continue;
    const auto tenant = tenants.find(put->row.ip);
    if (tenant == tenants.end()) continue;
    const bool is_used = put->row.state == State::kLeased ||
                         (put->row.state == State::kQuarantined &&
                          put->row.until == absl::InfiniteFuture());
    if (!is_used) put->row = In(State::kFixed, put->row, put->row.since);
    put->row.tenant = tenant->second;
  }
  return records;
}

Records DecideSettled(const Pool& pool, absl::Time settled) {
  Records records;
  for (const auto& [id, intent] : pool.intents()) {
    if (intent.kind != Intent::Kind::kAllocate) continue;
    if (intent.opened_at <= settled) records.push_back(CloseIntent{id});
  }
  return records;
}

}  // namespace pool
