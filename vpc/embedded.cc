#include "vpc/embedded.h"

#include <utility>

#include "absl/strings/str_cat.h"
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

absl::StatusOr<std::vector<Ipv4>> Embedded::Allocate(int count) {
  std::vector<Ipv4> given;
  RETURN_IF_ERROR(db_.Transaction([&]() -> absl::Status {
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
    if (given.empty()) return absl::OkStatus();
    return SetCursor(given.back());
  }));
  if (given.empty() && count > 0) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "subnet ", options_.subnet.ToString(), " has no address left"));
  }
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
  return db_.Transaction([&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::string owner, OwnerOf(address));
    if (owner.empty()) return Give(address);
    if (owner == options_.owner.ToString()) return absl::OkStatus();
    return absl::AlreadyExistsError(
        absl::StrCat(address.ToString(), " is node ", owner, "'s"));
  });
}

absl::Status Embedded::Release(Ipv4 address) {
  ASSIGN_OR_RETURN(
      Statement remove,
      db_.Prepare("DELETE FROM allocation WHERE ip=? AND owner=?"));
  return remove.Bind(1, static_cast<int64_t>(address.bits()))
      .Bind(2, options_.owner.ToString())
      .Run();
}

absl::StatusOr<std::vector<Ipv4>> Embedded::List() {
  ASSIGN_OR_RETURN(
      Statement select,
      db_.Prepare("SELECT ip FROM allocation WHERE owner=? ORDER BY ip"));
  select.Bind(1, options_.owner.ToString());
  std::vector<Ipv4> mine;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return mine;
    const Ipv4 ip(static_cast<uint32_t>(select.Int(0)));
    if (options_.subnet.Contains(ip)) mine.push_back(ip);
  }
}

absl::StatusOr<Subnet> Embedded::Describe() {
  ASSIGN_OR_RETURN(const std::set<Ipv4> taken, Taken());
  Subnet subnet{options_.subnet.ToString(), options_.subnet, 0};
  for (Ipv4 ip = First(); ip < options_.subnet.last();
       ip = Ipv4(ip.bits() + 1)) {
    if (!taken.contains(ip) && !IsReserved(ip)) ++subnet.available;
  }
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
