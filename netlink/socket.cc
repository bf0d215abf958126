#include "netlink/socket.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace netlink {
namespace {

absl::Status SetOption(int fd, int level, int option, int value) {
  if (setsockopt(fd, level, option, &value, sizeof(value)) == 0) {
    return absl::OkStatus();
  }
  return base::ErrnoStatus(absl::StrCat("netlink socket option ", option));
}

// Calls `call` until it isn't interrupted any more, within bounds.
template <typename Call>
ssize_t Uninterrupted(Call call) {
  for (int i = 0; i < Socket::kMaxInterruptions; ++i) {
    const ssize_t result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
  return -1;
}

// What one datagram contributed to a dump.
struct DumpProgress {
  std::string* entries;
  uint32_t sequence;
  uint16_t type;
  bool interrupted = false;
  bool done = false;
};

void Append(const Message& message, std::string& entries) {
  const char* begin = message.payload.data() - NLMSG_HDRLEN;
  const size_t bytes = NLMSG_HDRLEN + message.payload.size();
  entries.append(begin, bytes);
  entries.append(NLMSG_ALIGN(bytes) - bytes, '\0');
}

// NLMSG_DONE carries the dump's result, 0 or a negative errno.
absl::Status DumpResult(const Message& message, uint16_t type) {
  int32_t result = 0;
  if (message.payload.size() >= sizeof(result)) {
    std::memcpy(&result, message.payload.data(), sizeof(result));
  }
  return StatusOf({.error_number = result < 0 ? -result : 0, .text = ""}, type);
}

// What NLMSG_ERROR in place of a list says.
absl::Status Refusal(const Message& message, uint16_t type) {
  ASSIGN_OR_RETURN(const auto error, ParseAcknowledgement(message));
  return StatusOf(error, type);
}

absl::Status Collect(const Message& message, DumpProgress& progress) {
  if (message.sequence != progress.sequence) return absl::OkStatus();
  if (message.flags & NLM_F_DUMP_INTR) progress.interrupted = true;
  if (message.type == NLMSG_DONE) {
    progress.done = true;
    return DumpResult(message, progress.type);
  }
  if (message.type == NLMSG_ERROR) {
    progress.done = true;
    return Refusal(message, progress.type);
  }
  Append(message, *progress.entries);
  return absl::OkStatus();
}

absl::Status Interrupted(uint16_t type) {
  return absl::AbortedError(
      absl::StrCat(TypeName(type), ": the list changed while it was read"));
}

}  // namespace

Socket::Socket(base::Fd fd)
    : fd_(std::move(fd)), buffer_(new char[kBufferBytes]) {}

absl::StatusOr<Socket> Socket::Open() { return OpenProtocol(NETLINK_ROUTE); }

absl::StatusOr<Socket> Socket::OpenNetfilter() {
  return OpenProtocol(NETLINK_NETFILTER);
}

absl::StatusOr<Socket> Socket::OpenProtocol(int protocol) {
  base::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol));
  if (!fd.valid()) return base::ErrnoStatus("netlink socket");
  for (const int option :
       {NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK}) {
    RETURN_IF_ERROR(SetOption(fd.get(), SOL_NETLINK, option, 1));
  }
  // Without privilege the default must do.
  SetOption(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBufferBytes)
      .IgnoreError();
  return Socket(std::move(fd));
}

Socket Socket::Adopt(base::Fd fd) { return Socket(std::move(fd)); }

absl::Status Socket::Send(absl::Span<const char> bytes) {
  const ssize_t sent = Uninterrupted(
      [&] { return send(fd_.get(), bytes.data(), bytes.size(), 0); });
  if (sent < 0) return base::ErrnoStatus("send to netlink");
  return absl::OkStatus();
}

absl::StatusOr<absl::Span<const char>> Socket::Receive() {
  // Other processes can send to a netlink socket: what isn't the kernel's
  // (port 0) is passed over.
  for (int i = 0; i < kMaxInterruptions; ++i) {
    sockaddr_nl from = {};
    iovec part = {buffer_.get(), kBufferBytes};
    msghdr header = {};
    header.msg_name = &from;
    header.msg_namelen = sizeof(from);
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    const ssize_t size =
        Uninterrupted([&] { return recvmsg(fd_.get(), &header, 0); });
    if (size < 0) return base::ErrnoStatus("receive from netlink");
    if (header.msg_flags & MSG_TRUNC) {
      return absl::DataLossError("netlink: datagram longer than the buffer");
    }
    if (size == 0) return absl::UnavailableError("netlink: no answer");
    if (from.nl_pid == 0) return absl::MakeConstSpan(buffer_.get(), size);
  }
  return absl::UnavailableError("netlink: too many datagrams of others");
}

void Socket::TransactPiece(Batch& batch, size_t first,
                           absl::Span<absl::Status> statuses) {
  const uint32_t sequence = next_sequence_;
  next_sequence_ += statuses.size();
  const absl::Status unanswered =
      absl::UnknownError("netlink: no acknowledgement");
  std::fill(statuses.begin(), statuses.end(), unanswered);
  size_t open = statuses.size();
  const auto give_up = [&](const absl::Status& status) {
    std::replace(statuses.begin(), statuses.end(), unanswered, status);
  };
  absl::Status sent = Send(batch.Number(first, open, sequence));
  if (!sent.ok()) return give_up(sent);
  while (open > 0) {
    const auto datagram = Receive();
    if (!datagram.ok()) return give_up(datagram.status());
    const auto messages = SplitMessages(*datagram);
    if (!messages.ok()) return give_up(messages.status());
    for (const Message& message : *messages) {
      const uint32_t index = message.sequence - sequence;
      if (index >= statuses.size() || message.type != NLMSG_ERROR) continue;
      const auto answer = ParseAcknowledgement(message);
      statuses[index] = answer.ok()
                            ? StatusOf(*answer, batch.type(first + index))
                            : answer.status();
      --open;
    }
  }
}

