#include "applets/upgrade/files.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace applets::upgrade {
namespace {

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    std::string name = absl::StrCat(testing::TempDir(), "/files.XXXXXX");
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }

  std::string At(const std::string& name) { return folder_ + "/" + name; }
  void Write(const std::string& name, absl::string_view text) {
    EXPECT_TRUE(base::WriteFileAtomically(At(name), text).ok());
  }
  std::string Read(const std::string& name) {
    return base::ReadFile(At(name), 1 << 20).value_or("<none>");
  }
  ino_t Inode(const std::string& name) {
    struct stat info = {};
    EXPECT_EQ(lstat(At(name).c_str(), &info), 0);
    return info.st_ino;
  }

  std::string folder_;
};

TEST_F(FilesTest, SumIsTheWellKnownOne) {
  Write("a", "abc");
  // FIPS 180-2, B.1.
  EXPECT_EQ(*Sha256Of(At("a")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(FilesTest, SumFollowsLinks) {
  Write("a", "abc");
  ASSERT_EQ(symlink("a", At("l").c_str()), 0);
  EXPECT_EQ(*Sha256Of(At("l")), *Sha256Of(At("a")));
}

TEST_F(FilesTest, WhatIsNoFileIsNotRead) {
  EXPECT_EQ(Sha256Of(folder_).status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(mkfifo(At("fifo").c_str(), 0600), 0);
  EXPECT_EQ(ReadHead(At("fifo"), 10).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(absl::IsNotFound(Sha256Of(At("none")).status()));
}

TEST_F(FilesTest, HeadIsTheBeginningAndTheLength) {
  Write("a", "abcdef");
  EXPECT_EQ(ReadHead(At("a"), 3)->bytes, "abc");
  EXPECT_EQ(ReadHead(At("a"), 3)->file_bytes, 6);
  EXPECT_EQ(ReadHead(At("a"), 30)->bytes, "abcdef");
}

TEST_F(FilesTest, CopyIsAProgramWhateverTheUmask) {
  Write("a", std::string(3 << 20, 'x'));
  const mode_t mask = umask(0077);
  EXPECT_TRUE(CopyProgram(At("a"), At("b")).ok());
  umask(mask);
  struct stat info = {};
  ASSERT_EQ(stat(At("b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0755);
  EXPECT_EQ(*Sha256Of(At("a")), *Sha256Of(At("b")));
}

TEST_F(FilesTest, CopyReplacesALinkAndNotWhatItLeadsTo) {
  Write("a", "new");
  Write("old", "old");
  ASSERT_EQ(symlink("old", At("b").c_str()), 0);
  EXPECT_TRUE(CopyProgram(At("a"), At("b")).ok());
  EXPECT_EQ(Read("b"), "new");
  EXPECT_EQ(Read("old"), "old");
}

TEST_F(FilesTest, CopyOfAProgramThatRunsIsPossible) {
  EXPECT_TRUE(CopyProgram("/proc/self/exe", At("me")).ok());
  EXPECT_EQ(*Sha256Of(At("me")), *Sha256Of("/proc/self/exe"));
}

TEST_F(FilesTest, CopyThatFailsLeavesNothing) {
  EXPECT_FALSE(CopyProgram(folder_, At("b")).ok());
  EXPECT_FALSE(Exists(At("b")));
}

TEST_F(FilesTest, AddedNameIsTheSameFile) {
  Write("a", "abc");
  Write("b", "in the way");
  EXPECT_TRUE(AddName(At("a"), At("b")).ok());
  EXPECT_EQ(Inode("a"), Inode("b"));
}

TEST_F(FilesTest, AddedNameOfALinkIsALink) {
  ASSERT_EQ(symlink("nowhere", At("l").c_str()), 0);
  EXPECT_TRUE(AddName(At("l"), At("m")).ok());
  EXPECT_EQ(Inode("l"), Inode("m"));
  EXPECT_TRUE(Exists(At("m")));
}

TEST_F(FilesTest, MoveReplaces) {
  Write("a", "new");
  Write("b", "old");
  EXPECT_TRUE(Move(At("a"), At("b")).ok());
  EXPECT_EQ(Read("b"), "new");
  EXPECT_FALSE(Exists(At("a")));
}

TEST_F(FilesTest, MoveReplacesAProgramThatRuns) {
  ASSERT_TRUE(CopyProgram("/bin/sleep", At("sleep")).ok());
  const pid_t child = fork();
  if (child == 0) {
    execl(At("sleep").c_str(), "sleep", "60", nullptr);
    _exit(1);
  }
  Write("new", "new");
  EXPECT_TRUE(Move(At("new"), At("sleep")).ok());
  EXPECT_EQ(Read("sleep"), "new");
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST_F(FilesTest, MoveOfASecondNameLeavesTheFirst) {
  Write("a", "abc");
  ASSERT_TRUE(AddName(At("a"), At("b")).ok());
  EXPECT_TRUE(Move(At("b"), At("a")).ok());
  EXPECT_EQ(Read("a"), "abc");
  EXPECT_FALSE(Exists(At("b")));
}

TEST_F(FilesTest, RemoveOfNothingIsFine) {
  EXPECT_TRUE(Remove(At("none")).ok());
  Write("a", "abc");
  EXPECT_TRUE(Remove(At("a")).ok());
  EXPECT_FALSE(Exists(At("a")));
}

}  // namespace
}  // namespace applets::upgrade
