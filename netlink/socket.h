#ifndef CNIVPC_NETLINK_SOCKET_H_
#define CNIVPC_NETLINK_SOCKET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "base/fd.h"
#include "netlink/message.h"
#include "netlink/request.h"

namespace netlink {

// A conversation with the kernel, mostly rtnetlink (rtnetlink(7)). Move-only;
// owns its descriptor; one thread at a time. It belongs for good to the network
// namespace that the calling thread was in when it was opened, so everything
// afterwards works from outside (netns.h: SocketIn).
//
// Errors are the kernel's: base::ErrnoOf gives its errno, and the message ends
// in its extended-acknowledgement text where it sent one.
class Socket {
 public:
  // How often a dump is begun anew when the kernel says that what it lists
  // changed meanwhile (NLM_F_DUMP_INTR), or lost part of it (ENOBUFS).
  static constexpr int kMaxDumpAttempts = 10;
  // How often one send or receive is begun anew after a signal (EINTR).
  static constexpr int kMaxInterruptions = 100;
  // Longer than any datagram of the kernel's, which are up to 32 KiB.
  static constexpr size_t kBufferBytes = 64 << 10;
  // Holds the acknowledgements of Batch::kMaxRequestsPerSend many times over.
  static constexpr int kReceiveBufferBytes = 1 << 20;

  // Close-on-exec; extended and capped acknowledgements and strict checking of
  // requests are on (Linux 5.0 and later).
  static absl::StatusOr<Socket> Open();
  // The same for nfnetlink (linux/netfilter/nfnetlink.h). UNIMPLEMENTED when
  // this kernel hasn't got it.
  static absl::StatusOr<Socket> OpenNetfilter();

  // Speaks netlink over any datagram socket: in a test, one end of a
  // socketpair whose other end plays the kernel.
  static Socket Adopt(base::Fd fd);

  Socket(Socket&&) noexcept = default;
  Socket& operator=(Socket&&) noexcept = default;

  // Sends all of `batch` in one sendmsg and waits for every acknowledgement.
  // One status per request, in order. A later request is carried out though an
  // earlier one failed. Answers that the kernel dropped (ENOBUFS) or that could
  // not be received leave their requests with that error: whether they were
  // carried out is then unknown.
  std::vector<absl::Status> Transact(Batch& batch);
  // The same for a single request.
  absl::Status Transact(const Request& request);

  // Sends a request that is answered by one message (RTM_GETLINK by name or
  // index and its like) and hands the answer to `take`, whose status it
  // returns. The message is valid during the call only.
  absl::Status Get(const Request& request,
                   absl::FunctionRef<absl::Status(const Message&)> take);

  // Asks for a list (NLM_F_DUMP is added) and hands `take` each entry, once the
  // whole list has come in undisturbed: an attempt that was interrupted is
  // thrown away and begun anew, up to kMaxDumpAttempts, then Aborted. Ends
  // early with the first error of `take`.
  absl::Status Dump(const Request& request,
                    absl::FunctionRef<absl::Status(const Message&)> take);

  // Dump for lists too long to be kept: hands `take` each entry as it comes in,
  // so what changes meanwhile may be missed or seen twice. OUT_OF_RANGE after
  // `max_entries`. After an error the rest of the list is still coming in: use
  // another socket.
  absl::Status Stream(const Request& request, size_t max_entries,
                      absl::FunctionRef<absl::Status(const Message&)> take);

  // Borrowed.
  int fd() const { return fd_.get(); }

 private:
  explicit Socket(base::Fd fd);
  static absl::StatusOr<Socket> OpenProtocol(int protocol);

  absl::Status Send(absl::Span<const char> bytes);
  absl::StatusOr<absl::Span<const char>> Receive();
  // Sends `request` with `flags` added; the sequence number it went out with.
  absl::StatusOr<uint32_t> SendRequest(const Request& request, uint16_t flags);
  void TransactPiece(Batch& batch, size_t first,
                     absl::Span<absl::Status> statuses);
  absl::StatusOr<std::string> DumpOnce(const Request& request);

  base::Fd fd_;
  uint32_t next_sequence_ = 1;
  std::unique_ptr<char[]> buffer_;  // of the last datagram
};

// The status of `acknowledgement` as the answer to a request of `type`:
// "RTM_NEWROUTE: Nexthop has invalid gateway: Network is unreachable".
absl::Status StatusOf(const Acknowledgement& acknowledgement, uint16_t type);

// `status`, or OK when its errno says that what was to be removed is not there
// (ENOENT, ESRCH, ENODEV, EADDRNOTAVAIL).
absl::Status IgnoreMissing(const absl::Status& status);
// `status`, or OK when its errno is EEXIST.
absl::Status IgnoreExisting(const absl::Status& status);

}  // namespace netlink

#endif  // CNIVPC_NETLINK_SOCKET_H_
