#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "applets/rpc/peer_list.h"

// A list of nodes; what was read once is written so that it reads the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace rpc = applets::rpc;
  const auto peers = rpc::ParsePeers(
      absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!peers.ok()) return 0;
  std::string text;
  for (const rpc::Peer& peer : *peers) {
    absl::StrAppend(&text, peer.node, "=", peer.address.ToString(), ":",
                    peer.port, "\n");
  }
  const auto again = rpc::ParsePeers(text);
  if (!again.ok() || *again != *peers) abort();
  return 0;
}
