#ifndef CNIVPC_APPLETS_VPCSIM_WORLD_LAB_H_
#define CNIVPC_APPLETS_VPCSIM_WORLD_LAB_H_

#include "applets/vpcsim/world.h"
#include "base/address.h"
#include "gtest/gtest.h"

// For tests of what works on a small world.
namespace applets::vpcsim {

// VPC uvnet-1 with subnet-1, 10.0.0.0/24, in zone cn-bj2-04.
inline void AddOneSubnet(World& world) {
  EXPECT_TRUE(world.AddVpc({.id = "uvnet-1", .name = "v"}).ok());
  EXPECT_TRUE(
      world
          .AddSubnet({.id = "subnet-1",
                      .vpc = "uvnet-1",
                      .zone = "cn-bj2-04",
                      .prefix = base::Ipv4Prefix::Parse("10.0.0.0/24").value()})
          .ok());
}

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_WORLD_LAB_H_
