#ifndef CNIVPC_APPLETS_IPAMD_LOG_TAIL_H_
#define CNIVPC_APPLETS_IPAMD_LOG_TAIL_H_

#include <cstddef>
#include <deque>
#include <mutex>
#include <string>

#include "glog/logging.h"

namespace applets::ipamd {

// The last lines of this process's log, for `cnivpctl bundle`: who has ipamd's
// stderr differs from node to node. Listens to glog while it lives. Any thread.
class LogTail : public google::LogSink {
 public:
  static constexpr size_t kMaxLines = 1000;
  static constexpr size_t kMaxLineBytes = 2048;

  LogTail();
  ~LogTail() override;
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  using google::LogSink::send;

  // Oldest first, each with its newline.
  std::string Text() const;

  void send(google::LogSeverity severity, const char* full_filename,
            const char* base_filename, int line,
            const google::LogMessageTime& time, const char* message,
            size_t message_bytes) override;

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> lines_;  // guarded by mutex_
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_LOG_TAIL_H_
