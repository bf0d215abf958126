#include "pool/store_row.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace pool {
namespace {

using base::Ipv4;
using base::Statement;
using Kind = Intent::Kind;

absl::Status BadRow(absl::string_view table, absl::string_view key,
                    absl::string_view column) {
  return absl::DataLossError(
      absl::StrCat("store: table ", table, ", row ", key, ": bad ", column));
}

void BindLease(Statement& put, const Lease& lease) {
  put.Bind(7, lease.attachment.network)
      .Bind(8, lease.attachment.container_id)
      .Bind(9, lease.attachment.ifname)
      .Bind(10, lease.pod.ns)
      .Bind(11, lease.pod.name)
      .Bind(12, lease.pod.uid)
      .Bind(13, lease.netns)
      .Bind(14, lease.host_ifname)
      .Bind(15, NameOf(lease.phase))
      .Bind(16, ToNanos(lease.granted_at))
      .Bind(17, absl::ToInt64Nanoseconds(lease.started_at));
}

absl::StatusOr<Lease> LeaseOf(const Statement& row) {
  const auto phase = PhaseNamed(row.Text(14));
  if (!phase) return BadRow("address", row.Text(0), "phase");
  return Lease{{row.Text(6), row.Text(7), row.Text(8)},
               {row.Text(9), row.Text(10), row.Text(11)},
               row.Text(12),
               row.Text(13),
               *phase,
               FromNanos(row.Int(15)),
               absl::Nanoseconds(row.Int(16))};
}

absl::string_view NameOf(Kind shift) {
  if (shift == Kind::kFix) return "fix";
  return shift == Kind::kLend ? "lend" : "borrow";
}

std::optional<Kind> ShiftNamed(absl::string_view name) {
  for (const Kind kind : {Kind::kLend, Kind::kBorrow, Kind::kFix}) {
    if (NameOf(kind) == name) return kind;
  }
  return std::nullopt;
}

std::string Joined(const std::vector<Ipv4>& addresses) {
  return absl::StrJoin(addresses, " ", [](std::string* out, Ipv4 ip) {
    out->append(ip.ToString());
  });
}

std::optional<std::vector<Ipv4>> Split(const std::string& list) {
  std::vector<Ipv4> addresses;
  for (const auto text : absl::StrSplit(list, ' ', absl::SkipEmpty())) {
    const auto ip = Ipv4::Parse(text);
    if (!ip.ok()) return std::nullopt;
    addresses.push_back(*ip);
  }
  return addresses;
}

}  // namespace

int64_t ToNanos(absl::Time time) {
  if (time == absl::InfiniteFuture()) {
    return std::numeric_limits<int64_t>::max();
  }
  return absl::ToUnixNanos(time);
}

absl::Time FromNanos(int64_t nanos) {
  if (nanos == std::numeric_limits<int64_t>::max()) {
    return absl::InfiniteFuture();
  }
  return absl::FromUnixNanos(nanos);
}

absl::Status RunWith(Statement& put, const Address& row) {
  put.Bind(1, row.ip.ToString())
      .Bind(2, row.subnet)
      .Bind(3, NameOf(row.state))
      .Bind(4, ToNanos(row.since))
      .Bind(5, ToNanos(row.until))
      .Bind(6, static_cast<int64_t>(row.recycled));
  if (row.lease) {
    BindLease(put, *row.lease);
  } else {
    for (int i = 7; i <= 17; ++i) put.BindNull(i);
  }
  return put.Run();
}

absl::Status RunWith(Statement& put, const Tombstone& row) {
  return put.Bind(1, row.attachment.network)
      .Bind(2, row.attachment.container_id)
      .Bind(3, row.attachment.ifname)
      .Bind(4, absl::ToInt64Nanoseconds(row.buried_at))
      .Bind(5, ToNanos(row.expires))
      .Run();
}

absl::Status RunWith(Statement& put, const Intent& row) {
  return put.Bind(1, row.id)
      .Bind(2, row.kind == Kind::kAllocate ? "allocate" : "release")
      .Bind(3, row.subnet)
      .Bind(4, row.count)
      .Bind(5, Joined(row.addresses))
      .Bind(6, ToNanos(row.opened_at))
      .Run();
}

