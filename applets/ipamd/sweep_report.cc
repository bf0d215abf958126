#include "applets/ipamd/sweep_report.h"

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"

namespace applets::ipamd {
namespace {

struct Kind {
  const char* name;
  const char* what;
  const char* done;
};

class Reporter {
 public:
  explicit Reporter(bool dry_run) : dry_run_(dry_run) {}

  template <typename T>
  void Add(const Kind& kind, const std::vector<T>& found,
           const std::vector<T>& confirmed) {
    for (const T& one : found) {
      report_.push_back({kind.name, one.ToString(),
                         Text(kind, absl::c_linear_search(confirmed, one))});
    }
  }
  std::vector<SweepFound> Take() { return std::move(report_); }

 private:
  std::string Text(const Kind& kind, bool confirmed) const {
    if (!confirmed) {
      return absl::StrCat(kind.what, ": ", kind.done, " if it is found again");
    }
    return absl::StrCat(kind.what, dry_run_ ? ": would be " : ": ", kind.done);
  }

  const bool dry_run_;
  std::vector<SweepFound> report_;
};

}  // namespace

std::vector<SweepFound> Report(const Findings& found, const Findings& confirmed,
                               bool dry_run) {
  Reporter reporter(dry_run);
  reporter.Add(
      {"unreported", "an ADD that was completed but not reported", "recorded"},
      found.complete, confirmed.complete);
  reporter.Add({"abandoned", "an ADD that was never completed", "taken down"},
               found.abandoned, confirmed.abandoned);
  reporter.Add({"detaching", "a DEL that wasn't finished", "finished"},
               found.detaching, confirmed.detaching);
  reporter.Add({"leak", "a lease whose link is gone, without a DEL", "ended"},
               found.leaked, confirmed.leaked);
  reporter.Add({"orphan", "a link without a lease", "removed"}, found.orphans,
               confirmed.orphans);
  reporter.Add({"litter", "a rule or proxy without a lease", "removed"},
               found.littered, confirmed.littered);
  reporter.Add({"vacant", "quarantined, and nobody uses it any more",
                "let rest, and then used"},
               found.vacant, confirmed.vacant);
  return reporter.Take();
}

}  // namespace applets::ipamd
