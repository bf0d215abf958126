#ifndef CNIVPC_NETLINK_ARP_FRAME_FILTER_H_
#define CNIVPC_NETLINK_ARP_FRAME_FILTER_H_

#include <linux/filter.h>

#include <vector>

#include "base/address.h"

namespace netlink::arp {

// The program by which the kernel keeps from a packet socket bound to ARP what
// can be no word about an address on this link (classic BPF, socket(7)
// SO_ATTACH_FILTER). Taken is ARP for IPv4 over Ethernet, 42 bytes of it;
// refused is
//
//   - what is shorter, or for other hardware or another protocol,
//   - what has a VLAN tag (a tag with VLAN 0 is none, IEEE 802.1Q),
//   - what is addressed to another host,
//   - what `own` sent: our frames, reflected by whatever is on the link.
//
// Which addresses are meant is not its business: one program serves any number
// of candidates, and nothing has to be exchanged when they come and go.
std::vector<sock_filter> FrameFilter(const base::Mac& own);

}  // namespace netlink::arp

#endif  // CNIVPC_NETLINK_ARP_FRAME_FILTER_H_
