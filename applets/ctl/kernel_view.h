#ifndef CNIVPC_APPLETS_CTL_KERNEL_VIEW_H_
#define CNIVPC_APPLETS_CTL_KERNEL_VIEW_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "applets/ctl/tar.h"
#include "netlink/addr.h"
#include "netlink/link.h"
#include "netlink/neigh.h"
#include "netlink/route.h"
#include "netlink/rule.h"
#include "netlink/socket.h"

namespace applets::ctl {

// What the kernel has of networks in this namespace, as text, in about the
// words of ip(8): links.txt, addresses.txt, routes.txt (tables main and, for
// secondary interfaces, 1001 to 1015), rules.txt, neighbours.txt (proxies,
// too). A file that couldn't be made says why.
std::vector<TarFile> LookAtKernel();

// A line each, without its newline. Pure.
std::string LineOf(const netlink::Link& link);
std::string LineOf(const netlink::InterfaceAddress& address);
std::string LineOf(const netlink::Route& route);
std::string LineOf(const netlink::Rule& rule);
std::string LineOf(const netlink::Neighbor& neighbor);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_KERNEL_VIEW_H_
