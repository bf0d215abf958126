#include "applets/vpcsim/params.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "applets/vpcsim/ret_code.h"

namespace applets::vpcsim {

absl::string_view Params::Find(absl::string_view name) const {
  const auto it = call_.params.find(std::string(name));
  return it == call_.params.end() ? absl::string_view() : it->second;
}

void Params::Miss(absl::string_view name) {
  if (refusal_) return;
  refusal_ = {kMissingParameter, absl::StrCat("Missing params [", name, "]")};
}

void Params::Reject(absl::string_view name) {
  if (refusal_) return;
  refusal_ = {kBadParameter, absl::StrCat("Params [", name, "] not available")};
}

std::string Params::Text(absl::string_view name) {
  if (!Has(name)) Miss(name);
  return OptionalText(name);
}

base::Mac Params::Mac(absl::string_view name) {
  if (!Has(name)) Miss(name);
  return OptionalMac(name).value_or(base::Mac());
}

std::optional<base::Mac> Params::OptionalMac(absl::string_view name) {
  if (!Has(name)) return std::nullopt;
  const absl::StatusOr<base::Mac> mac = base::Mac::Parse(Find(name));
  if (mac.ok()) return *mac;
  Reject(name);
  return std::nullopt;
}

base::Ipv4 Params::Address(absl::string_view name) {
  if (!Has(name)) Miss(name);
  return OptionalAddress(name).value_or(base::Ipv4());
}

std::optional<base::Ipv4> Params::OptionalAddress(absl::string_view name) {
  if (!Has(name)) return std::nullopt;
  const absl::StatusOr<base::Ipv4> address = base::Ipv4::Parse(Find(name));
  if (address.ok()) return *address;
  Reject(name);
  return std::nullopt;
}

int64_t Params::Number(absl::string_view name, Range range) {
  if (!Has(name)) Miss(name);
  return Number(name, range, range.least);
}

int64_t Params::Number(absl::string_view name, Range range, int64_t missing) {
  if (!Has(name)) return missing;
  int64_t number = 0;
  if (absl::SimpleAtoi(Find(name), &number) && number >= range.least &&
      number <= range.most) {
    return number;
  }
  Reject(name);
  return range.least;
}

bool Params::Flag(absl::string_view name) {
  const absl::string_view text = Find(name);
  if (text == "true") return true;
  if (!text.empty() && text != "false") Reject(name);
  return false;
}

std::vector<int64_t> Params::Indices(absl::string_view name) {
  const std::string prefix = absl::StrCat(name, ".");
  std::set<int64_t> indices;
  for (auto it = call_.params.lower_bound(prefix);
       it != call_.params.end() && absl::StartsWith(it->first, prefix); ++it) {
    absl::string_view rest = it->first;
    rest.remove_prefix(prefix.size());
    const absl::string_view digits = rest.substr(0, rest.find('.'));
    int64_t index = 0;
    if (!absl::SimpleAtoi(digits, &index) || index < 0 ||
        absl::StrCat(index) != digits) {
      Reject(it->first);
      return {};
    }
    indices.insert(index);
  }
  if (indices.size() > kMaxItems) Reject(name);
  return {indices.begin(), indices.end()};
}

std::vector<std::string> Params::List(absl::string_view name) {
  std::vector<std::string> items;
  for (const int64_t index : Indices(name)) {
    items.push_back(Text(absl::StrCat(name, ".", index)));
  }
  return items;
}

}  // namespace applets::vpcsim
