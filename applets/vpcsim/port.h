#ifndef CNIVPC_APPLETS_VPCSIM_PORT_H_
#define CNIVPC_APPLETS_VPCSIM_PORT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace applets::vpcsim {

// What a network card would still have to do to a frame: fill in a checksum,
// cut a large frame up. The kernel puts it before each frame, in its own byte
// order, and wants it back the same (struct virtio_net_hdr of
// linux/virtio_net.h, which isn't C++). All zero for a frame that is complete.
struct Offload {
  uint8_t flags = 0;
  uint8_t gso_type = 0;
  uint16_t header_bytes = 0;
  uint16_t gso_bytes = 0;
  uint16_t checksum_start = 0;
  uint16_t checksum_offset = 0;
};
static_assert(sizeof(Offload) == 10);

// A frame as a link gave it. What is left undone stays so on its way, and the
// receiver's kernel saves it as well.
struct RawFrame {
  Offload offload = {};
  absl::Span<uint8_t> bytes = {};
  // It had a VLAN tag, which is no longer among `bytes`.
  bool tagged = false;
};

// Room for frames that are received in one go; one serves all ports in turn.
class FrameBatch {
 public:
  static constexpr size_t kFrames = 32;
  // The longest IPv4 packet, and its Ethernet header.
  static constexpr size_t kFrameBytes = 65536 + 64;

  FrameBatch() : room_(new uint8_t[kFrames * kFrameBytes]) {}

  RawFrame& frame(size_t index) { return frames_[index]; }
  uint8_t* room(size_t index) { return room_.get() + index * kFrameBytes; }
  // The first `count` frames.
  absl::Span<RawFrame> first(size_t count) {
    return absl::MakeSpan(frames_).first(count);
  }

 private:
  std::array<RawFrame, kFrames> frames_;
  std::unique_ptr<uint8_t[]> room_;
};

// A link that frames come in on and are sent out of. Non-blocking.
class Port {
 public:
  virtual ~Port() = default;

  // Borrowed; readable when frames wait.
  virtual int fd() const = 0;
  virtual uint32_t ifindex() const = 0;

  // Frames that wait, no more than FrameBatch::kFrames; they are in `batch` and
  // valid until it is used again. None also when the link is down or gone.
  virtual absl::Span<RawFrame> Receive(FrameBatch& batch) = 0;

  // EMSGSIZE: longer than the link's MTU; ENETDOWN, ENXIO, EIO: it is down or
  // gone; EAGAIN, ENOBUFS: what was sent before hasn't been taken yet.
  virtual absl::Status Send(const RawFrame& frame) = 0;

  // Frames lost since the last call, because they came faster than Receive was
  // called.
  virtual uint64_t TakeOverrun() = 0;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_PORT_H_
