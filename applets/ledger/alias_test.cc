#include "applets/ledger/alias.h"

#include "gtest/gtest.h"

namespace applets::ledger {
namespace {

const base::Attachment kAttachment{"net", "c1", "eth0"};

TEST(AliasTest, NamesTheWholeAttachment) {
  EXPECT_EQ(AliasOf(kAttachment), "cnivpc:net:c1/eth0");
  EXPECT_EQ(AttachmentOfAlias(AliasOf(kAttachment)), kAttachment);
}

TEST(AliasTest, OthersAliasesAreNone) {
  for (const char* alias : {"", "eth0 of somebody", "cnivpc:c1/eth0"}) {
    EXPECT_EQ(AttachmentOfAlias(alias), std::nullopt) << alias;
  }
}

}  // namespace
}  // namespace applets::ledger
