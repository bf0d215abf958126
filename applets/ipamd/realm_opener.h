#ifndef CNIVPC_APPLETS_IPAMD_REALM_OPENER_H_
#define CNIVPC_APPLETS_IPAMD_REALM_OPENER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/ipamd/options.h"
#include "applets/ledger/realm.h"
#include "netlink/node.h"
#include "vpc/interfaces.h"
#include "vpc/provider.h"

// What opening and closing a realm takes that blocks. Called on threads that
// own nothing.
namespace applets::ipamd {

// How long a link may take to appear after its interface was attached.
inline constexpr absl::Duration kLinkLimit = absl::Seconds(20);

// As the cloud's interface.
vpc::InterfaceWish WishOf(const ledger::Realm& realm);
// The record of the realm whose interface that is.
ledger::RealmRecord RecordOf(const ledger::Realm& realm,
                             const vpc::Interface& interface);

// The link of an interface that is attached, brought up with its address and
// table; waits for it until `deadline`. `main` is the node's main interface.
// NOT_FOUND: there is none.
absl::StatusOr<netlink::Node> PrepareLink(const ledger::RealmRecord& record,
                                          const netlink::Node& main,
                                          const std::string& sysctl_root,
                                          absl::Time deadline);

// Gives the addresses back that the interface has, and then the interface.
// `further`: its link; number 0 if there is none.
absl::Status TakeAway(vpc::Interfaces* interfaces, vpc::Provider* provider,
                      const ledger::RealmRecord& record,
                      const netlink::Node& further);

// Whether the cloud may have done it, or may do it yet, or when asked again.
bool MayChange(const absl::Status& status);

// How the node reaches the VPC there: as on its own interface, but for the
// place. Nothing is lent or borrowed.
Options OptionsFor(const Options& own, const ledger::RealmRecord& record);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_REALM_OPENER_H_
