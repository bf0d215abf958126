#ifndef CNIVPC_VPC_UCLOUD_TALLY_H_
#define CNIVPC_VPC_UCLOUD_TALLY_H_

#include <cstddef>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "vpc/provider.h"

namespace vpc::ucloud {

// Counts calls. May be used by several threads at once.
class Tally {
 public:
  // Pairs of action and outcome that are told apart; further outcomes count as
  // "other", as the API chooses them.
  static constexpr size_t kMaxPairs = 512;

  void Waited(absl::Duration time);
  void Ended(absl::string_view action, absl::string_view outcome,
             absl::Duration took);
  void Failed(absl::string_view error);

  // All of vpc::Usage but what the budget knows.
  Usage usage() const;

 private:
  mutable std::mutex mutex_;
  Usage usage_;  // guarded by mutex_
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_TALLY_H_
