#include "pool/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"

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

std::string DatabasePath(const std::string& state_dir) {
  return absl::StrCat(state_dir, "/store.db");
}

absl::Status BadRow(absl::string_view table, absl::string_view key,
                    absl::string_view column) {
  return absl::DataLossError(
      absl::StrCat("store: table ", table, ", row ", key, ": bad ", column));
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

absl::StatusOr<Address> AddressOf(const Statement& row) {
  const auto ip = Ipv4::Parse(row.Text(0));
  if (!ip.ok()) return BadRow("address", row.Text(0), "ip");
  const auto state = StateNamed(row.Text(2));
  if (!state) return BadRow("address", row.Text(0), "state");
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

absl::StatusOr<Intent> IntentOf(const Statement& row) {
  Intent intent;
  intent.id = row.Int(0);
  if (row.Text(1) != "allocate" && row.Text(1) != "release") {
    return BadRow("intent", absl::StrCat(intent.id), "kind");
  }
  intent.kind = row.Text(1) == "allocate" ? Intent::Kind::kAllocate
                                          : Intent::Kind::kRelease;
  intent.subnet = row.Text(2);
  intent.count = static_cast<int>(row.Int(3));
  const std::string list = row.Text(4);
  for (const auto text : absl::StrSplit(list, ' ', absl::SkipEmpty())) {
    const auto ip = Ipv4::Parse(text);
    if (!ip.ok()) return BadRow("intent", absl::StrCat(intent.id), "addresses");
    intent.addresses.push_back(*ip);
  }
  intent.opened_at = FromNanos(row.Int(5));
  return intent;
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
  statements_ = std::make_unique<Statements>(
      Statements{std::move(put_address), std::move(drop_address),
                 std::move(put_tombstone), std::move(drop_tombstone),
                 std::move(open_intent), std::move(close_intent)});
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
  RETURN_IF_ERROR(LoadAddresses(&records));
  RETURN_IF_ERROR(LoadTombstones(&records));
  RETURN_IF_ERROR(LoadIntents(&records));
  return records;
}

absl::Status Store::LoadAddresses(Records* records) {
  ASSIGN_OR_RETURN(Statement select, db_.Prepare("SELECT * FROM address"));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return absl::OkStatus();
    ASSIGN_OR_RETURN(Address row, AddressOf(select));
    records->push_back(PutAddress{std::move(row)});
  }
}

absl::Status Store::LoadTombstones(Records* records) {
  ASSIGN_OR_RETURN(Statement select, db_.Prepare("SELECT * FROM tombstone"));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return absl::OkStatus();
    records->push_back(
        PutTombstone{Tombstone{{select.Text(0), select.Text(1), select.Text(2)},
                               absl::Nanoseconds(select.Int(3)),
                               FromNanos(select.Int(4))}});
  }
}

absl::Status Store::LoadIntents(Records* records) {
  ASSIGN_OR_RETURN(Statement select, db_.Prepare("SELECT * FROM intent"));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, select.Step());
    if (!more) return absl::OkStatus();
    ASSIGN_OR_RETURN(Intent row, IntentOf(select));
    records->push_back(OpenIntent{std::move(row)});
  }
}

// One record, written inside the transaction.
struct Store::Writer {
  Statements& statements;

  absl::Status operator()(const PutAddress& r) const {
    const Address& a = r.row;
    Statement& put = statements.put_address;
    put.Bind(1, a.ip.ToString())
        .Bind(2, a.subnet)
        .Bind(3, NameOf(a.state))
        .Bind(4, ToNanos(a.since))
        .Bind(5, ToNanos(a.until))
        .Bind(6, static_cast<int64_t>(a.recycled));
    if (a.lease) {
      BindLease(put, *a.lease);
    } else {
      for (int i = 7; i <= 17; ++i) put.BindNull(i);
    }
    return put.Run();
  }
  static void BindLease(Statement& put, const Lease& lease) {
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
  absl::Status operator()(const DropAddress& r) const {
    return statements.drop_address.Bind(1, r.ip.ToString()).Run();
  }
  absl::Status operator()(const PutTombstone& r) const {
    return statements.put_tombstone.Bind(1, r.row.attachment.network)
        .Bind(2, r.row.attachment.container_id)
        .Bind(3, r.row.attachment.ifname)
        .Bind(4, absl::ToInt64Nanoseconds(r.row.buried_at))
        .Bind(5, ToNanos(r.row.expires))
        .Run();
  }
  absl::Status operator()(const DropTombstone& r) const {
    return statements.drop_tombstone.Bind(1, r.attachment.network)
        .Bind(2, r.attachment.container_id)
        .Bind(3, r.attachment.ifname)
        .Run();
  }
  absl::Status operator()(const OpenIntent& r) const {
    const auto print = [](std::string* out, Ipv4 ip) {
      out->append(ip.ToString());
    };
    return statements.open_intent.Bind(1, r.row.id)
        .Bind(2, r.row.kind == Intent::Kind::kAllocate ? "allocate" : "release")
        .Bind(3, r.row.subnet)
        .Bind(4, r.row.count)
        .Bind(5, absl::StrJoin(r.row.addresses, " ", print))
        .Bind(6, ToNanos(r.row.opened_at))
        .Run();
  }
  absl::Status operator()(const CloseIntent& r) const {
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
