#ifndef CNIVPC_NETLINK_LINK_H_
#define CNIVPC_NETLINK_LINK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/address.h"
#include "netlink/message.h"
#include "netlink/request.h"
#include "netlink/socket.h"

namespace netlink {

// A network interface as the kernel describes it (RTM_NEWLINK, linux/if_link.h)
// in the namespace of the socket that asked.
struct Link {
  uint32_t index = 0;
  std::string name = {};
  std::string kind = {};  // "veth", "bridge"; empty for hardware and loopback
  base::Mac mac = {};     // zero where the hardware has no 6-byte address
  uint32_t mtu_bytes = 0;
  uint32_t flags = 0;           // IFF_* (linux/if.h)
  uint16_t hardware_type = 0;   // ARPHRD_*
  std::string alias = {};       // IFLA_IFALIAS
  uint32_t group = 0;           // IFLA_GROUP; 0 is the default
  uint32_t master_ifindex = 0;  // 0: none
  // How often the carrier has come or gone (IFLA_CARRIER_CHANGES).
  uint32_t carrier_changes = 0;
  // IFLA_LINK: for a veth the peer's index, in the peer's own namespace.
  uint32_t peer_ifindex = 0;
  // IFLA_LINK_NETNSID: this namespace's number for the peer's; empty when the
  // peer is in the same one.
  std::optional<int32_t> peer_netnsid = std::nullopt;

  bool up() const;        // IFF_UP: set up by an administrator
  bool running() const;   // IFF_RUNNING: and able to pass packets
  bool loopback() const;  // IFF_LOOPBACK
};

// InvalidArgument when `message` is not a well-formed RTM_NEWLINK or
// RTM_DELLINK.
absl::StatusOr<Link> ParseLink(const Message& message);

// Longest interface name and alias, without the NUL (IFNAMSIZ, IFALIASZ).
inline constexpr size_t kMaxIfnameBytes = 15;
inline constexpr size_t kMaxAliasBytes = 255;

// One end of a veth pair that is to be made.
struct VethEnd {
  uint32_t ifindex = 0;  // 0: the kernel chooses
  std::string name = {};
  base::Mac mac = {};
  uint32_t mtu_bytes = 0;
};

// A veth pair, one end of it made inside another network namespace.
struct VethPair {
  VethEnd inner;
  int netns_fd = -1;     // the namespace of `inner`, borrowed
  VethEnd outer;         // in the socket's namespace, down
  bool inner_up = true;  // from the beginning
};

// The requests below are sent with Socket::Transact, alone or in a Batch.

// Makes the pair in one message, one queue each. EEXIST: a name is taken;
// EBUSY: an index is taken, and with older kernels EEXIST if the socket's own
// namespace has an interface numbered inner.ifindex. Both ends up in this
// message would be ENOTCONN.
[[nodiscard]] Request CreateVeth(const VethPair& pair);

// What to change of a link; empty fields stay as they are.
struct LinkChange {
  uint32_t ifindex = 0;   // 0: the link is found by `name`
  std::string name = {};  // with an ifindex: the new name
  enum class State { kUnchanged, kUp, kDown } state = State::kUnchanged;
  std::optional<std::string> alias = std::nullopt;  // "" removes it
  std::optional<uint32_t> mtu_bytes = std::nullopt;
  std::optional<base::Mac> mac = std::nullopt;
  std::optional<uint32_t> master_ifindex =
      std::nullopt;  // 0 leaves the bridge or bond
  std::optional<uint32_t> group = std::nullopt;
};
// ENODEV when there is no such link.
[[nodiscard]] Request ChangeLink(const LinkChange& change);

// Deletes a link, and with one end of a veth pair the other. Sending it blocks
// for some 20 ms on memory that only the kernel needs; see delete_link.h.
[[nodiscard]] Request DeleteLink(uint32_t ifindex);
[[nodiscard]] Request DeleteLink(absl::string_view name);
// Deletes all links of `group`; ENODEV when there are none.
[[nodiscard]] Request DeleteLinkGroup(uint32_t group);

// NotFound (ENODEV) when there is none.
absl::StatusOr<Link> GetLink(Socket& socket, uint32_t ifindex);
absl::StatusOr<Link> GetLink(Socket& socket, absl::string_view name);

// The index of the interface called `name` in the socket's namespace; NotFound
// (ENODEV) when there is none. Far cheaper than GetLink: it doesn't wait for
// the lock that all changes to links take turns at.
absl::StatusOr<uint32_t> GetIfindex(const Socket& socket,
                                    absl::string_view name);

// All links, or those of one kind ("veth"), which is then the kernel's to
// filter.
absl::StatusOr<std::vector<Link>> ListLinks(Socket& socket,
                                            absl::string_view kind = "");

}  // namespace netlink

#endif  // CNIVPC_NETLINK_LINK_H_
