#include "applets/ipamd/log_tail.h"

#include <algorithm>
#include <utility>

namespace applets::ipamd {

LogTail::LogTail() { google::AddLogSink(this); }
LogTail::~LogTail() { google::RemoveLogSink(this); }

void LogTail::send(google::LogSeverity severity, const char* /*full_filename*/,
                   const char* base_filename, int line,
                   const google::LogMessageTime& time, const char* message,
                   size_t message_bytes) {
  std::string text =
      google::LogSink::ToString(severity, base_filename, line, time, message,
                                std::min(message_bytes, kMaxLineBytes));
  const std::lock_guard lock(mutex_);
  lines_.push_back(std::move(text));
  if (lines_.size() > kMaxLines) lines_.pop_front();
}

std::string LogTail::Text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  return text;
}

}  // namespace applets::ipamd
