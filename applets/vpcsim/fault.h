#ifndef CNIVPC_APPLETS_VPCSIM_FAULT_H_
#define CNIVPC_APPLETS_VPCSIM_FAULT_H_

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "applets/vpcsim/fault_rule.h"

namespace applets::vpcsim {

// What a rule looks at.
struct Subject {
  enum class Kind { kCall, kMetadata, kSts };
  Kind kind = Kind::kCall;
  std::string action = {};
  std::vector<base::Mac> macs = {};
  std::string subnet = {};
  std::string host = {};
  bool has_token = false;
};

// What becomes of it.
struct Verdict {
  absl::Duration before = absl::ZeroDuration();  // waits, then takes effect
  absl::Duration after = absl::ZeroDuration();   // then waits, then answers
  bool takes_effect = true;
  // Instead of the answer, at most one of them:
  std::optional<Refusal> refusal = {};
  int http_status = 0;
  bool reset = false;
  absl::Duration hang = absl::ZeroDuration();  // then a reset

  Bend bend = {};
  bool expire_token = false;
  std::vector<OutOfBand> out_of_band = {};
  std::vector<std::string> hits = {};  // ids of the rules
};

// The rules, and what they have drawn so far. Pure: each rule has a random
// source of its own, made of the seed and its id, so that the same calls in the
// same order always meet the same faults, and one rule doesn't change another's
// draws. All rules that match are applied: latencies add up; of refusals,
// HTTP statuses, resets and hangs the first rule's, by id, counts.
class Faults {
 public:
  static constexpr size_t kMaxRules = 256;

  struct Counts {
    uint64_t matched = 0;
    uint64_t hits = 0;
  };

  explicit Faults(uint64_t seed) : seed_(seed) {}

  // Adds the rule, or replaces the one with its id and starts it anew. Returns
  // the id. ResourceExhausted beyond kMaxRules.
  absl::StatusOr<std::string> Set(FaultRule rule, absl::Time now);
  // Whether there was one.
  bool Erase(const std::string& id);
  void Clear();

  Verdict Judge(const Subject& subject, absl::Time now);

  // What rules with an interval do by now.
  std::vector<OutOfBand> Due(absl::Time now);
  // When to ask; InfiniteFuture without such rules.
  absl::Time next_due() const;

  // By id.
  std::vector<std::pair<FaultRule, Counts>> rules() const;

 private:
  struct Active {
    FaultRule rule;
    std::mt19937_64 random;
    absl::Time set_at;
    absl::Time next_due;  // InfiniteFuture without an interval
    Counts counts = {};
  };

  static bool Hits(Active& active, absl::Time now);
  static void Apply(Active& active, const Subject& subject, Verdict& verdict);

  uint64_t seed_;
  uint64_t next_id_ = 1;
  std::map<std::string, Active> active_;
};

// One draw of a latency.
absl::Duration Draw(const Latency& latency, std::mt19937_64& random);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_FAULT_H_
