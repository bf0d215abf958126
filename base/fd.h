#ifndef CNIVPC_BASE_FD_H_
#define CNIVPC_BASE_FD_H_

#include <unistd.h>

#include <utility>

namespace base {

// Owns a file descriptor and closes it. Move-only. A raw `int` elsewhere is
// borrowed and never stored (docs/architecture.md, "File descriptors").
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Reset(); }

  // The descriptor, borrowed; -1 when there is none.
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Gives the descriptor up: the caller closes it.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

  void Reset() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace base

#endif  // CNIVPC_BASE_FD_H_
