#include "applets/cni/delegate.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "applets/cni/error.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

// A plugin that is a shell script.
class DelegateTest : public testing::Test {
 protected:
  DelegateTest() {
    std::string folder = absl::StrCat(getenv("TEST_TMPDIR"), "/XXXXXX");
    folder_ = mkdtemp(folder.data());
  }

  std::string Script(absl::string_view text) const {
    std::string path = absl::StrCat(folder_, "/portmap");
    const absl::Status status = base::WriteFileAtomically(
        path, absl::StrCat("#!/bin/sh\n", text, "\n"), 0755);
    EXPECT_TRUE(status.ok()) << status;
    return path;
  }

  std::string Seen() const {
    return base::ReadFile(absl::StrCat(folder_, "/seen"), 1 << 20)
        .value_or("nothing");
  }

  std::string folder_;
};

TEST_F(DelegateTest, FindsTheFirstExecutableInThePath) {
  const std::string script = Script("exit 0");
  EXPECT_EQ(
      FindPlugin(absl::StrCat("/nonexistent::", folder_), "portmap").value(),
      script);
  EXPECT_TRUE(absl::IsNotFound(FindPlugin(folder_, "other").status()));
  ASSERT_EQ(chmod(script.c_str(), 0644), 0);
  if (getuid() != 0) {
    EXPECT_FALSE(FindPlugin(folder_, "portmap").ok());
  }
}

TEST_F(DelegateTest, ThePluginGetsConfigurationVerbAndOurEnvironment) {
  setenv("CNI_COMMAND", "ADD", 1);
  setenv("CNI_IFNAME", "eth0", 1);
  const std::string script = Script(absl::StrCat(
      "{ cat; echo; echo $CNI_COMMAND $CNI_IFNAME; } >", folder_, "/seen"));
  const std::string large(300000, 'x');
  EXPECT_TRUE(RunPlugin(script, Verb::kDel, large).ok());
  EXPECT_EQ(Seen(), large + "\nDEL eth0\n");
}

TEST_F(DelegateTest, ItsErrorIsOurs) {
  const std::string script = Script(
      R"(echo '{"code":11,"msg":"busy","details":"iptables lock"}'; exit 1)");
  EXPECT_EQ(ToError(RunPlugin(script, Verb::kAdd, "{}"), Verb::kAdd),
            (Error{Code::kTryAgain, "portmap: busy", "iptables lock"}));
}

TEST_F(DelegateTest, AFailureWithoutAWordIsInternal) {
  for (const char* text : {"exit 3", "echo nonsense; exit 1", "kill -9 $$",
                           "echo '{\"code\":0}'; exit 1"}) {
    EXPECT_EQ(
        ToError(RunPlugin(Script(text), Verb::kAdd, "{}"), Verb::kAdd).code,
        Code::kInternal)
        << text;
  }
}

TEST_F(DelegateTest, AFileThatIsNoProgramIsAnError) {
  EXPECT_FALSE(RunPlugin("/nonexistent/portmap", Verb::kAdd, "{}").ok());
}

}  // namespace
}  // namespace applets::cni
