#include "pool/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "pool/store_row.h"

namespace pool {
namespace {

using base::Ipv4;
using base::Statement;

constexpr char kSchemaVersion[] = "1";
constexpr absl::Duration kLockPoll = absl::Milliseconds(5);

constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS address(
  ip TEXT PRIMARY KEY, subnet TEXT NOT NULL, state TEXT NOT NULL,
  since_ns INTEGER NOT NULL, until_ns INTEGER NOT NULL,
  recycled INTEGER NOT NULL,
  network TEXT, container TEXT, ifname TEXT, pod_namespace TEXT, pod_name TEXT,
  pod_uid TEXT, netns TEXT, host_ifname TEXT, phase TEXT, granted_ns INTEGER,
  started_boot_ns INTEGER,
  UNIQUE(network, container, ifname)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tombstone(
  network TEXT NOT NULL, container TEXT NOT NULL, ifname TEXT NOT NULL,
  buried_boot_ns INTEGER NOT NULL, expires_ns INTEGER NOT NULL,
  PRIMARY KEY(network, container, ifname)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS intent(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subnet TEXT NOT NULL,
  count INTEGER NOT NULL, addresses TEXT NOT NULL, opened_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS shift(
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL,
  peer TEXT NOT NULL, subnet TEXT NOT NULL, address TEXT NOT NULL,
  opened_ns INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fixed(
  ip TEXT PRIMARY KEY, subnet TEXT NOT NULL, name_space TEXT NOT NULL,
  name TEXT NOT NULL, claim_uid TEXT NOT NULL,
  since_ns INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting(
  key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
)";

// Not INSERT OR REPLACE: that would quietly drop another address whose lease
// names the same attachment, where this fails.
constexpr char kPutAddress[] = R"(
INSERT INTO address VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
ON CONFLICT(ip) DO UPDATE SET
  subnet=excluded.subnet, state=excluded.state, since_ns=excluded.since_ns,
  until_ns=excluded.until_ns, recycled=excluded.recycled,
  network=excluded.network, container=excluded.container,
  ifname=excluded.ifname, pod_namespace=excluded.pod_namespace,
  pod_name=excluded.pod_name, pod_uid=excluded.pod_uid, netns=excluded.netns,
  host_ifname=excluded.host_ifname, phase=excluded.phase,
  granted_ns=excluded.granted_ns, started_boot_ns=excluded.started_boot_ns
)";

// `row` as it is with the tenant of `kept`: one that nobody has is fixed.
Address Fixed(Address row, const Address& kept) {
  if (row.state == State::kReleasing) return row;
  row.tenant = kept.tenant;
  const bool stays =
      row.state == State::kLeased || row.state == State::kQuarantined;
  return stays ? row : kept;
}

std::string DatabasePath(const std::string& state_dir) {
  return absl::StrCat(state_dir, "/store.db");
}

template <typename Put, typename Row>
absl::Status Append(absl::StatusOr<Row> row, Records* records) {
  RETURN_IF_ERROR(row.status());
  records->push_back(Put{*std::move(row)});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StoreLock> StoreLock::Take(const std::string& state_dir,
                                          absl::Time deadline) {
  RETURN_IF_ERROR(base::MakeDirectories(state_dir, 0700));
  const std::string path = absl::StrCat(state_dir, "/store.lock");
  ASSIGN_OR_RETURN(base::Fd file, base::Open(path, O_RDWR | O_CREAT));
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return base::ErrnoStatus("flock " + path);
    }
    if (absl::Now() >= deadline) {
      return absl::UnavailableError(
          absl::StrCat(path, ": held by another process (a running ipamd?)"));
    }
    absl::SleepFor(kLockPoll);
  }
  return StoreLock(std::move(file));
}

struct Store::Statements {
  Statement put_address;
  Statement drop_address;
  Statement put_tombstone;
  Statement drop_tombstone;
  Statement open_intent;
  Statement close_intent;
  Statement open_shift;
  Statement close_shift;
  Statement put_fixed;
  Statement drop_fixed;
};

Store::Store(std::string path, base::Database db)
    : path_(std::move(path)), db_(std::move(db)) {}

Store::~Store() = default;

absl::StatusOr<std::unique_ptr<Store>> Store::Open(
    const std::string& state_dir) {
  const std::string path = DatabasePath(state_dir);
  ASSIGN_OR_RETURN(base::Database db, base::Database::Open(path));
  RETURN_IF_ERROR(db.Execute(kSchema));
  auto store = std::unique_ptr<Store>(new Store(path, std::move(db)));
  RETURN_IF_ERROR(store->Prepare());
  ASSIGN_OR_RETURN(const std::string version, store->Setting("schema"));
  if (version.empty()) {
    RETURN_IF_ERROR(store->SetSetting("schema", kSchemaVersion));
  } else if (version != kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": schema version ", version, ", this is ",
                     kSchemaVersion, "; run the version that wrote it"));
  }
  return store;
}

absl::Status Store::Prepare() {
  ASSIGN_OR_RETURN(Statement put_address, db_.Prepare(kPutAddress));
  ASSIGN_OR_RETURN(Statement drop_address,
                   db_.Prepare("DELETE FROM address WHERE ip=?"));
  ASSIGN_OR_RETURN(
      Statement put_tombstone,
      db_.Prepare("INSERT OR REPLACE INTO tombstone VALUES(?,?,?,?,?)"));
  ASSIGN_OR_RETURN(Statement drop_tombstone,
                   db_.Prepare("DELETE FROM tombstone WHERE network=? AND "
                               "container=? AND ifname=?"));
  ASSIGN_OR_RETURN(
      Statement open_intent,
      db_.Prepare("INSERT OR REPLACE INTO intent VALUES(?,?,?,?,?,?)"));
  ASSIGN_OR_RETURN(Statement close_intent,
                   db_.Prepare("DELETE FROM intent WHERE id=?"));
  ASSIGN_OR_RETURN(
      Statement open_shift,
      db_.Prepare("INSERT OR REPLACE INTO shift VALUES(?,?,?,?,?,?,?)"));
  ASSIGN_OR_RETURN(Statement close_shift,
                   db_.Prepare("DELETE FROM shift WHERE id=?"));
  ASSIGN_OR_RETURN(
      Statement put_fixed,
      db_.Prepare("INSERT OR REPLACE INTO fixed VALUES(?,?,?,?,?,?)"));
  ASSIGN_OR_RETURN(Statement drop_fixed,
                   db_.Prepare("DELETE FROM fixed WHERE ip=?"));
  statements_ = std::make_unique<Statements>(Statements{
      std::move(put_address), std::move(drop_address), std::move(put_tombstone),
      std::move(drop_tombstone), std::move(open_intent),
      std::move(close_intent), std::move(open_shift), std::move(close_shift),
      std::move(put_fixed), std::move(drop_fixed)});
  return absl::OkStatus();
}

absl::StatusOr<std::string> Store::SetAside(const std::string& state_dir,
                                            absl::Time now) {
  const std::string from = DatabasePath(state_dir);
  const std::string to = absl::StrCat(
      from, ".damaged-",
      absl::FormatTime("%Y%m%dT%H%M%E3SZ", now, absl::UTCTimeZone()));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    if (rename((from + suffix).c_str(), (to + suffix).c_str()) != 0 &&
        errno != ENOENT) {
      return base::ErrnoStatus(absl::StrCat("rename ", from, suffix));
    }
  }
  return to;
}

absl::StatusOr<Records> Store::Load() {
  Records records;
  // First, so that what the table of addresses says of one has the last word.
  RETURN_IF_ERROR(LoadShifts(&records));
  RETURN_IF_ERROR(LoadAddresses(&records));
  RETURN_IF_ERROR(LoadEach("tombstone", [&](const Statement& row) {
    return Append<PutTombstone>(TombstoneOf(row), &records);
  }));
  RETURN_IF_ERROR(LoadEach("intent", [&](const Statement& row) {
    return Append<OpenIntent>(IntentOf(row), &records);
  }));
  return records;
}

absl::Status Store::LoadEach(
    absl::string_view table,
    absl::FunctionRef<absl::Status(const Statement&)> take) {
  ASSIGN_OR_RETURN(Statement select,
                   db_.Prepare(absl::StrCat("SELECT * FROM ", table)));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return absl::OkStatus();
    RETURN_IF_ERROR(take(select));
  }
}

absl::Status Store::LoadShifts(Records* records) {
  return LoadEach("shift", [&](const Statement& row) -> absl::Status {
    ASSIGN_OR_RETURN(Intent intent, ShiftOf(row));
    const bool lent = intent.kind == Intent::Kind::kLend;
    for (const Ipv4 ip : intent.addresses) {
      records->push_back(
          PutAddress{{.ip = ip,
                      .subnet = intent.subnet,
                      .state = lent ? State::kLeaving : State::kArriving,
                      .since = intent.opened_at}});
    }
    records->push_back(OpenIntent{std::move(intent)});
    return absl::OkStatus();
  });
}

// What version 0.1.0 did meanwhile to an address that is fixed doesn't change
// whose it is.
absl::Status Store::LoadAddresses(Records* records) {
  std::map<Ipv4, Address> fixed;
  RETURN_IF_ERROR(LoadEach("fixed", [&](const Statement& row) -> absl::Status {
    ASSIGN_OR_RETURN(Address address, FixedOf(row));
    fixed.emplace(address.ip, std::move(address));
    return absl::OkStatus();
  }));
  RETURN_IF_ERROR(
      LoadEach("address", [&](const Statement& row) -> absl::Status {
        ASSIGN_OR_RETURN(Address address, AddressOf(row));
        const auto kept = fixed.find(address.ip);
        if (kept != fixed.end()) {
          address = Fixed(std::move(address), kept->second);
          fixed.erase(kept);
        }
        records->push_back(PutAddress{std::move(address)});
        return absl::OkStatus();
      }));
  for (auto& [ip, row] : fixed) records->push_back(PutAddress{std::move(row)});
  return absl::OkStatus();
}

// One record, written inside the transaction.
struct Store::Writer {
  Statements& statements;

