// A line is a call: its action, a space, and NAME=VALUE pairs with '&' between
// them. Whatever is asked for, the answer is JSON of that action, and who has
// an address stays consistent.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "applets/vpcsim/actions.h"
#include "applets/vpcsim/state_file.h"
#include "base/json.h"

namespace applets::vpcsim {
namespace {

Call Read(absl::string_view line) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(line, absl::MaxSplits(' ', 1));
  Call call = {.action = std::string(parts.first)};
  for (const absl::string_view pair :
       absl::StrSplit(parts.second, '&', absl::SkipEmpty())) {
    call.params.insert(absl::StrSplit(pair, absl::MaxSplits('=', 1)));
  }
  return call;
}

void Require(bool holds) {
  if (!holds) abort();
}

void CheckAnswer(const std::string& text, const Call& call) {
  const absl::StatusOr<base::Json> answer = base::Json::Parse(text);
  // What isn't UTF-8 never gets past the wire.
  if (!answer.ok()) return;
  Require(answer->Int("RetCode").ok());
  if (!call.action.empty()) {
    Require(answer->String("Action").value() ==
            absl::StrCat(call.action, "Response"));
  }
}

void CheckWorld(const World& world) {
  size_t listed = 0;
  for (const Interface* interface : world.interfaces()) {
    Require(world.OwnerOf("uvnet-1", interface->primary) == interface);
    for (const base::Ipv4 address : world.SecondaryOf(*interface)) {
      Require(world.OwnerOf("uvnet-1", address) == interface);
      ++listed;
    }
  }
  Require(listed == world.secondary_count());
  constexpr size_t kToGive = 61;
  Require(world.Available(*world.SubnetById("subnet-1")) ==
          kToGive - listed - world.interface_count());
}

}  // namespace
}  // namespace applets::vpcsim

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace vpcsim = applets::vpcsim;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto world =
      vpcsim::MakeWorld(
          {.subnet = base::Ipv4Prefix::Parse("10.0.0.0/26").value(),
           .hosts = 3})
          .value();
  std::mt19937_64 random(1);
  absl::Time now = absl::UnixEpoch();
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const vpcsim::Call call = vpcsim::Read(line);
    const vpcsim::Bend bend = {.lag = absl::Seconds(line.size() % 3)};
    now += absl::Seconds(1);
    vpcsim::CheckAnswer(vpcsim::Perform(*world, call, bend, random, now), call);
  }
  vpcsim::CheckWorld(*world);
  return 0;
}
