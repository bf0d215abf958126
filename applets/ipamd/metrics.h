#ifndef CNIVPC_APPLETS_IPAMD_METRICS_H_
#define CNIVPC_APPLETS_IPAMD_METRICS_H_

#include <map>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace applets::ipamd {

// Counters and gauges in Prometheus' text format 0.0.4. A metric is declared
// once, then counted by its labels. One thread.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  // `type` is "counter" or "gauge".
  void Declare(const std::string& name, absl::string_view type,
               absl::string_view help);
  void Add(const std::string& name, const Labels& labels = {}, double by = 1);
  void Set(const std::string& name, double value, const Labels& labels = {});

  std::string Text() const;

 private:
  struct Family {
    std::string type;
    std::string help;
    std::map<Labels, double> values;
  };
  std::map<std::string, Family> families_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_METRICS_H_
