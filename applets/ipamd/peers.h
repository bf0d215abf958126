#ifndef CNIVPC_APPLETS_IPAMD_PEERS_H_
#define CNIVPC_APPLETS_IPAMD_PEERS_H_

#include <map>
#include <string>
#include <vector>

#include "applets/rpc/peer_list.h"

namespace applets::ipamd {

// The nodes that can be asked for addresses: those of a list that is fixed,
// those of a file (rpc/peer_list.h has its form), which may come, go and
// change, and those that the cluster lists. A node that stands in several of
// them is as the first says. Not thread-safe.
class Peers {
 public:
  // `file` may be "".
  Peers(const std::vector<rpc::Peer>& fixed, std::string file);

  // Looks whether the file has changed. What can't be read is logged, once, and
  // leaves everything as it was; a file that is gone has nobody in it.
  void LookAgain();
  // All that the cluster lists, instead of what it listed before.
  void SetListed(const std::vector<rpc::Peer>& peers);

  std::vector<std::string> names() const;
  size_t size() const { return names().size(); }
  // nullptr if there is none. Valid until the next LookAgain or SetListed.
  const rpc::Peer* Find(const std::string& node) const;

 private:
  using ByName = std::map<std::string, rpc::Peer>;
  void Read();

  ByName fixed_;
  const std::string file_;
  std::string stamp_ = "?";
  ByName from_file_;
  ByName listed_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_PEERS_H_
