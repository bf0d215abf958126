#ifndef CNIVPC_KUBE_SECTION_H_
#define CNIVPC_KUBE_SECTION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/json.h"

namespace kube {

// A section of an object, such as its spec, that may be missing, and then is as
// if it were empty; what it lacks is empty, too. Errors are INVALID_ARGUMENT
// and name the field.
class Section {
 public:
  static absl::StatusOr<Section> Of(const base::Json& object,
                                    absl::string_view key);

  absl::StatusOr<std::string> String(absl::string_view key) const;
  absl::StatusOr<int64_t> Int(absl::string_view key, int64_t missing) const;
  absl::StatusOr<bool> Bool(absl::string_view key) const;
  absl::StatusOr<std::vector<base::Json>> Array(absl::string_view key) const;
  // An array, or a map, of strings.
  absl::StatusOr<std::vector<std::string>> Words(absl::string_view key) const;
  absl::StatusOr<std::map<std::string, std::string>> Strings(
      absl::string_view key) const;
  absl::StatusOr<Section> Sub(absl::string_view key) const;
  // RFC 3339, with parts of a second in a MicroTime.
  absl::StatusOr<std::optional<absl::Time>> Time(absl::string_view key) const;

 private:
  explicit Section(std::optional<base::Json> json) : json_(std::move(json)) {}

  std::optional<base::Json> json_;
};

// What Section::Time reads, written as a metav1.Time: to the second.
std::string TimeText(absl::Time time);

}  // namespace kube

#endif  // CNIVPC_KUBE_SECTION_H_
