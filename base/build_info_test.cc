#include "base/build_info.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace base {
namespace {

TEST(BuildInfoTest, VersionIsTheOneInTheFile) {
  std::ifstream file("VERSION");
  std::string version;
  ASSERT_TRUE(std::getline(file, version));
  EXPECT_EQ(GetBuildInfo().version, version);
}

TEST(BuildInfoTest, NamesTheCompiler) {
  EXPECT_NE(GetBuildInfo().compiler.find("++ "), std::string_view::npos);
}

TEST(BuildInfoTest, TestsAreNotStamped) {
  EXPECT_EQ(GetBuildInfo().commit, "unknown");
  EXPECT_EQ(GetBuildInfo().build_time, "unknown");
}

}  // namespace
}  // namespace base
