#include "vpc/embedded.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"

namespace vpc {
namespace {

using base::Ipv4;
using base::Statement;

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS allocation(
  ip INTEGER PRIMARY KEY, owner TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS node(owner TEXT PRIMARY KEY, ip INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS cursor(
  subnet TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
)";

// Smaller ones have no room for network, gateway, broadcast and a pod.
constexpr int kMaxPrefixLength = 30;

}  // namespace

absl::StatusOr<std::unique_ptr<Embedded>> Embedded::Open(
    EmbeddedOptions options) {
  if (options.subnet.length() > kMaxPrefixLength) {
    return absl::InvalidArgumentError(
        absl::StrCat("subnet ", options.subnet.ToString(),
                     " has no room for pods; it must be a /", kMaxPrefixLength,
                     " or larger"));
  }
  ASSIGN_OR_RETURN(base::Database db, base::Database::Open(options.path));
  RETURN_IF_ERROR(db.Execute(kSchema));
  std::unique_ptr<Embedded> embedded(
      new Embedded(std::move(options), std::move(db)));
  RETURN_IF_ERROR(embedded->Register());
  return embedded;
}

absl::Status Embedded::Register() {
  return db_.Transaction([&]() -> absl::Status {
    const auto ip = static_cast<int64_t>(options_.owner_address.bits());
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(options_.owner_address));
    if (!owner.empty()) {
      return absl::FailedPreconditionError(absl::StrCat(
          "this node's own address ", options_.owner_address.ToString(),
          " has been given to a pod of node ", owner,
          "; reserve the nodes' addresses (--reserved)"));
    }
    ASSIGN_OR_RETURN(Statement put,
                     db_.Prepare("INSERT OR REPLACE INTO node VALUES(?,?)"));
    return put.Bind(1, options_.owner.ToString()).Bind(2, ip).Run();
  });
}

bool Embedded::IsReserved(Ipv4 address) const {
  for (const base::Ipv4Prefix& prefix : options_.reserved) {
    if (prefix.Contains(address)) return true;
  }
  return false;
}

// The first that may be a pod's: after the network and the gateway.
Ipv4 Embedded::First() const {
  return Ipv4(options_.subnet.first().bits() + 2);
}

Ipv4 Embedded::After(Ipv4 address) const {
  const Ipv4 next(address.bits() + 1);
  return next < First() || next >= options_.subnet.last() ? First() : next;
}

absl::Status Embedded::Perform(const char* name,
                               const std::function<absl::Status()>& body) {
  const std::lock_guard lock(mutex_);
  const absl::Time started = absl::Now();
  absl::Status status = db_.Transaction(body);
  const std::string outcome =
      status.ok() ? "0" : absl::StatusCodeToString(status.code());
  Calls& calls = usage_.calls[{name, outcome}];
  ++calls.count;
  calls.took += absl::Now() - started;
  if (!status.ok()) usage_.last_error = std::string(status.message());
  return status;
}

Usage Embedded::usage() const {
  const std::lock_guard lock(mutex_);
  return usage_;
}

absl::StatusOr<std::vector<Ipv4>> Embedded::Allocate(int count, Priority) {
  std::vector<Ipv4> given;
  RETURN_IF_ERROR(Perform("Allocate", [&]() -> absl::Status {
    given.clear();
    ASSIGN_OR_RETURN(const std::set<Ipv4> taken, Taken());
    ASSIGN_OR_RETURN(const Ipv4 cursor, Cursor());
    Ipv4 ip = After(cursor);
    const Ipv4 start = ip;
    do {
      if (static_cast<int>(given.size()) >= count) break;
      if (!taken.contains(ip) && !IsReserved(ip)) {
        RETURN_IF_ERROR(Give(ip));
        given.push_back(ip);
      }
      ip = After(ip);
    } while (ip != start);
    if (!given.empty()) return SetCursor(given.back());
    if (count == 0) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat(
        "subnet ", options_.subnet.ToString(), " has no address left"));
  }));
  return given;
}

absl::Status Embedded::Give(Ipv4 address) {
  ASSIGN_OR_RETURN(Statement insert,
                   db_.Prepare("INSERT INTO allocation VALUES(?,?)"));
  return insert.Bind(1, static_cast<int64_t>(address.bits()))
      .Bind(2, options_.owner.ToString())
      .Run();
}

// "" when nobody has it.
absl::StatusOr<std::string> Embedded::OwnerOf(Ipv4 address) {
  ASSIGN_OR_RETURN(Statement select,
                   db_.Prepare("SELECT owner FROM allocation WHERE ip=?"));
  select.Bind(1, static_cast<int64_t>(address.bits()));
  ASSIGN_OR_RETURN(const bool taken, select.Step());
  return taken ? select.Text(0) : "";
}

absl::Status Embedded::Claim(Ipv4 address) {
  return Perform("Claim", [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(address));
    if (owner.empty()) return Give(address);
    if (owner == options_.owner.ToString()) return absl::OkStatus();
    return absl::AlreadyExistsError(
        absl::StrCat(address.ToString(), " is node ", owner, "'s"));
  });
}

