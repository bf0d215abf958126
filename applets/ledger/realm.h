#ifndef CNIVPC_APPLETS_LEDGER_REALM_H_
#define CNIVPC_APPLETS_LEDGER_REALM_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"

// What a node's further network interfaces are for.
namespace applets::ledger {

// A subnet with the security groups that guard an interface in it: what pods of
// one PodNetworking have in common. One interface of a node, and one pool,
// serves each. The groups are in order and there once each (MakeRealm).
struct Realm {
  std::string subnet = {};
  std::vector<std::string> security_groups = {};

  // Where its pool keeps its store, below STATE/subnets, and what its interface
  // and its Ipamd resource are called by: the subnet, and if it has groups a
  // hash of them (they have no order, and are long).
  std::string Name() const;

  friend auto operator<=>(const Realm&, const Realm&) = default;
};
// INVALID_ARGUMENT: the subnet's name, or a group's, can't be one: it has
// characters that no id has.
absl::StatusOr<Realm> MakeRealm(const std::string& subnet,
                                std::vector<std::string> security_groups);

// What is known of a realm's interface, kept in the realm's own store (its
// setting "realm"). It is written before the cloud is asked for an interface,
// and again before it is asked to take it away: whatever happens in between is
// found and ended by the next run.
struct RealmRecord {
  enum class Stage {
    kWanted,    // there may be an interface, of that name
    kAttached,  // this one
    kUnwanted,  // this one, and it is about to go
  };
  Realm realm = {};
  Stage stage = Stage::kWanted;
  absl::Time since = absl::UnixEpoch();  // in whole seconds
  // From here on unless it is kWanted.
  std::string interface_id = {};
  base::Mac mac = {};
  base::Ipv4 address = {};
  int prefix_length = 0;
  base::Ipv4 gateway = {};

  friend bool operator==(const RealmRecord&, const RealmRecord&) = default;
};
inline constexpr char kRealmSetting[] = "realm";

std::string ToJson(const RealmRecord& record);
absl::StatusOr<RealmRecord> ParseRealmRecord(absl::string_view json);

// STATE/subnets/NAME
std::string RealmDir(const std::string& state_dir, const std::string& name);
// The names of the realms that have a store.
absl::StatusOr<std::vector<std::string>> RealmsIn(const std::string& state_dir);
// Makes the directory; OK if it is there.
absl::Status MakeRealmDir(const std::string& state_dir,
                          const std::string& name);
// Removes a realm's store. It must be closed, and its lock be held by nobody.
absl::Status RemoveRealmDir(const std::string& state_dir,
                            const std::string& name);

// In the node's own store: whether pods may have to get addresses of realms,
// "yes" or "no" (or "", as from a version that knew of none). Without ipamd
// nobody can tell which pods, so the plugin gives none then.
inline constexpr char kRealmsSetting[] = "pod_networkings";

}  // namespace applets::ledger

#endif  // CNIVPC_APPLETS_LEDGER_REALM_H_
