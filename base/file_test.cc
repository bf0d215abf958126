#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/status.h"
#include "gtest/gtest.h"

namespace base {
namespace {

class FileTest : public testing::Test {
 protected:
  const std::string dir_ =
      testing::TempDir() + "/file_test." + std::to_string(getpid()) + "." +
      testing::UnitTest::GetInstance()->current_test_info()->name();
  void SetUp() override { ASSERT_TRUE(MakeDirectories(dir_ + "/a/b").ok()); }
};

TEST_F(FileTest, AtomicWriteReplacesTheContent) {
  const std::string path = dir_ + "/a/b/f";
  ASSERT_TRUE(WriteFileAtomically(path, "one", 0640).ok());
  ASSERT_TRUE(WriteFileAtomically(path, "two", 0640).ok());
  EXPECT_EQ(ReadFile(path, 100).value(), "two");
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST_F(FileTest, FailedWriteLeavesNoTemporaryFile) {
  const std::string path = dir_ + "/a";  // a folder can't be replaced
  EXPECT_FALSE(WriteFileAtomically(path, "x").ok());
  EXPECT_NE(access((path + ".tmp." + std::to_string(getpid())).c_str(), F_OK),
            0);
}

TEST_F(FileTest, ErrorsNameThePath) {
  const auto data = ReadFile(dir_ + "/none", 10);
  EXPECT_EQ(ErrnoOf(data.status()), ENOENT);
  EXPECT_EQ(data.status().message(),
            "open " + dir_ + "/none: No such file or directory");
}

TEST_F(FileTest, ReadStopsAtTheLimit) {
  const std::string path = dir_ + "/f";
  ASSERT_TRUE(WriteFileAtomically(path, std::string(50, 'x')).ok());
  EXPECT_TRUE(ReadFile(path, 50).ok());
  EXPECT_EQ(ReadFile(path, 49).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(FileTest, MakeDirectoriesRefusesAFileInTheWay) {
  ASSERT_TRUE(WriteFileAtomically(dir_ + "/f", "").ok());
  EXPECT_EQ(ErrnoOf(MakeDirectories(dir_ + "/f")), ENOTDIR);
  EXPECT_TRUE(MakeDirectories(dir_ + "/a/b").ok());
}

}  // namespace
}  // namespace base
