#include "applets/rpc/peer_list.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

constexpr int kMaxPort = 65535;

absl::Status Wrong(absl::string_view entry, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", absl::CHexEscape(entry.substr(0, kMaxNameBytes)), "\": ", why));
}

bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
         });
}

absl::StatusOr<Peer> ParsePeer(absl::string_view entry) {
  const size_t equals = entry.find('=');
  if (equals == absl::string_view::npos) {
    return Wrong(entry, "must be NODE=ADDRESS or NODE=ADDRESS:PORT");
  }
  const absl::string_view node = entry.substr(0, equals);
  if (!IsName(node)) return Wrong(entry, "not the name of a node");
  const auto endpoint = ParseEndpoint(entry.substr(equals + 1));
  if (!endpoint.ok()) return Wrong(entry, endpoint.status().message());
  return Peer{std::string(node), endpoint->address, endpoint->port};
}

}  // namespace

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text) {
  const size_t colon = text.find(':');
  Endpoint endpoint;
  ASSIGN_OR_RETURN(endpoint.address, base::Ipv4::Parse(text.substr(0, colon)));
  if (colon == absl::string_view::npos) return endpoint;
  const absl::string_view port = text.substr(colon + 1);
  int number = 0;
  if (!std::all_of(port.begin(), port.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(port, &number) || number < 1 || number > kMaxPort) {
    return absl::InvalidArgumentError("the port isn't from 1 to 65535");
  }
  endpoint.port = static_cast<uint16_t>(number);
  return endpoint;
}

absl::StatusOr<std::vector<Peer>> ParsePeers(absl::string_view text) {
  std::vector<Peer> peers;
  std::set<std::string> nodes;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = line.substr(0, line.find('#'));
    for (absl::string_view entry : absl::StrSplit(line, ',')) {
      entry = absl::StripAsciiWhitespace(entry);
      if (entry.empty()) continue;
      ASSIGN_OR_RETURN(Peer peer, ParsePeer(entry));
      if (!nodes.insert(peer.node).second) {
        return Wrong(entry, "the node stands there twice");
      }
      if (peers.size() >= kMaxPeers) {
        return absl::InvalidArgumentError(
            absl::StrCat("more than ", kMaxPeers, " nodes"));
      }
      peers.push_back(std::move(peer));
    }
  }
  return peers;
}

}  // namespace applets::rpc
