#ifndef CNIVPC_APPLETS_IPAMD_PEERS_H_
#define CNIVPC_APPLETS_IPAMD_PEERS_H_

#include <map>
#include <string>
#include <vector>

#include "applets/rpc/peer_list.h"

namespace applets::ipamd {

// The nodes that can be asked for addresses: those of a list that is fixed, and
// those of a file (rpc/peer_list.h has its form), which may come, go and
// change. A node that stands in both is as the list says. Not thread-safe.
class Peers {
 public:
  // `file` may be "".
  Peers(const std::vector<rpc::Peer>& fixed, std::string file);

  // Looks whether the file has changed. What can't be read is logged, once, and
  // leaves everything as it was; a file that is gone has nobody in it.
  void LookAgain();

  std::vector<std::string> names() const;
  size_t size() const { return fixed_.size() + from_file_.size(); }
  // nullptr if there is none. Valid until the next LookAgain.
  const rpc::Peer* Find(const std::string& node) const;

 private:
  using ByName = std::map<std::string, rpc::Peer>;
  void Read();

  ByName fixed_;
  const std::string file_;
  std::string stamp_ = "?";
  ByName from_file_;  // without those of fixed_
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_PEERS_H_
