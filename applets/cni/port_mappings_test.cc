#include "applets/cni/port_mappings.h"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "applets/cni/pod_fixture.h"
#include "base/file.h"
#include "base/json.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

// A portmap that writes down what it is asked, and does what CNI_COMMAND's file
// says.
class PortsTest : public PodVerbsTest {
 protected:
  PortsTest() {
    std::string folder = absl::StrCat(getenv("TEST_TMPDIR"), "/XXXXXX");
    folder_ = mkdtemp(folder.data());
    Answer("exit 0");
  }

  void Answer(absl::string_view script) {
    const absl::Status status = base::WriteFileAtomically(
        folder_ + "/portmap",
        absl::StrCat("#!/bin/sh\n{ echo $CNI_COMMAND; cat; echo; } >>", folder_,
                     "/seen\n", script, "\n"),
        0755);
    ASSERT_TRUE(status.ok()) << status;
  }

  Outcome CallWithPorts(const std::string& verb, absl::string_view more = "") {
    Variables variables = Environ(verb, "c1", pod_);
    variables["CNI_PATH"] = folder_;
    return CallPlugin(
        variables,
        ConfigOf(absl::StrCat(
            R"(,"runtimeConfig":{"portMappings":[{"hostPort":8080,)",
            R"("containerPort":80,"protocol":"tcp"}]})", more)),
        node_);
  }

  std::vector<std::string> Seen() const {
    return absl::StrSplit(
        base::ReadFile(folder_ + "/seen", 1 << 20).value_or(""), '\n',
        absl::SkipEmpty());
  }

  std::string folder_;
};

TEST_F(PortsTest, AreMappedWithTheResultAndUnmapped) {
  const Outcome added = CallWithPorts("ADD");
  ASSERT_EQ(added.exit_status, 0) << added.out;
  const std::string with_result = absl::StrCat(R"(,"prevResult":)", added.out);
  EXPECT_EQ(CallWithPorts("CHECK", with_result).exit_status, 0);
  EXPECT_EQ(CallWithPorts("DEL", with_result).exit_status, 0);
  const std::vector<std::string> seen = Seen();
  ASSERT_EQ(seen.size(), 6u);
  EXPECT_EQ(seen[0], "ADD");
  EXPECT_EQ(seen[2], "CHECK");
  EXPECT_EQ(seen[4], "DEL");
  const auto config = base::Json::Parse(seen[1]);
  ASSERT_TRUE(config.ok()) << seen[1];
  EXPECT_EQ(config->Find("prevResult")->Dump() + "\n", added.out);
  EXPECT_TRUE(absl::StrContains(seen[1], "\"hostPort\":8080"));
}

TEST_F(PortsTest, ThatCannotBeMappedUndoTheAdd) {
  Answer(R"([ $CNI_COMMAND = DEL ] || { echo '{"code":7,"msg":"bad port"}')"
         "; exit 1; }");
  const Outcome failed = CallWithPorts("ADD");
  EXPECT_EQ(CodeIn(failed), 7);
  EXPECT_EQ(TextIn(failed, "msg"), "portmap: bad port");
  EXPECT_EQ(NodeLab::HostEnds(), 0u);
  EXPECT_TRUE(node_.leases.empty());
  EXPECT_EQ(Seen()[2], "DEL");
}

TEST_F(PortsTest, NeedThePortmapPlugin) {
  ASSERT_EQ(unlink((folder_ + "/portmap").c_str()), 0);
  EXPECT_EQ(CodeIn(CallWithPorts("ADD")), 100);
  EXPECT_EQ(NodeLab::HostEnds(), 0u);
  EXPECT_EQ(CallWithPorts("DEL").exit_status, 0);
}

TEST_F(PortsTest, ThatCannotBeUnmappedAreToldOfWhenAllElseIsGone) {
  ASSERT_EQ(CallWithPorts("ADD").exit_status, 0);
  Answer(R"(echo '{"code":11,"msg":"busy"}'; exit 1)");
  EXPECT_EQ(CodeIn(CallWithPorts("DEL")), 11);
  EXPECT_EQ(NodeLab::HostEnds(), 0u);
  EXPECT_TRUE(node_.leases.empty());
}

}  // namespace
}  // namespace applets::cni
