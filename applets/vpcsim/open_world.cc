#include "applets/vpcsim/open_world.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::vpcsim {
namespace {

// uhost-1 and so on, each with its default interface uni-1 and so on.
absl::Status AddHost(World& world, int number) {
  const std::string zone = world.settings().zones.front();
  const std::string id = absl::StrCat("uhost-", number);
  RETURN_IF_ERROR(world.AddHost(
      {.id = id, .name = absl::StrCat("node-", number), .zone = zone}));
  const auto byte = [&](int shift) {
    return static_cast<uint8_t>(number >> shift);
  };
  return world.AddInterface(
      {.id = absl::StrCat("uni-", number),
       .mac = base::Mac({0x52, 0x54, 0x00, byte(16), byte(8), byte(0)}),
       .subnet = "subnet-1",
       .host = id,
       .is_default = true});
}

}  // namespace

absl::StatusOr<std::unique_ptr<OpenWorld>> OpenWorld::Open(
    const Options& options) {
  if (!options.subnet) {
    return absl::InvalidArgumentError("--subnet=CIDR is needed");
  }
  auto world = std::make_unique<World>();
  RETURN_IF_ERROR(world->AddVpc({.id = "uvnet-1", .name = "vpc"}));
  RETURN_IF_ERROR(
      base::Annotate(world->AddSubnet({.id = "subnet-1",
                                       .vpc = "uvnet-1",
                                       .name = "subnet",
                                       .zone = world->settings().zones.front(),
                                       .prefix = *options.subnet}),
                     "--subnet"));
  for (int number = 1; number <= options.hosts; ++number) {
    RETURN_IF_ERROR(base::Annotate(AddHost(*world, number), "--hosts"));
  }
  return std::unique_ptr<OpenWorld>(new OpenWorld(std::move(world)));
}

}  // namespace applets::vpcsim
