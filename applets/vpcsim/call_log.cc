#include "applets/vpcsim/call_log.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace applets::vpcsim {
namespace {

std::string ResultOf(const CallRecord& record) {
  if (record.end != "answer") return record.end;
  if (record.http_status != 200) {
    return absl::StrCat("http ", record.http_status);
  }
  return absl::StrCat(record.ret_code);
}

}  // namespace

void CallLog::Note(CallRecord record) {
  record.number = next_++;
  ++counts_[{record.action, ResultOf(record)}];
  const double seconds = absl::ToDoubleSeconds(record.took);
  Latency& latency = latencies_[record.action];
  latency.sum_seconds += seconds;
  const auto* bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++latency.counts[static_cast<size_t>(bound - kBounds.begin())];
  records_.push_back(std::move(record));
  if (records_.size() > kKept) records_.pop_front();
}

void CallLog::Clear() {
  records_.clear();
  counts_.clear();
  latencies_.clear();
}

}  // namespace applets::vpcsim
