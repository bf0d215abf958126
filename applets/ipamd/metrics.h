#ifndef CNIVPC_APPLETS_IPAMD_METRICS_H_
#define CNIVPC_APPLETS_IPAMD_METRICS_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace applets::ipamd {

// Counters and gauges in Prometheus' text format 0.0.4. A metric is declared
// once (again is as well), then counted by its labels. A copy is another hand
// on the same metrics. One thread.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  // `type` is "counter" or "gauge".
  void Declare(const std::string& name, absl::string_view type,
               absl::string_view help);
  void Add(const std::string& name, const Labels& labels = {}, double by = 1);
  void Set(const std::string& name, double value, const Labels& labels = {});

  // The same metrics, to each of which these labels are added.
  Metrics With(Labels labels) const;
  // Whatever has been counted with all the labels of this is forgotten.
  void Forget();

  std::string Text() const;

 private:
  struct Family {
    std::string type;
    std::string help;
    std::map<Labels, double> values;
  };
  Family& Find(const std::string& name);
  Labels Complete(Labels labels) const;

  std::shared_ptr<std::map<std::string, Family>> families_ =
      std::make_shared<std::map<std::string, Family>>();
  Labels common_;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_METRICS_H_
