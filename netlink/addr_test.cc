#include "netlink/addr.h"

#include <linux/rtnetlink.h>

#include <cerrno>

#include "base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/node_lab.h"

namespace netlink {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr base::Ipv4 kAddress(0x0a090005);

class AddrTest : public ::testing::Test {
 protected:
  InterfaceAddress Wanted() {
    return {.ifindex = lab_.node().ifindex, .address = kAddress};
  }

  NodeLab lab_;
};

TEST_F(AddrTest, AddsListsAndRemoves) {
  ASSERT_EQ(lab_.host().Transact(AddAddress(Wanted())), absl::OkStatus());
  const auto addresses = ListAddresses(lab_.host(), lab_.node().ifindex);
  ASSERT_THAT(*addresses, SizeIs(2));
  EXPECT_EQ(addresses->back().address, kAddress);
  EXPECT_EQ(addresses->back().prefix_length, 32);
  EXPECT_EQ(addresses->back().scope, RT_SCOPE_UNIVERSE);
  ASSERT_EQ(lab_.host().Transact(RemoveAddress(Wanted())), absl::OkStatus());
  EXPECT_THAT(*ListAddresses(lab_.host(), 0), SizeIs(1));
}

TEST_F(AddrTest, SaysWhatIsThereAlreadyOrMissing) {
  EXPECT_EQ(base::ErrnoOf(lab_.host().Transact(RemoveAddress(Wanted()))),
            EADDRNOTAVAIL);
  ASSERT_EQ(lab_.host().Transact(AddAddress(Wanted())), absl::OkStatus());
  EXPECT_EQ(base::ErrnoOf(lab_.host().Transact(AddAddress(Wanted()))), EEXIST);
}

TEST_F(AddrTest, ListsOnlyTheInterfaceThatWasAskedFor) {
  EXPECT_THAT(*ListAddresses(lab_.host(), 1), IsEmpty());
}

}  // namespace
}  // namespace netlink
