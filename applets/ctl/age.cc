#include "applets/ctl/age.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace applets::ctl {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kYear = 365 * kDay;

struct Unit {
  absl::string_view name;
  int64_t seconds;
};

// From an age of `from` on: so many of `large`, and of `small` what is left.
struct Step {
  int64_t from;
  Unit large;
  Unit small;  // none when its name is ""
};

constexpr Step kSteps[] = {
    {8 * kYear, {"y", kYear}, {"", 0}},
    {2 * kYear, {"y", kYear}, {"d", kDay}},
    {8 * kDay, {"d", kDay}, {"", 0}},
    {2 * kDay, {"d", kDay}, {"h", kHour}},
    {8 * kHour, {"h", kHour}, {"", 0}},
    {3 * kHour, {"h", kHour}, {"m", kMinute}},
    {10 * kMinute, {"m", kMinute}, {"", 0}},
    {2 * kMinute, {"m", kMinute}, {"s", 1}},
};

}  // namespace

std::string FormatAge(absl::Duration age) {
  const int64_t seconds = absl::ToInt64Seconds(age);
  if (seconds <= 0) return "0s";
  for (const Step& step : kSteps) {
    if (seconds < step.from) continue;
    std::string text =
        absl::StrCat(seconds / step.large.seconds, step.large.name);
    if (step.small.name.empty()) return text;
    const int64_t rest = seconds % step.large.seconds / step.small.seconds;
    if (rest > 0) absl::StrAppend(&text, rest, step.small.name);
    return text;
  }
  return absl::StrCat(seconds, "s");
}

}  // namespace applets::ctl
