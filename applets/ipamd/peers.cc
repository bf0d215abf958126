#include "applets/ipamd/peers.h"

#include <cstddef>
#include <set>
#include <utility>

#include "applets/rpc/peer_access.h"
#include "base/file.h"
#include "base/status.h"
#include "glog/logging.h"

namespace applets::ipamd {
namespace {

constexpr size_t kMaxFileBytes = size_t{4} << 20;

absl::StatusOr<std::vector<rpc::Peer>> ReadPeers(const std::string& file) {
  const auto text = base::ReadFile(file, kMaxFileBytes);
  if (absl::IsNotFound(text.status())) return std::vector<rpc::Peer>();
  if (!text.ok()) return text.status();
  auto peers = rpc::ParsePeers(*text);
  if (!peers.ok()) return base::Annotate(peers.status(), file);
  return peers;
}

}  // namespace

Peers::Peers(const std::vector<rpc::Peer>& fixed, std::string file)
    : file_(std::move(file)) {
  for (const rpc::Peer& peer : fixed) fixed_.emplace(peer.node, peer);
  LookAgain();
}

void Peers::LookAgain() {
  if (file_.empty()) return;
  std::string stamp = rpc::StampOf({file_});
  if (stamp == stamp_) return;
  stamp_ = std::move(stamp);
  Read();
}

void Peers::Read() {
  const auto peers = ReadPeers(file_);
  if (!peers.ok()) {
    LOG(ERROR) << "peers: " << peers.status().message()
               << "; going on with nodes=" << size();
    return;
  }
  from_file_.clear();
  for (const rpc::Peer& peer : *peers) from_file_.emplace(peer.node, peer);
  LOG(INFO) << "peers: file=" << file_ << " nodes=" << size();
}

void Peers::SetListed(const std::vector<rpc::Peer>& peers) {
  listed_.clear();
  for (const rpc::Peer& peer : peers) listed_.emplace(peer.node, peer);
}

std::vector<std::string> Peers::names() const {
  std::set<std::string> names;
  for (const ByName* peers : {&fixed_, &from_file_, &listed_}) {
    for (const auto& [name, peer] : *peers) names.insert(name);
  }
  return {names.begin(), names.end()};
}

const rpc::Peer* Peers::Find(const std::string& node) const {
  for (const ByName* peers : {&fixed_, &from_file_, &listed_}) {
    const auto found = peers->find(node);
    if (found != peers->end()) return &found->second;
  }
  return nullptr;
}

}  // namespace applets::ipamd
