#include "applets/upgrade/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace applets::upgrade {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Presence = Artifact::Presence;

class InspectTest : public testing::Test {
 protected:
  InspectTest() {
    std::string name = absl::StrCat(testing::TempDir(), "/inspect.XXXXXX");
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }

  std::string At(const std::string& name) { return folder_ + "/" + name; }
  void Write(const std::string& name, absl::string_view text, int mode = 0755) {
    EXPECT_TRUE(base::WriteFileAtomically(At(name), text, mode).ok());
  }
  Facts InspectAt(const std::string& name) {
    const auto facts = Inspect(At(name));
    EXPECT_TRUE(facts.ok()) << facts.status();
    return *facts;
  }
  std::optional<Network> Find() {
    notes_.clear();
    const auto network = FindNetwork(folder_, notes_);
    EXPECT_TRUE(network.ok()) << network.status();
    return *network;
  }

  std::string folder_;
  std::vector<std::string> notes_;
};

TEST_F(InspectTest, NothingIsMissing) {
  const Facts facts = InspectAt("cnivpc");
  EXPECT_EQ(facts.artifact.presence, Presence::kMissing);
  EXPECT_EQ(facts.problem, "");
}

TEST_F(InspectTest, AFolderIsInTheWay) {
  ASSERT_EQ(mkdir(At("cnivpc").c_str(), 0755), 0);
  EXPECT_EQ(Inspect(At("cnivpc")).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(InspectTest, AScriptIsNoProgram) {
  Write("cnivpc", "#!/bin/sh\necho CNI Version: 1.0.0\n");
  const Facts facts = InspectAt("cnivpc");
  EXPECT_EQ(facts.artifact.presence, Presence::kFile);
  EXPECT_EQ(facts.artifact.sha256.size(), 64);
  EXPECT_EQ(facts.problem, "is no ELF program");
  EXPECT_FALSE(facts.report.has_value());
}

TEST_F(InspectTest, APartOfAProgramIsCutShort) {
  const auto shell = base::ReadFile("/bin/sh", 64 << 20);
  ASSERT_TRUE(shell.ok()) << shell.status();
  Write("cnivpc", absl::string_view(*shell).substr(0, shell->size() / 2));
  EXPECT_THAT(InspectAt("cnivpc").problem, HasSubstr("is cut short"));
}

TEST_F(InspectTest, AProgramThatDoesNotSayItsVersionIsUnknown) {
  const auto program = base::ReadFile("/bin/true", 64 << 20);
  Write("cnivpc", *program);
  EXPECT_EQ(InspectAt("cnivpc").problem, "doesn't say its version");
}

TEST_F(InspectTest, AProgramThatFailsIsUnknown) {
  const auto program = base::ReadFile("/bin/false", 64 << 20);
  Write("cnivpc", *program);
  EXPECT_EQ(InspectAt("cnivpc").problem, "fails when it is run: exit status 1");
}

TEST_F(InspectTest, AProgramThatMayNotBeRunIsUnknown) {
  const auto program = base::ReadFile("/bin/true", 64 << 20);
  Write("cnivpc", *program, 0644);
  EXPECT_THAT(InspectAt("cnivpc").problem, HasSubstr("Permission denied"));
}

TEST_F(InspectTest, ALinkIsALinkToWhatItLeadsTo) {
  ASSERT_EQ(symlink("/bin/true", At("cnivpc").c_str()), 0);
  const Facts facts = InspectAt("cnivpc");
  EXPECT_EQ(facts.artifact.presence, Presence::kSymlink);
  EXPECT_EQ(facts.problem, "doesn't say its version");
}

TEST_F(InspectTest, ALinkToNowhereIsThere) {
  ASSERT_EQ(symlink("nowhere", At("cnivpc").c_str()), 0);
  const Facts facts = InspectAt("cnivpc");
  EXPECT_EQ(facts.artifact.presence, Presence::kSymlink);
  EXPECT_THAT(facts.problem, HasSubstr("No such file"));
}

TEST_F(InspectTest, TheFirstNetworkWithThePluginIsFound) {
  Write("00-other.conflist", R"({"name":"a","plugins":[{"type":"bridge"}]})");
  Write("20-late.conf", R"({"name":"c","type":"cnivpc"})");
  Write("10-cnivpc.conf",
        R"({"cniVersion":"0.3.1","name":"b","type":"cnivpc"})");
  Write("05-backup.conf.bak", R"({"name":"x","type":"cnivpc"})");
  const auto network = Find();
  ASSERT_TRUE(network.has_value());
  EXPECT_EQ(network->path, At("10-cnivpc.conf"));
  EXPECT_EQ(network->version, "0.3.1");
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(InspectTest, AFileThatIsNoNetworkIsPassedOverAndNoted) {
  Write("00-broken.conf", "{");
  Write("10-cnivpc.conf", R"({"name":"b","type":"cnivpc"})");
  EXPECT_EQ(Find()->path, At("10-cnivpc.conf"));
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("00-broken.conf: not JSON")));
}

TEST_F(InspectTest, NoFolderIsNoNetwork) {
  folder_ += "/none";
  EXPECT_FALSE(Find().has_value());
}

}  // namespace
}  // namespace applets::upgrade
