#include "vpc/ucloud/place.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"

namespace vpc::ucloud {
namespace {

bool Fits(const Interface& interface, const Wish& wish) {
  return (!wish.mac || interface.mac == *wish.mac) &&
         (wish.subnet_id.empty() || interface.subnet_id == wish.subnet_id);
}

// The main interface before others; null if none fits.
const Interface* Find(const Identity& identity, const Wish& wish) {
  const Interface* main = MainInterface(identity);
  if (main != nullptr && Fits(*main, wish)) return main;
  for (const Interface& interface : identity.interfaces) {
    if (Fits(interface, wish)) return &interface;
  }
  return nullptr;
}

std::string Describe(const Wish& wish) {
  std::vector<std::string> parts;
  if (wish.mac) parts.push_back(absl::StrCat("MAC ", wish.mac->ToString()));
  if (!wish.subnet_id.empty()) {
    parts.push_back(absl::StrCat("subnet ", wish.subnet_id));
  }
  return absl::StrJoin(parts, " and ");
}

std::string Describe(const Identity& identity) {
  std::vector<std::string> parts;
  for (const Interface& interface : identity.interfaces) {
    parts.push_back(absl::StrCat(interface.mac.ToString(), " in ",
                                 interface.subnet_id.empty()
                                     ? "an unknown subnet"
                                     : interface.subnet_id));
  }
  return absl::StrJoin(parts, ", ");
}

absl::StatusOr<const Interface*> Choose(const Identity& identity,
                                        const Environment& environment,
                                        const Wish& wish) {
  const Interface* found = nullptr;
  if (wish.subnet_id.empty() && !environment.subnet_id.empty()) {
    found = Find(identity, {environment.subnet_id, wish.mac});
  }
  if (found == nullptr) found = Find(identity, wish);
  if (found != nullptr) return found;
  return absl::NotFoundError(absl::StrCat(
      "host ", identity.instance_id, " has no interface with ", Describe(wish),
      "; by its metadata it has ", Describe(identity)));
}

absl::Status Untold(const Interface& interface, const char* what) {
  return absl::FailedPreconditionError(
      absl::StrCat("the metadata don't tell the ", what, " of the interface ",
                   interface.mac.ToString()));
}

}  // namespace

absl::StatusOr<Place> PlaceOf(const Identity& identity,
                              const Environment& environment,
                              const Wish& wish) {
  ASSIGN_OR_RETURN(const Interface* interface,
                   Choose(identity, environment, wish));
  const auto either = [](const std::string& first, const std::string& second) {
    return first.empty() ? second : first;
  };
  Place place = {
      .region = either(environment.region, identity.region),
      .zone = identity.zone,
      .project_id = either(environment.project_id, identity.project_id),
      .vpc_id = either(interface->vpc_id, environment.vpc_id),
      .subnet_id = interface->subnet_id,
      .object_id = ObjectIdOf(identity),
      .mac = interface->mac,
      .instance_id = identity.instance_id};
  if (place.subnet_id.empty()) return Untold(*interface, "subnet");
  if (place.vpc_id.empty()) return Untold(*interface, "VPC");
  return place;
}

}  // namespace vpc::ucloud
