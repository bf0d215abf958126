#ifndef CNIVPC_APPLETS_IPAMD_LINK_TABLE_H_
#define CNIVPC_APPLETS_IPAMD_LINK_TABLE_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "netlink/link.h"

namespace applets::ipamd {

// The host's ends that the kernel has, by the kernel's own notifications, so
// that a DEL needs no look-up. Pure.
class LinkTable {
 public:
  struct Entry {
    std::string name;
    std::string alias;
  };

  // Takes note of a link: kept if it is the host's end of a pod's pair.
  void Put(const netlink::Link& link);
  void Drop(uint32_t ifindex);
  // Forgets all, and takes note of these instead.
  void Reset(const std::vector<netlink::Link>& links);

  // The attachment's link: the one with its alias, else the one with its name
  // and no alias at all, which UK8S's own plugin made. 0 when there is none.
  uint32_t Find(const std::string& alias, const std::string& name) const;

  const std::map<uint32_t, Entry>& entries() const { return entries_; }

 private:
  std::map<uint32_t, Entry> entries_;
  std::map<std::string, uint32_t> by_alias_;
  std::map<std::string, uint32_t> by_name_;  // those without an alias
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_LINK_TABLE_H_
