#ifndef CNIVPC_NETLINK_RULE_H_
#define CNIVPC_NETLINK_RULE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/address.h"
#include "netlink/message.h"
#include "netlink/request.h"
#include "netlink/route.h"
#include "netlink/socket.h"

namespace netlink {

// An IPv4 policy rule (ip-rule(8), linux/fib_rules.h): what matches is looked
// up in `table`.
struct Rule {
  uint32_t priority = 0;  // lower ones are asked first
  std::optional<base::Ipv4Prefix> to = std::nullopt;  // empty: any destination
  std::optional<base::Ipv4Prefix> from = std::nullopt;  // empty: any source
  std::optional<uint32_t> mark = std::nullopt;          // fwmark/mask
  std::optional<uint32_t> mark_mask = std::nullopt;
  uint32_t table = kMainTable;
  uint8_t action = 1;  // FR_ACT_TO_TBL; others are read but never made

  friend bool operator==(const Rule&, const Rule&) = default;
};

// InvalidArgument when `message` is not a well-formed RTM_NEWRULE or
// RTM_DELRULE of IPv4.
absl::StatusOr<Rule> ParseRule(const Message& message);

// EEXIST when there is the very same already; the kernel would otherwise keep
// it twice.
[[nodiscard]] Request AddRule(const Rule& rule);
// ENOENT when there is none.
[[nodiscard]] Request RemoveRule(const Rule& rule);

// The rules of one priority, in the kernel's order. The kernel can't filter
// rules: it always lists all, the rest are dropped here, unread.
absl::StatusOr<std::vector<Rule>> ListRules(Socket& socket, uint32_t priority);

// Whether exactly this rule is there.
absl::StatusOr<bool> HasRule(Socket& socket, const Rule& rule);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_RULE_H_
