#include "applets/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_split.h"
#include "applets/cni/plugin_main.h"
#include "applets/cni/version_command.h"
#include "applets/ctl/ctl_main.h"
#include "applets/ipamd/ipamd_main.h"

namespace applets {
namespace {

using ::testing::HasSubstr;
using Argv = std::vector<absl::string_view>;

constexpr bool kCniCall = true;
constexpr bool kByHand = false;

TEST(RegistryTest, TheProgramsOwnNameDecides) {
  Invocation invocation = Identify(Argv{"/usr/bin/cnivpctl", "get"}, kByHand);
  EXPECT_EQ(invocation.kind, Invocation::Kind::kRun);
  EXPECT_EQ(invocation.applet->main, ctl::CtlMain);
  EXPECT_EQ(invocation.skip, 0);
}

TEST(RegistryTest, AnAliasIsAsGoodAsTheName) {
  EXPECT_EQ(Identify(Argv{"cni-vpc-ipamd"}, kByHand).applet->main,
            ipamd::IpamdMain);
}

TEST(RegistryTest, TheFirstArgumentNamesAnApplet) {
  Invocation invocation = Identify(Argv{"./cnivpc", "ipamd", "-v"}, kByHand);
  EXPECT_EQ(invocation.applet->main, ipamd::IpamdMain);
  EXPECT_EQ(invocation.skip, 1);
}

TEST(RegistryTest, AnAppletsArgumentNamesNoOtherApplet) {
  Invocation invocation = Identify(Argv{"cnivpctl", "version"}, kByHand);
  EXPECT_EQ(invocation.applet->main, ctl::CtlMain);
}

TEST(RegistryTest, PluginsOwnNameMayBeRepeated) {
  Invocation invocation =
      Identify(Argv{"cnivpc", "cnivpc", "version"}, kByHand);
  EXPECT_EQ(invocation.applet->main, cni::VersionMain);
  EXPECT_EQ(invocation.skip, 2);
}

TEST(RegistryTest, CniCallIsThePluginsWhateverTheArguments) {
  Invocation invocation = Identify(Argv{"cnivpc", "ipamd"}, kCniCall);
  EXPECT_EQ(invocation.applet->main, cni::PluginMain);
  EXPECT_EQ(invocation.skip, 0);
}

TEST(RegistryTest, CniCallIsThePluginsWhateverItsFileIsCalled) {
  EXPECT_EQ(Identify(Argv{"/opt/cni/bin/vpc.new"}, kCniCall).applet->main,
            cni::PluginMain);
  EXPECT_EQ(Identify(Argv{}, kCniCall).applet->main, cni::PluginMain);
}

TEST(RegistryTest, CniCallDoesNotStealAnotherAppletsName) {
  EXPECT_EQ(Identify(Argv{"ipamd"}, kCniCall).applet->main, ipamd::IpamdMain);
}

TEST(RegistryTest, RenamedExecutableStillTakesAName) {
  EXPECT_EQ(Identify(Argv{"cnivpc-0.1", "ipamd"}, kByHand).applet->main,
            ipamd::IpamdMain);
}

TEST(RegistryTest, NothingAskedForIsNoName) {
  EXPECT_EQ(Identify(Argv{"cnivpc"}, kByHand).kind, Invocation::Kind::kNoName);
  EXPECT_EQ(Identify(Argv{}, kByHand).kind, Invocation::Kind::kNoName);
}

TEST(RegistryTest, UnknownNameIsUnknown) {
  for (absl::string_view name : {"frobnicate", "", "/usr/bin/ipamd"}) {
    Invocation invocation = Identify(Argv{"cnivpc", name}, kByHand);
    EXPECT_EQ(invocation.kind, Invocation::Kind::kUnknownName) << name;
    EXPECT_EQ(invocation.skip, 1);
  }
}

TEST(RegistryTest, NoNameStandsForTwoApplets) {
  std::set<absl::string_view> seen;
  for (const Applet& applet : Applets()) {
    EXPECT_TRUE(seen.insert(applet.name).second) << applet.name;
    for (absl::string_view alias : applet.aliases) {
      EXPECT_TRUE(alias.empty() || seen.insert(alias).second) << alias;
    }
  }
}

TEST(RegistryTest, HelpNamesEveryApplet) {
  const std::string help = HelpText();
  for (const Applet& applet : Applets()) {
    EXPECT_THAT(help, HasSubstr(std::string(applet.name)));
    EXPECT_THAT(help, HasSubstr(std::string(applet.help)));
  }
}

TEST(RegistryTest, HelpFitsATerminal) {
  for (absl::string_view line : absl::StrSplit(HelpText(), '\n')) {
    EXPECT_LE(line.size(), 80) << line;
  }
}

TEST(RegistryTest, CommandsAreNotInstalled) {
  EXPECT_THAT(ProgramNames(),
              testing::ElementsAre("cnivpc", "ipamd", "cnivpc-ipamd",
                                   "cni-vpc-ipamd", "cnivpctl", "vpcsim"));
}

}  // namespace
}  // namespace applets
