#ifndef CNIVPC_NETLINK_REQUIRE_H_
#define CNIVPC_NETLINK_REQUIRE_H_

#include <cstdlib>
#include <iostream>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// For labs, where what fails is the machine's fault and not the test's.
namespace netlink {

// Dies unless it is OK.
inline void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::abort();
}
template <typename T>
T Require(absl::StatusOr<T> value) {
  Require(value.status());
  return *std::move(value);
}

}  // namespace netlink

#endif  // CNIVPC_NETLINK_REQUIRE_H_
