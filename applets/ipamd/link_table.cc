#include "applets/ipamd/link_table.h"

#include "netlink/attachment.h"

namespace applets::ipamd {
namespace {

void Forget(std::map<std::string, uint32_t>& index, const std::string& key,
            uint32_t ifindex) {
  const auto it = index.find(key);
  if (it != index.end() && it->second == ifindex) index.erase(it);
}

}  // namespace

void LinkTable::Put(const netlink::Link& link) {
  Drop(link.index);
  const bool ours = netlink::ParseAttachmentAlias(link.alias).has_value();
  const bool old_plugins =
      link.alias.empty() && netlink::IsHostIfname(link.name);
  if (!ours && !old_plugins) return;
  entries_[link.index] = {link.name, link.alias};
  (ours ? by_alias_[link.alias] : by_name_[link.name]) = link.index;
}

void LinkTable::Drop(uint32_t ifindex) {
  const auto it = entries_.find(ifindex);
  if (it == entries_.end()) return;
  Forget(by_alias_, it->second.alias, ifindex);
  Forget(by_name_, it->second.name, ifindex);
  entries_.erase(it);
}

void LinkTable::Reset(const std::vector<netlink::Link>& links) {
  *this = LinkTable();
  for (const netlink::Link& link : links) Put(link);
}

uint32_t LinkTable::Find(const std::string& alias,
                         const std::string& name) const {
  if (const auto it = by_alias_.find(alias); it != by_alias_.end()) {
    return it->second;
  }
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? 0 : it->second;
}

}  // namespace applets::ipamd
