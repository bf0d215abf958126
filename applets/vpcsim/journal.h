#ifndef CNIVPC_APPLETS_VPCSIM_JOURNAL_H_
#define CNIVPC_APPLETS_VPCSIM_JOURNAL_H_

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "applets/vpcsim/change.h"
#include "applets/vpcsim/world.h"
#include "base/sqlite.h"

namespace applets::vpcsim {

// A world in a SQLite file (WAL, see base/sqlite.h), so that it outlives the
// process, kill -9 too. Addresses are numbers in host order:
//
//   setting(key PRIMARY KEY, value)        schema; settings, as JSON
//   vpc(id PRIMARY KEY, name)
//   subnet(id PRIMARY KEY, vpc, name, zone, prefix, next)
//   host(id PRIMARY KEY, name, zone, old_metadata, net_feature, role, netns)
//   interface(id PRIMARY KEY, mac, subnet, name, host, is_default, address,
//             port, security_groups)  groups as JSON
//   secondary(subnet, address, mac, PRIMARY KEY (subnet, address))
//
// Schema 1 had neither netns nor security_groups; they are added. Keys aren't
// kept. Not thread-safe. Errors are those of base::Database, and
// DATA_LOSS for rows that make no world.
class Journal {
 public:
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const std::string& path);
  ~Journal();

  // The world that was last committed, with the settings it had; null when the
  // file is new.
  absl::StatusOr<std::unique_ptr<World>> Restore();

  // From now on keeps the world, which must not outlive this, as long as it
  // changes. Writes all of it first, in place of what there was. Once.
  absl::Status Follow(World& world);

  // Writes what has changed since the last time, in one transaction: to be
  // called before anybody is told of it. After an error it is tried again next
  // time.
  absl::Status Commit();

 private:
  struct Secondary {
    std::string subnet;
    base::Ipv4 address;
    std::optional<base::Mac> mac;
  };
  struct Cursor {
    std::string subnet;
    base::Ipv4 next;
  };
  struct GoneInterface {
    std::string id;
  };
  using Row = std::variant<Secondary, Cursor, GoneInterface, Interface, Host,
                           Vpc, Subnet>;
  struct Statements;

  explicit Journal(base::Database db);
  absl::Status Prepare();
  void Note(const Change& change);
  absl::Status Write(const Row& row);
  absl::Status WriteAll(const World& world);

  // Stops at the first row that `add` doesn't take: DATA_LOSS.
  absl::Status ForEachRow(
      absl::string_view sql,
      absl::FunctionRef<absl::Status(base::Statement&)> add);
  absl::Status RestoreVpcs(World& world);
  absl::Status RestoreSubnets(World& world);
  absl::Status RestoreHosts(World& world);
  absl::Status RestoreInterfaces(World& world);
  absl::Status RestoreSecondary(World& world);

  base::Database db_;
  std::vector<Row> pending_;
  // Borrows db_, and so is destroyed first.
  std::unique_ptr<Statements> statements_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_JOURNAL_H_