std::vector<absl::Status> Socket::Transact(Batch& batch) {
  if (batch.overflowed()) {
    return std::vector<absl::Status>(
        batch.size(), absl::ResourceExhaustedError(
                          "netlink: a request of the batch is too long"));
  }
  std::vector<absl::Status> statuses(batch.size());
  for (size_t first = 0; first < batch.size();
       first += Batch::kMaxRequestsPerSend) {
    TransactPiece(
        batch, first,
        absl::MakeSpan(statuses).subspan(first, Batch::kMaxRequestsPerSend));
  }
  return statuses;
}

absl::Status Socket::Transact(const Request& request) {
  Batch batch;
  batch.Add(request);
  return Transact(batch).front();
}

absl::StatusOr<uint32_t> Socket::SendRequest(const Request& request,
                                             uint16_t flags) {
  if (request.overflowed()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(TypeName(request.type()), ": request too long"));
  }
  std::string bytes(request.bytes().data(), request.bytes().size());
  nlmsghdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  header.nlmsg_flags |= flags;
  header.nlmsg_seq = next_sequence_++;
  std::memcpy(bytes.data(), &header, sizeof(header));
  RETURN_IF_ERROR(Send(bytes));
  return header.nlmsg_seq;
}

absl::Status Socket::Get(const Request& request,
                         absl::FunctionRef<absl::Status(const Message&)> take) {
  ASSIGN_OR_RETURN(const uint32_t sequence, SendRequest(request, 0));
  while (true) {
    ASSIGN_OR_RETURN(const auto datagram, Receive());
    ASSIGN_OR_RETURN(const auto messages, SplitMessages(datagram));
    for (const Message& message : messages) {
      if (message.sequence != sequence) continue;  // of an earlier request
      if (message.type != NLMSG_ERROR) return take(message);
      ASSIGN_OR_RETURN(const auto answer, ParseAcknowledgement(message));
      if (answer.error_number != 0) return StatusOf(answer, request.type());
      return absl::NotFoundError(
          absl::StrCat(TypeName(request.type()), ": empty answer"));
    }
  }
}

absl::StatusOr<std::string> Socket::DumpOnce(const Request& request) {
  std::string entries;
  ASSIGN_OR_RETURN(const uint32_t sequence, SendRequest(request, NLM_F_DUMP));
  DumpProgress progress{&entries, sequence, request.type()};
  for (int overruns = 0; !progress.done;) {
    const auto datagram = Receive();
    if (base::ErrnoOf(datagram.status()) == ENOBUFS &&
        ++overruns <= kMaxDumpAttempts) {
      progress.interrupted = true;  // but the rest is still to be read
      continue;
    }
    if (!datagram.ok()) return datagram.status();
    ASSIGN_OR_RETURN(const auto messages, SplitMessages(*datagram));
    for (const Message& message : messages) {
      RETURN_IF_ERROR(Collect(message, progress));
    }
  }
  if (progress.interrupted) return Interrupted(request.type());
  return entries;
}

absl::Status Socket::Dump(
    const Request& request,
    absl::FunctionRef<absl::Status(const Message&)> take) {
  absl::StatusOr<std::string> entries = Interrupted(request.type());
  for (int i = 0; i < kMaxDumpAttempts && absl::IsAborted(entries.status());
       ++i) {
    entries = DumpOnce(request);
  }
  if (!entries.ok()) return entries.status();
  ASSIGN_OR_RETURN(const auto messages, SplitMessages(*entries));
  for (const Message& message : messages) RETURN_IF_ERROR(take(message));
  return absl::OkStatus();
}

absl::Status Socket::Stream(
    const Request& request, size_t max_entries,
    absl::FunctionRef<absl::Status(const Message&)> take) {
  ASSIGN_OR_RETURN(const uint32_t sequence, SendRequest(request, NLM_F_DUMP));
  for (size_t entries = 0;;) {
    ASSIGN_OR_RETURN(const auto datagram, Receive());
    ASSIGN_OR_RETURN(const auto messages, SplitMessages(datagram));
    for (const Message& message : messages) {
      if (message.sequence != sequence) continue;
      if (message.type == NLMSG_DONE)
        return DumpResult(message, request.type());
      if (message.type == NLMSG_ERROR) return Refusal(message, request.type());
      if (++entries > max_entries) {
        return absl::OutOfRangeError(absl::StrCat(
            TypeName(request.type()), ": more than ", max_entries, " entries"));
      }
      RETURN_IF_ERROR(take(message));
    }
  }
}

absl::Status StatusOf(const Acknowledgement& acknowledgement, uint16_t type) {
  if (acknowledgement.error_number == 0) return absl::OkStatus();
  if (acknowledgement.text.empty()) {
    return base::ErrnoStatus(TypeName(type), acknowledgement.error_number);
  }
  return base::ErrnoStatus(
      absl::StrCat(TypeName(type), ": ", acknowledgement.text),
      acknowledgement.error_number);
}

absl::Status IgnoreMissing(const absl::Status& status) {
  switch (base::ErrnoOf(status)) {
    case ENOENT:
    case ESRCH:
    case ENODEV:
    case EADDRNOTAVAIL:
      return absl::OkStatus();
    default:
      return status;
  }
}

absl::Status IgnoreExisting(const absl::Status& status) {
  return base::ErrnoOf(status) == EEXIST ? absl::OkStatus() : status;
}

}  // namespace netlink
