#ifndef CNIVPC_APPLETS_VPCSIM_FAULT_RULE_H_
#define CNIVPC_APPLETS_VPCSIM_FAULT_RULE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/vpcsim/actions.h"
#include "applets/vpcsim/model.h"
#include "base/address.h"
#include "base/json.h"

// What goes wrong, on which calls, and when. As JSON, all members optional but
// that "do" must say something:
//
//   {"id": "slow-writes",            made up if it's left out
//    "match": {
//      "action": "AllocateSecondaryIp",  a name, or "*" (the default), "read",
//                                        "write", "metadata" or "sts"
//      "mac": "52:54:...",               the call names that MAC
//      "subnet": "subnet-1", "host": "uhost-1"},
//    "when": {
//      "probability": 0.05,          of the calls that match
//      "next": 3,                    so many hits, then no more
//      "every": 10,                  only each tenth call that matches
//      "from_ms": 0, "until_ms": 60000,  since the rule was set
//      "interval_ms": 500},          for out_of_band: by the clock, not by call
//    "do": {
//      "latency": {...},             see Latency
//      "latency_at": "before",       before or "after" (the default) the effect
//      "ret_code": 110, "message": "...",  refuses the call ...
//      "effect": "done",             ... though it took effect; or "none"
//      "http_status": 503,           without the API's answer; "effect", too
//      "reset": "before",            the connection; or "after" the effect
//      "hang_ms": 60000,             no answer, then a reset; "effect", too
//      "failing": 0.3,               of a batch's items that share fails
//      "lag_ms": 2000,               reads see the past
//      "expire_token": true,         the caller's temporary key is gone: 174
//      "wrong_mac": true,            the answer names another interface's MAC
//      "out_of_band": "vanish",      or "move", "allocate"; see OutOfBand
//      "count": 1}}                  so many of them
//
// Members that aren't listed here are errors.
namespace applets::vpcsim {

// Of one call. Never more than `most`.
struct Latency {
  enum class Shape {
    kConstant,     // {"distribution":"constant","ms":50}
    kUniform,      // {"distribution":"uniform","min_ms":10,"max_ms":90}
    kNormal,       // {"distribution":"normal","mean_ms":50,"stddev_ms":10}
    kExponential,  // {"distribution":"exponential","mean_ms":50}
    kLognormal,    // {"distribution":"lognormal","median_ms":50,"sigma":0.7}
    kPareto,       // {"distribution":"pareto","min_ms":20,"alpha":1.5}
  };
  Shape shape = Shape::kConstant;
  double first = 0;  // the shape's two numbers, in the order above
  double second = 0;
  absl::Duration most = absl::Minutes(2);  // "most_ms", for any shape
};

// Somebody changes the cloud, and nobody is told.
struct OutOfBand {
  enum class Kind {
    kVanish,    // a secondary address is released
    kMove,      // a secondary address is given to another interface
    kAllocate,  // an interface gets a secondary address it didn't ask for
  };
  Kind kind = Kind::kVanish;
  int count = 1;
  // Whose addresses; any when empty.
  std::optional<base::Mac> mac = {};
  std::string subnet = {};

  friend bool operator==(const OutOfBand&, const OutOfBand&) = default;
};

// When a connection breaks, or an effect takes place, seen from the other.
enum class Moment { kNever, kBefore, kAfter };

struct FaultRule {
  struct Match {
    std::string action = "*";
    std::optional<base::Mac> mac = {};
    std::string subnet = {};
    std::string host = {};
  };
  struct When {
    double probability = 1;
    int64_t next = INT64_MAX;
    int64_t every = 1;
    absl::Duration from = absl::ZeroDuration();
    absl::Duration until = absl::InfiniteDuration();
    absl::Duration interval = absl::ZeroDuration();  // zero: by call
  };
  struct Effects {
    std::optional<Latency> latency = {};
    Moment latency_at = Moment::kAfter;
    std::optional<Refusal> refusal = {};
    int http_status = 0;
    Moment reset = Moment::kNever;
    absl::Duration hang = absl::ZeroDuration();
    bool takes_effect = false;  // though refused, hung or without an answer
    Bend bend = {};
    bool expire_token = false;
    std::optional<OutOfBand> out_of_band = {};
  };

  std::string id = {};
  Match match = {};
  When when = {};
  Effects effects = {};
  // The rule as it was written.
  std::string text = {};
};

absl::StatusOr<FaultRule> FaultRuleFromJson(const base::Json& json);
// An array of rules.
absl::StatusOr<std::vector<FaultRule>> FaultRulesFromJson(
    const base::Json& json);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_FAULT_RULE_H_
