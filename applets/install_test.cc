#include "applets/install.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace applets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A folder of its own with an executable "bin/cnivpc" in it.
class InstallTest : public testing::Test {
 protected:
  InstallTest() : root_(absl::StrCat(testing::TempDir(), "/XXXXXX")) {
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
    Write("bin/cnivpc", "program");
  }

  std::string Path(absl::string_view name) {
    return absl::StrCat(root_, "/", name);
  }

  void Write(absl::string_view name, absl::string_view text) {
    const std::string path = Path(name);
    ASSERT_TRUE(base::MakeDirectories(path.substr(0, path.rfind('/'))).ok());
    ASSERT_TRUE(base::WriteFileAtomically(path, text).ok());
  }

  std::string Target(absl::string_view name) {
    char target[256] = {};
    EXPECT_GT(readlink(Path(name).c_str(), target, sizeof(target) - 1), 0);
    return target;
  }

  std::string root_;
};

TEST(RelativePathTest, GoesUpToWhereTheTwoPart) {
  EXPECT_EQ(RelativePath("/opt/bin", "/opt/bin/x"), "x");
  EXPECT_EQ(RelativePath("/opt/bin", "/opt/cni/x"), "../cni/x");
  EXPECT_EQ(RelativePath("/a/b", "/x"), "../../x");
  EXPECT_EQ(RelativePath("/", "/bin/x"), "bin/x");
}

TEST_F(InstallTest, LinksBesideTheExecutableNameItAlone) {
  EXPECT_THAT(*InstallLinks(Path("bin"), Path("bin/cnivpc"), {"ipamd"}),
              ElementsAre(HasSubstr("/bin/ipamd")));
  EXPECT_EQ(Target("bin/ipamd"), "cnivpc");
}

TEST_F(InstallTest, LinksElsewhereSayTheWay) {
  ASSERT_TRUE(base::MakeDirectories(Path("sbin/deep")).ok());
  ASSERT_TRUE(
      InstallLinks(Path("sbin/deep"), Path("bin/cnivpc"), {"ipamd"}).ok());
  EXPECT_EQ(Target("sbin/deep/ipamd"), "../../bin/cnivpc");
  EXPECT_EQ(*base::ReadFile(Path("sbin/deep/ipamd"), 100), "program");
}

TEST_F(InstallTest, ExecutableItselfIsLeftAlone) {
  EXPECT_THAT(
      *InstallLinks(Path("bin"), Path("bin/cnivpc"), {"cnivpc", "ipamd"}),
      ElementsAre(HasSubstr("ipamd")));
  EXPECT_EQ(*base::ReadFile(Path("bin/cnivpc"), 100), "program");
}

TEST_F(InstallTest, ReplacesAnExistingLinkEvenABrokenOne) {
  ASSERT_EQ(symlink("nowhere", Path("bin/ipamd").c_str()), 0);
  ASSERT_TRUE(InstallLinks(Path("bin"), Path("bin/cnivpc"), {"ipamd"}).ok());
  EXPECT_EQ(Target("bin/ipamd"), "cnivpc");
}

TEST_F(InstallTest, TwiceIsAsGoodAsOnce) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(InstallLinks(Path("bin"), Path("bin/cnivpc"), {"ipamd"}).ok());
  }
}

TEST_F(InstallTest, RefusesToOverwriteAFileAndChangesNothing) {
  Write("bin/ipamd", "somebody else's");
  absl::Status status =
      InstallLinks(Path("bin"), Path("bin/cnivpc"), {"vpcsim", "ipamd"})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(status.message(), HasSubstr("/bin/ipamd: not a link"));
  EXPECT_EQ(*base::ReadFile(Path("bin/ipamd"), 100), "somebody else's");
  EXPECT_NE(access(Path("bin/vpcsim").c_str(), F_OK), 0);
}

TEST_F(InstallTest, MissingFolderIsNamed) {
  EXPECT_THAT(InstallLinks(Path("no"), Path("bin/cnivpc"), {"ipamd"})
                  .status()
                  .message(),
              HasSubstr("/no: No such file"));
}

TEST_F(InstallTest, ACopyReplacesWhatIsThereAndCanBeRun) {
  ASSERT_TRUE(base::MakeDirectories(Path("cni")).ok());
  ASSERT_EQ(symlink("../bin/gone", Path("cni/cnivpc").c_str()), 0);
  ASSERT_TRUE(InstallCopy(Path("cni"), Path("bin/cnivpc")).ok());
  EXPECT_EQ(*base::ReadFile(Path("cni/cnivpc"), 100), "program");
  struct stat file = {};
  ASSERT_EQ(lstat(Path("cni/cnivpc").c_str(), &file), 0);
  EXPECT_TRUE(S_ISREG(file.st_mode));
  EXPECT_EQ(file.st_mode & 0777, 0755U);
  ASSERT_TRUE(InstallLinks(Path("cni"), Path("cni/cnivpc"), {"ipamd"}).ok());
  EXPECT_EQ(Target("cni/ipamd"), "cnivpc");
}

TEST_F(InstallTest, ACopyIntoNoFolderIsAnError) {
  EXPECT_FALSE(InstallCopy(Path("none"), Path("bin/cnivpc")).ok());
}

}  // namespace
}  // namespace applets
