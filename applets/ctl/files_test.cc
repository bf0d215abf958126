#include "applets/ctl/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

using testing::ElementsAre;

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    std::string name = absl::StrCat(testing::TempDir(), "/files.XXXXXX");
    folder_ = mkdtemp(name.data());
  }
  ~FilesTest() override {
    unlink((folder_ + "/a").c_str());
    unlink((folder_ + "/b").c_str());
    unlink((folder_ + "/.hidden").c_str());
    rmdir(folder_.c_str());
  }
  std::string folder_;
};

TEST_F(FilesTest, TheEndOfAFileIsRead) {
  ASSERT_TRUE(WriteSecretly(folder_ + "/a", "0123456789").ok());
  EXPECT_EQ(*Tail(folder_ + "/a", 4), "6789");
  EXPECT_EQ(*Tail(folder_ + "/a", 10), "0123456789");
  EXPECT_EQ(*Tail(folder_ + "/a", 100), "0123456789");
}

TEST_F(FilesTest, OnlyFilesAreRead) {
  EXPECT_EQ(Tail(folder_ + "/missing", 4).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Tail(folder_, 4).status().code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(mkfifo((folder_ + "/a").c_str(), 0600), 0);
  EXPECT_EQ(Tail(folder_ + "/a", 4).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(FilesTest, OnlyTheOwnerCanReadWhatWasWritten) {
  ASSERT_TRUE(WriteSecretly(folder_ + "/a", "x").ok());
  struct stat about = {};
  ASSERT_EQ(stat((folder_ + "/a").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(FilesTest, NothingIsOverwritten) {
  ASSERT_TRUE(WriteSecretly(folder_ + "/a", "x").ok());
  EXPECT_EQ(WriteSecretly(folder_ + "/a", "y").code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*Tail(folder_ + "/a", 9), "x");
}

TEST_F(FilesTest, AFolderIsListedByName) {
  for (const char* name : {"/b", "/a", "/.hidden"}) {
    ASSERT_TRUE(WriteSecretly(folder_ + name, "x").ok());
  }
  EXPECT_THAT(*ListFolder(folder_),
              ElementsAre(folder_ + "/a", folder_ + "/b"));
  EXPECT_FALSE(ListFolder(folder_ + "/missing").ok());
}

}  // namespace
}  // namespace applets::ctl
