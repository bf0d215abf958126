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
CREATE TABLE IF NOT EXISTS cursor(
  subnet TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
)";

// Room for pods: the subnet without network, broadcast and reserved addresses.
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
  return std::unique_ptr<Embedded>(
      new Embedded(std::move(options), std::move(db)));
}

Ipv4 Embedded::After(Ipv4 address) const {
  const uint32_t next = address.bits() + 1;
  if (!options_.subnet.Contains(address) ||
      next >= options_.subnet.last().bits()) {
    return Ipv4(options_.subnet.first().bits() + 1);
  }
  return Ipv4(next);
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
      if (!taken.contains(ip) && !options_.reserved.contains(ip)) {
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
  ASSIGN_OR_RETURN(std::set<Ipv4> unavailable, Taken());
  for (const Ipv4 ip : options_.reserved) {
    if (options_.subnet.Contains(ip)) unavailable.insert(ip);
  }
  const auto size = static_cast<int64_t>(options_.subnet.last().bits()) -
                    options_.subnet.first().bits() - 1;
  unavailable.erase(options_.subnet.first());
  unavailable.erase(options_.subnet.last());
  return Subnet{
      options_.subnet.ToString(), options_.subnet,
      static_cast<int>(size - static_cast<int64_t>(unavailable.size()))};
}

absl::StatusOr<std::set<Ipv4>> Embedded::Taken() {
  ASSIGN_OR_RETURN(
      Statement select,
      db_.Prepare("SELECT ip FROM allocation WHERE ip BETWEEN ? AND ?"));
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
