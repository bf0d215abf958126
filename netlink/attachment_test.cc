#include "netlink/attachment.h"

#include <string>

#include "gtest/gtest.h"
#include "netlink/link.h"

namespace netlink {
namespace {

TEST(HostIfnameTest, IsTheStartOfTheHashOfThePodsName) {
  // printf default.nginx | sha1sum
  EXPECT_EQ(HostIfname("default", "nginx"), "ucnic440f455693");
  EXPECT_EQ(HostIfnameWithoutPod("c0ffee", "eth0"), "ucni3e52eb8f9f8");
}

TEST(HostIfnameTest, FillsAnInterfaceNameAndIsKnownAgain) {
  const std::string name = HostIfname("kube-system", "coredns-0");
  EXPECT_EQ(name.size(), kMaxIfnameBytes);
  EXPECT_TRUE(IsHostIfname(name));
  for (const char* other : {"eth0", "ucni", "ucni0123456789", "ucni0123456789g",
                            "ucni0123456789ab", "veth0123456789a"}) {
    EXPECT_FALSE(IsHostIfname(other)) << other;
  }
}

TEST(AttachmentAliasTest, ComesBackAsItWas) {
  const std::string alias = AttachmentAlias("c0ffee", "eth0");
  EXPECT_EQ(alias, "cnivpc:c0ffee/eth0");
  EXPECT_EQ(ParseAttachmentAlias(alias), (AliasedAttachment{"c0ffee", "eth0"}));
}

TEST(AttachmentAliasTest, FitsHoweverLongTheContainerIdIs) {
  const std::string longest(232, 'a');
  EXPECT_EQ(AttachmentAlias(longest, "net12345678901x").size(), kMaxAliasBytes);
  const std::string alias = AttachmentAlias(longest + "a", "net12345678901x");
  EXPECT_EQ(alias.size(), 7u + 1 + 40 + 1 + 15);
  EXPECT_EQ(ParseAttachmentAlias(alias)->container_id[0], '#');
  EXPECT_NE(alias, AttachmentAlias(longest + "b", "net12345678901x"));
}

TEST(AttachmentAliasTest, RefusesWhatIsNoneOfOurs) {
  for (const char* alias :
       {"", "uplink", "cnivpc:", "cnivpc:a", "cnivpc:/eth0", "cnivpc:a/",
        "cnivpc:a/b/c", "cnivpc:a/name-of-16-bytes", "other:a/eth0"}) {
    EXPECT_FALSE(ParseAttachmentAlias(alias)) << alias;
  }
}

TEST(AttachmentTest, MacsAreTheAttachmentsOwnAndStay) {
  const std::string alias = AttachmentAlias("c1", "eth0");
  EXPECT_EQ(PodMac(alias), PodMac(alias));
  EXPECT_NE(PodMac(alias), HostMac(alias));
  EXPECT_NE(PodMac(alias), PodMac(AttachmentAlias("c2", "eth0")));
  EXPECT_EQ(PodMac(alias).bytes()[0] & 3, 2);
}

}  // namespace
}  // namespace netlink