absl::Status RunWithFixed(Statement& put, const Address& row) {
  return put.Bind(1, row.ip.ToString())
      .Bind(2, row.subnet)
      .Bind(3, row.tenant->name_space)
      .Bind(4, row.tenant->name)
      .Bind(5, row.tenant->claim_uid)
      .Bind(6, ToNanos(row.since))
      .Run();
}

absl::Status RunWithShift(Statement& put, const Intent& row) {
  return put.Bind(1, row.id)
      .Bind(2, NameOf(row.kind))
      .Bind(3, row.key)
      .Bind(4, row.peer)
      .Bind(5, row.subnet)
      .Bind(6, Joined(row.addresses))
      .Bind(7, ToNanos(row.opened_at))
      .Run();
}

absl::StatusOr<Address> AddressOf(const Statement& row) {
  const auto ip = Ipv4::Parse(row.Text(0));
  if (!ip.ok()) return BadRow("address", row.Text(0), "ip");
  const auto state = StateNamed(row.Text(2));
  if (!state || IsShifting(*state) || *state == State::kFixed) {
    return BadRow("address", row.Text(0), "state");
  }
  Address address{*ip,
                  row.Text(1),
                  *state,
                  FromNanos(row.Int(3)),
                  FromNanos(row.Int(4)),
                  static_cast<uint64_t>(row.Int(5)),
                  std::nullopt};
  if (*state != State::kLeased) return address;
  ASSIGN_OR_RETURN(address.lease, LeaseOf(row));
  return address;
}

absl::StatusOr<Address> FixedOf(const Statement& row) {
  const auto ip = Ipv4::Parse(row.Text(0));
  if (!ip.ok()) return BadRow("fixed", row.Text(0), "ip");
  Address address{.ip = *ip, .subnet = row.Text(1), .state = State::kFixed};
  address.since = FromNanos(row.Int(5));
  address.tenant = Tenant{row.Text(2), row.Text(3), row.Text(4)};
  return address;
}

absl::StatusOr<Tombstone> TombstoneOf(const Statement& row) {
  return Tombstone{{row.Text(0), row.Text(1), row.Text(2)},
                   absl::Nanoseconds(row.Int(3)),
                   FromNanos(row.Int(4))};
}

absl::StatusOr<Intent> IntentOf(const Statement& row) {
  Intent intent{.id = row.Int(0)};
  const std::string name = absl::StrCat(intent.id);
  const std::string kind = row.Text(1);
  if (kind != "allocate" && kind != "release") {
    return BadRow("intent", name, "kind");
  }
  intent.kind = kind == "allocate" ? Kind::kAllocate : Kind::kRelease;
  intent.subnet = row.Text(2);
  intent.count = static_cast<int>(row.Int(3));
  auto addresses = Split(row.Text(4));
  if (!addresses) return BadRow("intent", name, "addresses");
  intent.addresses = *std::move(addresses);
  intent.opened_at = FromNanos(row.Int(5));
  return intent;
}

absl::StatusOr<Intent> ShiftOf(const Statement& row) {
  Intent intent{.id = row.Int(0)};
  const std::string name = absl::StrCat(intent.id);
  const std::string kind = row.Text(1);
  const auto known = ShiftNamed(kind);
  if (!known) return BadRow("shift", name, "kind");
  intent.kind = *known;
  intent.key = row.Text(2);
  if (intent.kind == Kind::kFix && !TenantOf(intent.key)) {
    return BadRow("shift", name, "key");
  }
  intent.peer = row.Text(3);
  intent.subnet = row.Text(4);
  auto addresses = Split(row.Text(5));
  const size_t least = intent.kind == Kind::kBorrow ? 0 : 1;
  if (!addresses || addresses->size() > 1 || addresses->size() < least) {
    return BadRow("shift", name, "address");
  }
  intent.addresses = *std::move(addresses);
  intent.opened_at = FromNanos(row.Int(6));
  return intent;
}

}  // namespace pool
