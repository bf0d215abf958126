#ifndef CNIVPC_VPC_EMBEDDED_H_
#define CNIVPC_VPC_EMBEDDED_H_

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/address.h"
#include "base/sqlite.h"
#include "vpc/provider.h"

namespace vpc {

struct EmbeddedOptions {
  // The SQLite file that holds who has which address. Nodes on one machine
  // that name the same file share the subnet.
  std::string path;
  base::Ipv4Prefix subnet;
  // Who we are: the node's MAC, as in a cloud's VPC.
  base::Mac owner;
  // The node's own address: no node gives it to a pod from now on.
  base::Ipv4 owner_address;
  // Never given. Nor are the subnet's first address (the network), the second
  // (the gateway, as in a cloud's VPC) and the last (broadcast).
  std::vector<base::Ipv4Prefix> reserved = {};
};

// A VPC inside the process, for one machine without a cloud. Its state is a
// SQLite file, so what it gave stays given over restarts:
//
//   allocation(ip INTEGER PRIMARY KEY, owner TEXT)    ip in host order
//   node(owner TEXT PRIMARY KEY, ip INTEGER)          the nodes' own addresses
//   cursor(subnet TEXT PRIMARY KEY, next INTEGER)     where to look next
//
// Free addresses are given in turn, round the subnet, so that one which was
// given back rests as long as possible.
class Embedded : public Provider {
 public:
  // INVALID_ARGUMENT when the subnet is too small; FAILED_PRECONDITION when the
  // node's own address has been given to a pod; errors of base::Database.
  static absl::StatusOr<std::unique_ptr<Embedded>> Open(
      EmbeddedOptions options);

  absl::StatusOr<std::vector<base::Ipv4>> Allocate(int count,
                                                   Priority priority) override;
  absl::Status Claim(base::Ipv4 address) override;
  absl::Status TakeOver(base::Ipv4 address, const base::Mac& from) override;
  absl::Status Release(base::Ipv4 address) override;
  absl::Status ReleaseFor(const Holding& holding) override;
  absl::StatusOr<std::vector<base::Ipv4>> List() override;
  absl::StatusOr<Subnet> Describe() override;
  Usage usage() const override;

 private:
  Embedded(EmbeddedOptions options, base::Database db)
      : options_(std::move(options)), db_(std::move(db)) {}
  // Holds the file while it runs `body`; counts it as a call of `name`.
  absl::Status Perform(const char* name,
                       const std::function<absl::Status()>& body);
  absl::Status Register();
  bool IsReserved(base::Ipv4 address) const;
  absl::StatusOr<base::Ipv4> Cursor();
  absl::Status SetCursor(base::Ipv4 next);
  absl::StatusOr<std::set<base::Ipv4>> Taken();
  absl::StatusOr<std::string> OwnerOf(base::Ipv4 address);
  absl::Status Free(base::Ipv4 address, const base::Mac& owner);
  absl::Status Give(base::Ipv4 address);
  base::Ipv4 First() const;
  base::Ipv4 After(base::Ipv4 address) const;

  const EmbeddedOptions options_;
  mutable std::mutex mutex_;
  base::Database db_;  // guarded by mutex_
  Usage usage_;        // guarded by mutex_
};

}  // namespace vpc

#endif  // CNIVPC_VPC_EMBEDDED_H_