absl::Status Embedded::TakeOver(Ipv4 address, const base::Mac& from) {
  return Perform("TakeOver", [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(address));
    if (owner == options_.owner.ToString()) return absl::OkStatus();
    if (owner != from.ToString()) {
      return absl::NotFoundError(absl::StrCat(
          address.ToString(), " isn't node ", from.ToString(), "'s"));
    }
    ASSIGN_OR_RETURN(Statement update,
                     db_.Prepare("UPDATE allocation SET owner=? WHERE ip=?"));
    return update.Bind(1, options_.owner.ToString())
        .Bind(2, static_cast<int64_t>(address.bits()))
        .Run();
  });
}

absl::Status Embedded::Release(Ipv4 address) {
  return Free(address, options_.owner);
}

absl::Status Embedded::ReleaseFor(const Holding& holding) {
  return Free(holding.address, holding.mac);
}

absl::Status Embedded::Free(Ipv4 address, const base::Mac& owner) {
  return Perform("Release", [&]() -> absl::Status {
    ASSIGN_OR_RETURN(
        Statement remove,
        db_.Prepare("DELETE FROM allocation WHERE ip=? AND owner=?"));
    return remove.Bind(1, static_cast<int64_t>(address.bits()))
        .Bind(2, owner.ToString())
        .Run();
  });
}

absl::StatusOr<std::vector<Ipv4>> Embedded::List() {
  std::vector<Ipv4> mine;
  RETURN_IF_ERROR(Perform("List", [&]() -> absl::Status {
    mine.clear();
    ASSIGN_OR_RETURN(
        Statement select,
        db_.Prepare("SELECT ip FROM allocation WHERE owner=? ORDER BY ip"));
    select.Bind(1, options_.owner.ToString());
    while (true) {
      ASSIGN_OR_RETURN(const bool more, select.Step());
      if (!more) return absl::OkStatus();
      const Ipv4 ip(static_cast<uint32_t>(select.Int(0)));
      if (options_.subnet.Contains(ip)) mine.push_back(ip);
    }
  }));
  return mine;
}

absl::StatusOr<Subnet> Embedded::Describe() {
  Subnet subnet{options_.subnet.ToString(), options_.subnet, 0};
  RETURN_IF_ERROR(Perform("Describe", [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::set<Ipv4> taken, Taken());
    subnet.available = 0;
    for (Ipv4 ip = First(); ip < options_.subnet.last();
         ip = Ipv4(ip.bits() + 1)) {
      if (!taken.contains(ip) && !IsReserved(ip)) ++subnet.available;
    }
    return absl::OkStatus();
  }));
  return subnet;
}

absl::StatusOr<std::set<Ipv4>> Embedded::Taken() {
  ASSIGN_OR_RETURN(
      Statement select,
      db_.Prepare("SELECT ip FROM allocation WHERE ip BETWEEN ?1 AND ?2 "
                  "UNION SELECT ip FROM node WHERE ip BETWEEN ?1 AND ?2"));
  select.Bind(1, static_cast<int64_t>(options_.subnet.first().bits()))
      .Bind(2, static_cast<int64_t>(options_.subnet.last().bits()));
  std::set<Ipv4> taken;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return taken;
    taken.insert(Ipv4(static_cast<uint32_t>(select.Int(0))));
  }
}

absl::StatusOr<Ipv4> Embedded::Cursor() {
  ASSIGN_OR_RETURN(Statement select,
                   db_.Prepare("SELECT next FROM cursor WHERE subnet=?"));
  select.Bind(1, options_.subnet.ToString());
  ASSIGN_OR_RETURN(const bool found, select.Step());
  return found ? Ipv4(static_cast<uint32_t>(select.Int(0)))
               : options_.subnet.first();
}

absl::Status Embedded::SetCursor(Ipv4 next) {
  ASSIGN_OR_RETURN(Statement put,
                   db_.Prepare("INSERT OR REPLACE INTO cursor VALUES(?,?)"));
  return put.Bind(1, options_.subnet.ToString())
      .Bind(2, static_cast<int64_t>(next.bits()))
      .Run();
}

}  // namespace vpc
