#ifndef CNIVPC_APPLETS_VPCSIM_CALL_LOG_H_
#define CNIVPC_APPLETS_VPCSIM_CALL_LOG_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"

namespace applets::vpcsim {

// A request of the API or the metadata service, and what became of it.
struct CallRecord {
  uint64_t number = 0;  // counts from 1
  absl::Time at = {};
  absl::Duration took = {};
  std::string request_id = {};  // X-UCLOUD-REQUEST-UUID
  base::Ipv4 peer = {};
  std::string host = {};
  std::string action = {};  // or "metadata", "sts"
  // Without keys, tokens and signature.
  std::map<std::string, std::string> params = {};
  int ret_code = 0;
  int http_status = 200;
  // "answer", "reset" or "hang".
  std::string end = "answer";
  bool took_effect = false;
  std::vector<std::string> faults = {};  // ids of the rules that hit
};

// The latest requests, and counts of all. What is unknown to the API counts as
// action "unknown".
class CallLog {
 public:
  static constexpr size_t kKept = 10'000;
  // Upper bounds of the latency histogram, in seconds; the last has none.
  static constexpr std::array<double, 11> kBounds = {
      0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30};

  struct Latency {
    std::array<uint64_t, kBounds.size() + 1> counts = {};
    double sum_seconds = 0;
  };

  void Note(CallRecord record);
  void Clear();

  // Oldest first.
  const std::deque<CallRecord>& records() const { return records_; }
  // By action and "RetCode", "http STATUS" or the way it ended.
  const std::map<std::pair<std::string, std::string>, uint64_t>& counts()
      const {
    return counts_;
  }
  const std::map<std::string, Latency>& latencies() const { return latencies_; }

 private:
  uint64_t next_ = 1;
  std::deque<CallRecord> records_;
  std::map<std::pair<std::string, std::string>, uint64_t> counts_;
  std::map<std::string, Latency> latencies_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_CALL_LOG_H_
