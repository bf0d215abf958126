#include "netlink/arp/frame_filter.h"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <cstdint>
#include <utility>

#include "netlink/arp/packet.h"

namespace netlink::arp {
namespace {

uint32_t FirstFour(const base::Mac& mac) {
  const auto& b = mac.bytes();
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 |
         b[3];
}

uint32_t LastTwo(const base::Mac& mac) {
  return uint32_t{mac.bytes()[4]} << 8 | mac.bytes()[5];
}

// A program that is a list of what to refuse. A load beyond the end of a frame
// refuses it, too. `size` is BPF_B, BPF_H or BPF_W.
class Refusals {
 public:
  Refusals& Unless(uint16_t size, uint32_t offset, uint32_t value) {
    Load(size, offset);
    JumpIfEqual(value, 1, 0);
    return Return(0);
  }
  Refusals& If(uint16_t size, uint32_t offset, uint32_t value) {
    Load(size, offset);
    JumpIfEqual(value, 0, 1);
    return Return(0);
  }
  // Of the frame's header. If its first half differs, the second is skipped.
  Refusals& IfFrom(const base::Mac& mac) {
    Load(BPF_W, 6);
    JumpIfEqual(FirstFour(mac), 0, 3);
    return If(BPF_H, 10, LastTwo(mac));
  }
  // Takes so many bytes of what hasn't been refused.
  std::vector<sock_filter> TakeRest(uint32_t bytes) {
    Load(BPF_B, bytes - 1);
    Return(bytes);
    return std::move(program_);
  }

 private:
  void Load(uint16_t size, uint32_t offset) {
    program_.push_back(
        BPF_STMT(static_cast<uint16_t>(BPF_LD | size | BPF_ABS), offset));
  }
  // Skips so many instructions.
  void JumpIfEqual(uint32_t value, uint8_t skip_then, uint8_t skip_else) {
    program_.push_back(
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skip_then, skip_else));
  }
  Refusals& Return(uint32_t bytes) {
    program_.push_back(BPF_STMT(BPF_RET | BPF_K, bytes));
    return *this;
  }

  std::vector<sock_filter> program_;
};

}  // namespace

// Where the fields are: packet.h. The kernel takes a VLAN tag out of a frame,
// and once it has found no interface of that VLAN, marks the frame as another
// host's and forgets the tag.
std::vector<sock_filter> FrameFilter(const base::Mac& own) {
  return Refusals()
      .Unless(BPF_B, SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT, 0)
      .If(BPF_B, SKF_AD_OFF + SKF_AD_PKTTYPE, PACKET_OTHERHOST)
      .Unless(BPF_H, 12, ETH_P_ARP)
      .Unless(BPF_W, 14, uint32_t{ARPHRD_ETHER} << 16 | ETH_P_IP)
      .Unless(BPF_H, 18, ETH_ALEN << 8 | sizeof(in_addr))
      .IfFrom(own)
      .TakeRest(kFrameBytes);
}

}  // namespace netlink::arp
