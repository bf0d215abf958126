#include "applets/vpcsim/journal.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/state_file.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

template <typename... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <typename... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

constexpr absl::string_view kSchema = "2";
constexpr absl::string_view kFirstSchema = "1";

constexpr char kTables[] = R"(
  CREATE TABLE IF NOT EXISTS setting(key TEXT PRIMARY KEY, value TEXT NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS vpc(id TEXT PRIMARY KEY, name TEXT NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS subnet(
    id TEXT PRIMARY KEY, vpc TEXT NOT NULL, name TEXT NOT NULL,
    zone TEXT NOT NULL, prefix TEXT NOT NULL, next INTEGER NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS host(
    id TEXT PRIMARY KEY, name TEXT NOT NULL, zone TEXT NOT NULL,
    old_metadata INTEGER NOT NULL, net_feature TEXT NOT NULL,
    role TEXT NOT NULL, netns TEXT NOT NULL DEFAULT '') WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS interface(
    id TEXT PRIMARY KEY, mac TEXT NOT NULL, subnet TEXT NOT NULL,
    name TEXT NOT NULL, host TEXT NOT NULL, is_default INTEGER NOT NULL,
    address INTEGER NOT NULL, port TEXT NOT NULL,
    security_groups TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS secondary(
    subnet TEXT NOT NULL, address INTEGER NOT NULL, mac TEXT NOT NULL,
    PRIMARY KEY (subnet, address)) WITHOUT ROWID;
)";

// What schema 2 has more than 1.
struct Column {
  absl::string_view table, name, type;
};
constexpr Column kAddedColumns[] = {
    {"host", "netns", "TEXT NOT NULL DEFAULT ''"},
    {"interface", "security_groups", "TEXT NOT NULL DEFAULT '[]'"},
};

absl::Status AddColumn(base::Database& db, const Column& column) {
  ASSIGN_OR_RETURN(
      base::Statement select,
      db.Prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2"));
  select.Bind(1, column.table).Bind(2, column.name);
  ASSIGN_OR_RETURN(const bool is_there, select.Step());
  if (is_there) return absl::OkStatus();
  return db.Execute(absl::StrCat("ALTER TABLE ", column.table, " ADD COLUMN ",
                                 column.name, " ", column.type)
                        .c_str());
}

constexpr char kClear[] = R"(
  DELETE FROM setting; DELETE FROM vpc; DELETE FROM subnet; DELETE FROM host;
  DELETE FROM interface; DELETE FROM secondary;
)";

base::Ipv4 AddressOf(int64_t bits) {
  return base::Ipv4(static_cast<uint32_t>(bits));
}

// Of a row that can't be.
absl::Status Damaged(absl::string_view id, const absl::Status& why) {
  return absl::DataLossError(absl::StrCat("stored ", id, ": ", why.message()));
}

}  // namespace

struct Journal::Statements {
  base::Statement put_setting, put_vpc, put_subnet, set_cursor, put_host,
      put_interface, drop_interface, put_secondary, drop_secondary;

  absl::Status Write(const Secondary& r) {
    if (!r.mac) {
      return drop_secondary.Bind(1, r.subnet).Bind(2, r.address.bits()).Run();
    }
    return put_secondary.Bind(1, r.subnet)
        .Bind(2, r.address.bits())
        .Bind(3, r.mac->ToString())
        .Run();
  }
  absl::Status Write(const Cursor& r) {
    return set_cursor.Bind(1, r.subnet).Bind(2, r.next.bits()).Run();
  }
  absl::Status Write(const GoneInterface& r) {
    return drop_interface.Bind(1, r.id).Run();
  }
  absl::Status Write(const Interface& r) {
    return put_interface.Bind(1, r.id)
        .Bind(2, r.mac.ToString())
        .Bind(3, r.subnet)
        .Bind(4, r.name)
        .Bind(5, r.host)
        .Bind(6, int64_t{r.is_default})
        .Bind(7, r.primary.bits())
        .Bind(8, r.port)
        .Bind(9, DumpSecurityGroups(r.security_groups))
        .Run();
  }
  absl::Status Write(const Host& r) {
    return put_host.Bind(1, r.id)
        .Bind(2, r.name)
        .Bind(3, r.zone)
        .Bind(4, int64_t{r.old_metadata})
        .Bind(5, r.net_feature)
        .Bind(6, r.role)
        .Bind(7, r.netns)
        .Run();
  }
  absl::Status Write(const Vpc& r) {
    return put_vpc.Bind(1, r.id).Bind(2, r.name).Run();
  }
  // The search begins behind the gateway.
  absl::Status Write(const Subnet& r) {
    return put_subnet.Bind(1, r.id)
        .Bind(2, r.vpc)
        .Bind(3, r.name)
        .Bind(4, r.zone)
        .Bind(5, r.prefix.ToString())
        .Bind(6, int64_t{r.gateway.bits()} + 1)
        .Run();
  }
};

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(
    const std::string& path) {
  ASSIGN_OR_RETURN(base::Database db, base::Database::Open(path));
  std::unique_ptr<Journal> journal(new Journal(std::move(db)));
  RETURN_IF_ERROR(journal->Prepare());
  return journal;
}

Journal::Journal(base::Database db) : db_(std::move(db)) {}
Journal::~Journal() = default;

absl::Status Journal::Prepare() {
  RETURN_IF_ERROR(db_.Execute(kTables));
  for (const Column& column : kAddedColumns) {
    RETURN_IF_ERROR(AddColumn(db_, column));
  }
  const auto prepare = [this](absl::string_view sql) {
    return db_.Prepare(sql);
  };
  ASSIGN_OR_RETURN(auto put_setting,
                   prepare("REPLACE INTO setting VALUES(?1, ?2)"));
  ASSIGN_OR_RETURN(auto put_vpc, prepare("REPLACE INTO vpc VALUES(?1, ?2)"));
  ASSIGN_OR_RETURN(
      auto put_subnet,
      prepare("REPLACE INTO subnet VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
  ASSIGN_OR_RETURN(auto set_cursor,
                   prepare("UPDATE subnet SET next = ?2 WHERE id = ?1"));
  ASSIGN_OR_RETURN(
      auto put_host,
      prepare("REPLACE INTO host VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  ASSIGN_OR_RETURN(auto put_interface,
                   prepare("REPLACE INTO interface "
                           "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"));
  ASSIGN_OR_RETURN(auto drop_interface,
                   prepare("DELETE FROM interface WHERE id = ?1"));
  ASSIGN_OR_RETURN(auto put_secondary,
                   prepare("REPLACE INTO secondary VALUES(?1, ?2, ?3)"));
  ASSIGN_OR_RETURN(
      auto drop_secondary,
      prepare("DELETE FROM secondary WHERE subnet = ?1 AND address = ?2"));
  statements_ = std::make_unique<Statements>(Statements{
      std::move(put_setting), std::move(put_vpc), std::move(put_subnet),
      std::move(set_cursor), std::move(put_host), std::move(put_interface),
      std::move(drop_interface), std::move(put_secondary),
      std::move(drop_secondary)});
  return absl::OkStatus();
}

void Journal::Note(const Change& change) {
  std::visit(
      Overloaded{
          [this](const SecondaryChange& c) {
            Secondary row = {.subnet = c.subnet->id,
                             .address = c.address,
                             .mac = std::nullopt};
            if (c.after != nullptr) row.mac = c.after->mac;
            pending_.emplace_back(std::move(row));
          },
          [this](const InterfaceChange& c) {
            if (c.after != nullptr) {
              pending_.emplace_back(*c.after);
            } else {
              pending_.emplace_back(GoneInterface{c.before->id});
            }
          },
          [this](const HostAdded& c) { pending_.emplace_back(*c.host); },
          [this](const HostBooted& c) { pending_.emplace_back(*c.host); },
          [this](const VpcAdded& c) { pending_.emplace_back(*c.vpc); },
          [this](const SubnetAdded& c) { pending_.emplace_back(*c.subnet); },
          [this](const CursorMoved& c) {
            pending_.emplace_back(
                Cursor{.subnet = c.subnet->id, .next = c.next});
          },
      },
      change);
}

absl::Status Journal::Write(const Row& row) {
  return std::visit([this](const auto& r) { return statements_->Write(r); },
                    row);
}

absl::Status Journal::Commit() {
  if (pending_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(db_.Transaction([this]() -> absl::Status {
    for (const Row& row : pending_) {
      RETURN_IF_ERROR(Write(row));
    }
    return absl::OkStatus();
  }));
  pending_.clear();
  return absl::OkStatus();
}

absl::Status Journal::WriteAll(const World& world) {
  RETURN_IF_ERROR(db_.Execute(kClear));
  RETURN_IF_ERROR(
      statements_->put_setting.Bind(1, "schema").Bind(2, kSchema).Run());
  RETURN_IF_ERROR(statements_->put_setting.Bind(1, "settings")
                      .Bind(2, DumpSettings(world.settings()))
                      .Run());
  for (const Vpc* vpc : world.vpcs()) {
    RETURN_IF_ERROR(Write(*vpc));
  }
  for (const Subnet* subnet : world.subnets()) {
    RETURN_IF_ERROR(Write(*subnet));
    RETURN_IF_ERROR(
        Write(Cursor{.subnet = subnet->id, .next = world.Cursor(*subnet)}));
  }
  for (const Host* host : world.hosts()) {
    RETURN_IF_ERROR(Write(*host));
  }
  for (const Interface* interface : world.interfaces()) {
    RETURN_IF_ERROR(Write(*interface));
    for (const base::Ipv4 address : world.SecondaryOf(*interface)) {
      RETURN_IF_ERROR(Write(Secondary{.subnet = interface->subnet,
                                      .address = address,
                                      .mac = interface->mac}));
    }
  }
  return absl::OkStatus();
}

absl::Status Journal::Follow(World& world) {
  RETURN_IF_ERROR(db_.Transaction([&] { return WriteAll(world); }));
  world.Observe([this](const Change& change) { Note(change); });
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<World>> Journal::Restore() {
  ASSIGN_OR_RETURN(base::Statement select,
                   db_.Prepare("SELECT value FROM setting WHERE key = ?1"));
  select.Bind(1, "schema");
  ASSIGN_OR_RETURN(const bool is_there, select.Step());
  if (!is_there) return nullptr;
  if (select.Text(0) != kSchema && select.Text(0) != kFirstSchema) {
    return absl::DataLossError(
        absl::StrCat("stored schema ", select.Text(0), ", not ", kSchema));
  }
  select.Reset();
  select.Bind(1, "settings");
  ASSIGN_OR_RETURN(const bool has_settings, select.Step());
  const absl::StatusOr<base::Json> json =
      base::Json::Parse(has_settings ? select.Text(0) : "");
  if (!json.ok()) return Damaged("settings", json.status());
  absl::StatusOr<Settings> settings = ReadSettings(*json);
  if (!settings.ok()) return Damaged("settings", settings.status());
  auto world = std::make_unique<World>(*std::move(settings));
  RETURN_IF_ERROR(RestoreVpcs(*world));
  RETURN_IF_ERROR(RestoreSubnets(*world));
  RETURN_IF_ERROR(RestoreHosts(*world));
  RETURN_IF_ERROR(RestoreInterfaces(*world));
  RETURN_IF_ERROR(RestoreSecondary(*world));
  return world;
}

absl::Status Journal::ForEachRow(
    absl::string_view sql,
    absl::FunctionRef<absl::Status(base::Statement&)> add) {
  ASSIGN_OR_RETURN(base::Statement select, db_.Prepare(sql));
  while (true) {
    ASSIGN_OR_RETURN(const bool is_row, select.Step());
    if (!is_row) return absl::OkStatus();
    const absl::Status added = add(select);
    if (!added.ok()) return Damaged(select.Text(0), added);
  }
}

absl::Status Journal::RestoreVpcs(World& world) {
  return ForEachRow(
      "SELECT id, name FROM vpc ORDER BY id", [&](base::Statement& row) {
        return world.AddVpc({.id = row.Text(0), .name = row.Text(1)});
      });
}

absl::Status Journal::RestoreSubnets(World& world) {
  return ForEachRow(
      "SELECT id, vpc, name, zone, prefix, next FROM subnet ORDER BY id",
      [&](base::Statement& row) -> absl::Status {
        ASSIGN_OR_RETURN(const base::Ipv4Prefix prefix,
                         base::Ipv4Prefix::Parse(row.Text(4)));
        RETURN_IF_ERROR(world.AddSubnet({.id = row.Text(0),
                                         .vpc = row.Text(1),
                                         .name = row.Text(2),
                                         .zone = row.Text(3),
                                         .prefix = prefix}));
        return world.SetCursor(row.Text(0), AddressOf(row.Int(5)));
      });
}

absl::Status Journal::RestoreHosts(World& world) {
  return ForEachRow(
      "SELECT id, name, zone, old_metadata, net_feature, role, netns FROM host "
      "ORDER BY id",
      [&](base::Statement& row) {
        const std::string id = row.Text(0);
        return world.AddHost({.id = id,
                              .name = row.Text(1),
                              .zone = row.Text(2),
                              .bare_metal = absl::StartsWith(id, "upm-"),
                              .old_metadata = row.Int(3) != 0,
                              .net_feature = row.Text(4),
                              .role = row.Text(5),
                              .netns = row.Text(6)});
      });
}

absl::Status Journal::RestoreInterfaces(World& world) {
  return ForEachRow(
      "SELECT id, mac, subnet, name, host, is_default, address, port, "
      "security_groups FROM interface ORDER BY is_default DESC, id",
      [&](base::Statement& row) -> absl::Status {
        ASSIGN_OR_RETURN(const base::Mac mac, base::Mac::Parse(row.Text(1)));
        ASSIGN_OR_RETURN(const base::Json json, base::Json::Parse(row.Text(8)));
        ASSIGN_OR_RETURN(std::vector<SecurityGroup> groups,
                         ReadSecurityGroups(json));
        return world.AddInterface({.id = row.Text(0),
                                   .mac = mac,
                                   .subnet = row.Text(2),
                                   .name = row.Text(3),
                                   .host = row.Text(4),
                                   .is_default = row.Int(5) != 0,
                                   .primary = AddressOf(row.Int(6)),
                                   .port = row.Text(7),
                                   .security_groups = std::move(groups)});
      });
}

absl::Status Journal::RestoreSecondary(World& world) {
  return ForEachRow("SELECT subnet, address, mac FROM secondary",
                    [&](base::Statement& row) -> absl::Status {
                      ASSIGN_OR_RETURN(const base::Mac mac,
                                       base::Mac::Parse(row.Text(2)));
                      return world.AddSecondary(mac, AddressOf(row.Int(1)));
                    });
}

}  // namespace applets::vpcsim
