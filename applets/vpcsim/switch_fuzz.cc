// The first byte says on which port the rest, a frame, comes in. Whatever it
// is, only what the sender may send goes on, and only to who has its address.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <variant>

#include "applets/vpcsim/frame.h"
#include "applets/vpcsim/switch.h"
#include "applets/vpcsim/table_directory.h"

namespace applets::vpcsim {
namespace {

constexpr base::Ipv4 kA(0x0a000001);
constexpr base::Ipv4 kB(0x0a000002);

TableDirectory Cloud() {
  const Nic a{base::Mac({2, 0, 0, 0, 0, 0xa}), "vpc", "node-a"};
  const Nic b{base::Mac({2, 0, 0, 0, 0, 0xb}), "vpc", "node-b"};
  TableDirectory directory;
  directory.nics = {{"node-a", a}, {"node-b", b}};
  directory.owners = {{{"vpc", kA}, a}, {{"vpc", kB}, b}};
  directory.nets = {
      {base::Ipv4Prefix::Containing(kA, 24), base::Ipv4(0x0a0000fe)}};
  return directory;
}

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckForward(const TableDirectory& directory, absl::string_view port,
                  const Forward& forward, absl::Span<const uint8_t> frame) {
  const auto ip = ReadIpv4(frame);
  Require(ip.has_value());
  Require(forward.port != port);
  if (port != kGatewayPort) {
    Require(directory.OwnerOf("vpc", ip->source) == directory.AtPort(port));
  }
  if (forward.port == kGatewayPort) return;
  Require(directory.OwnerOf("vpc", ip->destination)->mac ==
          forward.destination);
}

void Try(absl::string_view port, absl::Span<const uint8_t> frame) {
  const TableDirectory directory = Cloud();
  const Decision decision = Decide(directory, port, frame);
  if (const auto* forward = std::get_if<Forward>(&decision)) {
    CheckForward(directory, port, *forward, frame);
  }
  if (const auto* answer = std::get_if<Answer>(&decision)) {
    Require(netlink::arp::Decode(answer->frame).has_value());
  }
  Summarize(frame);
}

}  // namespace
}  // namespace applets::vpcsim

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using applets::vpcsim::kGatewayPort;
  constexpr absl::string_view kPorts[] = {"node-a", "node-b", kGatewayPort,
                                          "nowhere"};
  if (size == 0) return 0;
  applets::vpcsim::Try(kPorts[data[0] % 4],
                       absl::MakeConstSpan(data + 1, size - 1));
  return 0;
}
