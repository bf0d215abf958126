#include "applets/ipamd/link_table.h"

#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

constexpr char kName[] = "ucni0123456789a";

netlink::Link LinkOf(uint32_t index, const std::string& name,
                     const std::string& alias) {
  netlink::Link link;
  link.index = index;
  link.name = name;
  link.alias = alias;
  return link;
}

TEST(LinkTableTest, FindsByAlias) {
  LinkTable table;
  table.Put(LinkOf(7, kName, "cnivpc:n:c/eth0"));
  EXPECT_EQ(table.Find("cnivpc:n:c/eth0", ""), 7u);
  EXPECT_EQ(table.Find("cnivpc:n:other/eth0", kName), 0u);
}

TEST(LinkTableTest, FindsAnOldPluginsLinkByName) {
  LinkTable table;
  table.Put(LinkOf(7, kName, ""));
  EXPECT_EQ(table.Find("cnivpc:n:c/eth0", kName), 7u);
}

TEST(LinkTableTest, ALinkThatGetsItsAliasLaterIsFoundByIt) {
  LinkTable table;
  table.Put(LinkOf(7, kName, ""));
  table.Put(LinkOf(7, kName, "cnivpc:n:c/eth0"));
  EXPECT_EQ(table.Find("cnivpc:n:c/eth0", ""), 7u);
  EXPECT_EQ(table.Find("cnivpc:n:other/eth0", kName), 0u);
}

TEST(LinkTableTest, IgnoresOthersLinks) {
  LinkTable table;
  table.Put(LinkOf(1, "eth0", ""));
  table.Put(LinkOf(2, "vethabc", "somebody's"));
  EXPECT_TRUE(table.entries().empty());
}

TEST(LinkTableTest, ANewLinkOfTheSameAliasOutlivesTheOldOne) {
  LinkTable table;
  table.Put(LinkOf(7, kName, "cnivpc:n:c/eth0"));
  table.Put(LinkOf(8, kName, "cnivpc:n:c/eth0"));
  table.Drop(7);
  EXPECT_EQ(table.Find("cnivpc:n:c/eth0", ""), 8u);
  table.Drop(8);
  EXPECT_EQ(table.Find("cnivpc:n:c/eth0", ""), 0u);
}

}  // namespace
}  // namespace applets::ipamd
