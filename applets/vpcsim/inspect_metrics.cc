#include "applets/vpcsim/inspect_metrics.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "applets/vpcsim/switch.h"

namespace applets::vpcsim {
namespace {

void Declare(std::string& text, absl::string_view name, absl::string_view type,
             absl::string_view help) {
  absl::StrAppend(&text, "# HELP ", name, " ", help, "\n# TYPE ", name, " ",
                  type, "\n");
}

using Labels =
    std::initializer_list<std::pair<absl::string_view, absl::string_view>>;

void Sample(std::string& text, absl::string_view name, Labels labels,
            double value) {
  absl::StrAppend(&text, name);
  absl::string_view before = "{";
  for (const auto& [key, label] : labels) {
    absl::StrAppend(&text, before, key, "=\"",
                    absl::StrReplaceAll(
                        label, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}}),
                    "\"");
    before = ",";
  }
  if (labels.size() > 0) absl::StrAppend(&text, "}");
  // Counters are whole numbers, exact up to 2^53.
  if (value == static_cast<double>(static_cast<int64_t>(value))) {
    absl::StrAppend(&text, " ", static_cast<int64_t>(value), "\n");
  } else {
    absl::StrAppend(&text, " ", value, "\n");
  }
}

void Requests(std::string& text, const CallLog& calls) {
  Declare(text, "vpcsim_requests_total", "counter",
          "Requests by action and how they ended: a RetCode, http STATUS, "
          "reset or hang.");
  for (const auto& [key, count] : calls.counts()) {
    Sample(text, "vpcsim_requests_total",
           {{"action", key.first}, {"result", key.second}},
           static_cast<double>(count));
  }
  constexpr absl::string_view kName = "vpcsim_request_seconds";
  Declare(text, kName, "histogram", "Time to the answer, faults included.");
  for (const auto& [action, latency] : calls.latencies()) {
    double below = 0;
    for (size_t i = 0; i < latency.counts.size(); ++i) {
      below += static_cast<double>(latency.counts[i]);
      const std::string bound = i < CallLog::kBounds.size()
                                    ? absl::StrCat(CallLog::kBounds[i])
                                    : "+Inf";
      Sample(text, absl::StrCat(kName, "_bucket"),
             {{"action", action}, {"le", bound}}, below);
    }
    Sample(text, absl::StrCat(kName, "_sum"), {{"action", action}},
           latency.sum_seconds);
    Sample(text, absl::StrCat(kName, "_count"), {{"action", action}}, below);
  }
}

void FaultHits(std::string& text, const Faults& faults) {
  Declare(text, "vpcsim_fault_hits_total", "counter",
          "Requests that a rule hit.");
  for (const auto& [rule, counts] : faults.rules()) {
    Sample(text, "vpcsim_fault_hits_total", {{"rule", rule.id}},
           static_cast<double>(counts.hits));
  }
}

void Contents(std::string& text, const World& world) {
  Declare(text, "vpcsim_subnet_available_addresses", "gauge",
          "Free addresses of a subnet.");
  for (const Subnet* subnet : world.subnets()) {
    Sample(text, "vpcsim_subnet_available_addresses", {{"subnet", subnet->id}},
           static_cast<double>(world.Available(*subnet)));
  }
  std::map<std::string, double> secondary;
  for (const Subnet* subnet : world.subnets()) secondary[subnet->id] = 0;
  for (const Interface* interface : world.interfaces()) {
    secondary[interface->subnet] +=
        static_cast<double>(world.SecondaryCount(*interface));
  }
  Declare(text, "vpcsim_subnet_secondary_addresses", "gauge",
          "Secondary addresses of a subnet that somebody has.");
  for (const auto& [subnet, count] : secondary) {
    Sample(text, "vpcsim_subnet_secondary_addresses", {{"subnet", subnet}},
           count);
  }
  Declare(text, "vpcsim_hosts", "gauge", "Hosts.");
  Sample(text, "vpcsim_hosts", {}, static_cast<double>(world.host_count()));
  Declare(text, "vpcsim_interfaces", "gauge", "Network interfaces.");
  Sample(text, "vpcsim_interfaces", {},
         static_cast<double>(world.interface_count()));
}

void Frames(std::string& text, const FabricCounters& ports) {
  Declare(text, "vpcsim_fabric_forwarded_frames_total", "counter",
          "Frames that came in at a port and were sent on.");
  for (const auto& [name, port] : ports) {
    Sample(text, "vpcsim_fabric_forwarded_frames_total", {{"port", name}},
           static_cast<double>(port.forwarded));
  }
  Declare(text, "vpcsim_fabric_dropped_frames_total", "counter",
          "Frames that came in at a port and were lost.");
  for (const auto& [name, port] : ports) {
    for (size_t i = 0; i < kDropReasons; ++i) {
      if (port.dropped[i] == 0) continue;
      Sample(text, "vpcsim_fabric_dropped_frames_total",
             {{"port", name}, {"reason", Name(static_cast<DropReason>(i))}},
             static_cast<double>(port.dropped[i]));
    }
  }
  Declare(text, "vpcsim_fabric_arp_answers_total", "counter",
          "ARP requests at a port that were answered.");
  for (const auto& [name, port] : ports) {
    Sample(text, "vpcsim_fabric_arp_answers_total", {{"port", name}},
           static_cast<double>(port.arp_answered));
  }
}

}  // namespace

std::string MetricsText(const Simulator& simulator, const Fabric* fabric) {
  std::string text;
  Requests(text, simulator.calls);
  FaultHits(text, simulator.faults);
  Contents(text, simulator.world);
  if (fabric != nullptr) Frames(text, fabric->counters());
  return text;
}

}  // namespace applets::vpcsim
