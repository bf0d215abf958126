#include "applets/upgrade/conflist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace applets::upgrade {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kList[] =
    R"({"cniVersion":"1.0.0","name":"net","plugins":[)"
    R"({"type":"cnivpc","mtu":1400},)"
    R"({"type":"portmap","capabilities":{"portMappings":true}}]})";

// UK8S's: no chain, capabilities of its own.
constexpr char kSingle[] =
    R"({"cniVersion":"0.3.1","name":"cni-vpc-uk8s","type":"cnivpc",)"
    R"("capabilities":{"portMappings":true}})";

Conflist Parse(absl::string_view text) {
  auto list = Conflist::Parse(text);
  EXPECT_TRUE(list.ok()) << list.status();
  return *std::move(list);
}

TEST(ConflistTest, AChainHasItsPluginsInOrder) {
  const Conflist list = Parse(kList);
  EXPECT_EQ(list.name(), "net");
  EXPECT_EQ(list.version(), "1.0.0");
  EXPECT_THAT(list.types(), ElementsAre("cnivpc", "portmap"));
}

TEST(ConflistTest, APluginAloneIsAChainOfOne) {
  const Conflist list = Parse(kSingle);
  EXPECT_THAT(list.types(), ElementsAre("cnivpc"));
  EXPECT_TRUE(list.HasPlugin("cnivpc"));
  EXPECT_FALSE(list.HasPlugin("portmap"));
  EXPECT_EQ(list.RequestFor(0, ""),
            R"({"type":"cnivpc","name":"cni-vpc-uk8s","cniVersion":"0.3.1"})");
}

TEST(ConflistTest, RequestHasTheListsNameAndVersionAndThePreviousResult) {
  const Conflist list = Parse(kList);
  EXPECT_EQ(
      list.RequestFor(0, ""),
      R"({"type":"cnivpc","mtu":1400,"name":"net","cniVersion":"1.0.0"})");
  EXPECT_EQ(list.RequestFor(1, R"({"ips":[]})"),
            R"({"type":"portmap","name":"net","cniVersion":"1.0.0",)"
            R"("prevResult":{"ips":[]}})");
}

TEST(ConflistTest, WhatIsWrongIsNamed) {
  const std::pair<const char*, const char*> bad[] = {
      {"{", "not JSON"},
      {"[]", "must be an object"},
      {R"({"plugins":[]})", "name: missing"},
      {R"({"name":"n"})", "type: missing"},
      {R"({"name":"n","plugins":[]})", "plugins: must be 1 to"},
      {R"({"name":"n","plugins":[{}]})", "plugins[0].type: missing"},
      {R"({"name":"n","type":"../sh"})", "type must be a file's name"},
      {R"({"name":"n","type":""})", "type must be a file's name"},
      {R"({"name":"n","type":"x","cniVersion":1})", "cniVersion: must be"}};
  for (const auto& [text, problem] : bad) {
    const auto list = Conflist::Parse(text);
    ASSERT_FALSE(list.ok()) << text;
    EXPECT_THAT(std::string(list.status().message()), HasSubstr(problem));
  }
}

TEST(ConflistTest, AnotherVersionLeavesTheRestAsItIs) {
  const auto changed = WithVersion(kList, "0.4.0");
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_EQ(*WithVersion(*changed, "1.0.0"), *WithVersion(kList, "1.0.0"));
  const Conflist list = Parse(*changed);
  EXPECT_EQ(list.version(), "0.4.0");
  EXPECT_THAT(list.types(), ElementsAre("cnivpc", "portmap"));
  EXPECT_THAT(*changed, HasSubstr("\"portMappings\": true"));
}

TEST(ConflistTest, VersionStaysWherePossible) {
  EXPECT_EQ(VersionFor("1.0.0", {"0.4.0", "1.0.0", "1.1.0"}), "1.0.0");
  EXPECT_EQ(VersionFor("1.0.0", {}), "1.0.0");
  EXPECT_EQ(VersionFor("", {"0.1.0", "1.0.0"}), "");
}

TEST(ConflistTest, VersionGoesDownToWhatThePluginSpeaks) {
  EXPECT_EQ(VersionFor("1.1.0", {"0.3.1", "1.0.0", "0.4.0"}), "1.0.0");
  EXPECT_EQ(VersionFor("0.10.0", {"0.4.0", "0.9.0", "1.0.0"}), "0.9.0");
  EXPECT_EQ(VersionFor("0.3.1", {"1.0.0"}), "");
  EXPECT_EQ(VersionFor("x", {"1.0.0"}), "");
}

TEST(ConflistTest, RuntimesReadThreeKindsOfFiles) {
  for (const char* name : {"10-a.conf", "10-a.conflist", "a.json"}) {
    EXPECT_TRUE(IsConfigurationFile(name)) << name;
  }
  for (const char* name : {"10-a.conf.bak", "a.conflist.tmp.12", "conf", ""}) {
    EXPECT_FALSE(IsConfigurationFile(name)) << name;
  }
}

}  // namespace
}  // namespace applets::upgrade
