#ifndef CNIVPC_VPC_UCLOUD_CREATIONS_H_
#define CNIVPC_VPC_UCLOUD_CREATIONS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace vpc::ucloud {

// Remembers, beyond a crash, what was asked to be created and may exist though
// nobody was told: a file for each name, which holds when that was, in
// nanoseconds since 1970, and goes when the outcome is known. Not for several
// threads at once.
class Creations {
 public:
  // A call may take effect for 65 s after it was made, and the VPC's list lags
  // 10 s behind: then the list is right.
  static constexpr absl::Duration kUncertain = absl::Seconds(75);

  // The folder is made when it is needed.
  explicit Creations(std::string folder) : folder_(std::move(folder)) {}

  // When a list will tell whether that one exists; InfinitePast if nothing is
  // open, or it is over. A file that can't be read counts as written now.
  absl::Time UncertainUntil(absl::string_view name, absl::Time now) const;
  absl::Status Begin(absl::string_view name, absl::Time now);
  // The outcome is known.
  void End(absl::string_view name);

 private:
  std::string PathOf(absl::string_view name) const;

  std::string folder_;
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_CREATIONS_H_
