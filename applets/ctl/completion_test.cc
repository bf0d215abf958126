// What bash makes of its script. The texts of both are in golden_test.cc.
#include "applets/ctl/completion.h"

#include <unistd.h>

#include <cstdio>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

// What bash offers for the last of `words`, as it hands them to the script.
std::string Offered(const std::string& words) {
  const std::string path =
      absl::StrCat(testing::TempDir(), "/completion.", getpid());
  const std::string script =
      absl::StrCat(CompletionScript("bash"), "COMP_WORDS=(cnivpctl ", words,
                   ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n",
                   "_cnivpctl\necho \"${COMPREPLY[*]}\"\n");
  EXPECT_TRUE(base::WriteFileAtomically(path, script).ok());
  const absl::Cleanup remove = [&] { unlink(path.c_str()); };
  FILE* bash = popen(absl::StrCat("bash -u '", path, "' 2>&1").c_str(), "r");
  if (bash == nullptr) return "popen failed";
  const auto answer = base::ReadAll(fileno(bash), 65536);
  EXPECT_EQ(pclose(bash), 0);
  return answer.ok() ? std::string(absl::StripAsciiWhitespace(*answer))
                     : answer.status().ToString();
}

TEST(CompletionTest, OffersCommands) {
  EXPECT_EQ(Offered("''"),
            "get pool status why events pop push release gc bundle version "
            "completion help");
  EXPECT_EQ(Offered("p"), "pool pop push");
  EXPECT_EQ(Offered("get ''"), "node pool pod unuse");
  EXPECT_EQ(Offered("help get ''"), "node pool pod unuse");
  EXPECT_EQ(Offered("completion ''"), "bash zsh");
}

TEST(CompletionTest, OffersNothingAfterACommandOrNonsense) {
  EXPECT_EQ(Offered("get pool ''"), "");
  EXPECT_EQ(Offered("nonsense ''"), "");
}

TEST(CompletionTest, OffersTheCommandsFlags) {
  EXPECT_EQ(Offered("get pool --"),
            "--output --no-headers --socket --timeout --node --kubeconfig "
            "--peer-cert --peer-key --peer-ca --peer-token-file --help");
  EXPECT_EQ(Offered("release --"), "--output --yes --socket --timeout --help");
  EXPECT_EQ(Offered("version -"), "-o --output -h --help");
}

TEST(CompletionTest, OffersTheCommandsFormats) {
  EXPECT_EQ(Offered("get pool -o ''"), "wide json yaml");
  EXPECT_EQ(Offered("version --output ''"), "text json");
}

TEST(CompletionTest, AFlagsValueIsNoCommand) {
  EXPECT_EQ(Offered("-o json get ''"), "node pool pod unuse");
  EXPECT_EQ(Offered("get --timeout ''"), "");
}

TEST(CompletionTest, AnEqualsSignMayStandBetween) {
  EXPECT_EQ(Offered("get pool --output = j"), "json");
  EXPECT_EQ(Offered("get pool --output ="), "wide json yaml");
  EXPECT_EQ(Offered("get --output = json ''"), "node pool pod unuse");
}

}  // namespace
}  // namespace applets::ctl