  static absl::Status Drop(Statement& statement, Ipv4 ip) {
    return statement.Bind(1, ip.ToString()).Run();
  }
  absl::Status operator()(const PutAddress& r) const {
    if (IsShifting(r.row.state)) return (*this)(DropAddress{r.row.ip});
    RETURN_IF_ERROR(r.row.tenant ? RunWithFixed(statements.put_fixed, r.row)
                                 : Drop(statements.drop_fixed, r.row.ip));
    if (r.row.state == State::kFixed) {
      return Drop(statements.drop_address, r.row.ip);
    }
    return RunWith(statements.put_address, r.row);
  }
  absl::Status operator()(const DropAddress& r) const {
    RETURN_IF_ERROR(Drop(statements.drop_fixed, r.ip));
    return Drop(statements.drop_address, r.ip);
  }
  absl::Status operator()(const PutTombstone& r) const {
    return RunWith(statements.put_tombstone, r.row);
  }
  absl::Status operator()(const DropTombstone& r) const {
    return statements.drop_tombstone.Bind(1, r.attachment.network)
        .Bind(2, r.attachment.container_id)
        .Bind(3, r.attachment.ifname)
        .Run();
  }
  absl::Status operator()(const OpenIntent& r) const {
    return r.row.is_shift() ? RunWithShift(statements.open_shift, r.row)
                            : RunWith(statements.open_intent, r.row);
  }
  absl::Status operator()(const CloseIntent& r) const {
    RETURN_IF_ERROR(statements.close_shift.Bind(1, r.id).Run());
    return statements.close_intent.Bind(1, r.id).Run();
  }
};

absl::Status Store::Commit(const Records& records) {
  if (records.empty()) return absl::OkStatus();
  return db_.Transaction([&]() -> absl::Status {
    for (const Record& record : records) {
      RETURN_IF_ERROR(std::visit(Writer{*statements_}, record));
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> Store::Setting(absl::string_view key) {
  ASSIGN_OR_RETURN(Statement select,
                   db_.Prepare("SELECT value FROM setting WHERE key=?"));
  select.Bind(1, key);
  ASSIGN_OR_RETURN(const bool found, select.Step());
  return found ? select.Text(0) : "";
}

absl::Status Store::SetSetting(absl::string_view key, absl::string_view value) {
  ASSIGN_OR_RETURN(Statement put,
                   db_.Prepare("INSERT OR REPLACE INTO setting VALUES(?,?)"));
  return put.Bind(1, key).Bind(2, value).Run();
}

}  // namespace pool
