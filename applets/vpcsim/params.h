#ifndef CNIVPC_APPLETS_VPCSIM_PARAMS_H_
#define CNIVPC_APPLETS_VPCSIM_PARAMS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/actions.h"
#include "base/address.h"

namespace applets::vpcsim {

// Reads the parameters of a call and keeps the first thing that is wrong with
// them: kMissingParameter "Missing params [Zone]", or kBadParameter "Params
// [Zone] not available". Whoever has read all he needs looks at refusal()
// once; until then what is wrong reads as empty. A parameter without a value
// counts as not given.
class Params {
 public:
  // Of a list.
  static constexpr size_t kMaxItems = 100;
  struct Range {
    int64_t least = 0;
    int64_t most = 0;
  };

  // Borrows the call.
  explicit Params(const Call& call) : call_(call) {}

  const std::optional<Refusal>& refusal() const { return refusal_; }
  // Refuses the parameter for a reason of the caller's.
  void Reject(absl::string_view name);

  bool Has(absl::string_view name) const { return !Find(name).empty(); }
  std::string Text(absl::string_view name);
  // "" when it isn't given.
  std::string OptionalText(absl::string_view name) {
    return std::string(Find(name));
  }
  base::Mac Mac(absl::string_view name);
  std::optional<base::Mac> OptionalMac(absl::string_view name);
  base::Ipv4 Address(absl::string_view name);
  std::optional<base::Ipv4> OptionalAddress(absl::string_view name);
  int64_t Number(absl::string_view name, Range range);
  int64_t Number(absl::string_view name, Range range, int64_t missing);
  // true or false; false when it isn't given.
  bool Flag(absl::string_view name);
  // Name.0, Name.1, ... in the order of their numbers.
  std::vector<std::string> List(absl::string_view name);
  // The numbers N of NAME.N.KEY, whatever the keys, in order.
  std::vector<int64_t> Indices(absl::string_view name);

 private:
  absl::string_view Find(absl::string_view name) const;
  void Miss(absl::string_view name);

  const Call& call_;
  std::optional<Refusal> refusal_;
};

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_PARAMS_H_
