#ifndef CNIVPC_POOL_SIM_TRACE_H_
#define CNIVPC_POOL_SIM_TRACE_H_

#include <cstddef>
#include <deque>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "base/address.h"
#include "pool/sim/agenda.h"

namespace pool::sim {

// What is of interest: an address, and what a node does itself.
struct Focus {
  std::optional<base::Ipv4> ip = {};
  int node = -1;
};

// What happens, as lines of text, of which the last ones that are of interest
// are kept. Costs nothing unless something is.
class Trace {
 public:
  static constexpr size_t kMaxLines = 200;

  // The time it writes is `agenda`'s.
  Trace(const Agenda& agenda, const std::optional<Focus>& focus);

  bool on() const { return on_; }
  // `node` -1: the VPC.
  void Say(int node, const std::string& what);

  const std::deque<std::string>& lines() const { return lines_; }

 private:
  bool IsOfInterest(int node, absl::string_view what) const;

  const Agenda& agenda_;
  const bool on_;
  const int node_;
  const std::string ip_;
  std::deque<std::string> lines_;
};

}  // namespace pool::sim

#endif  // CNIVPC_POOL_SIM_TRACE_H_
