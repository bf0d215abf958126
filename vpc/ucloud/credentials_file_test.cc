#include "vpc/ucloud/credentials_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/fd.h"
#include "base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class FileCredentialsTest : public ::testing::Test {
 protected:
  FileCredentialsTest() { std::filesystem::remove(path_); }

  void Replace(const std::string& text) {
    ASSERT_TRUE(base::WriteFileAtomically(path_, text).ok());
  }
  // Keeps the inode; the time of change differs by a second at least.
  void Rewrite(const std::string& text) {
    auto fd = base::Open(path_, O_WRONLY | O_TRUNC);
    ASSERT_TRUE(fd.ok()) << fd.status();
    ASSERT_TRUE(base::WriteAll(fd->get(), text).ok());
    const timespec times[2] = {{0, UTIME_OMIT}, {++changed_, 0}};
    ASSERT_EQ(futimens(fd->get(), times), 0);
  }
  static std::string Pair(const std::string& name) {
    return "UCLOUD_API_PUBKEY=" + name + "\nUCLOUD_API_PRIKEY=EXAMPLE\n";
  }

  const std::string path_ = ::testing::TempDir() + "/ucloud";
  time_t changed_ = 1000;
  FileCredentials credentials_{path_};
};

TEST_F(FileCredentialsTest, ReadsTheFile) {
  Replace(Pair("a") + "UCLOUD_PROJECT_ID=org-1\n");
  const auto keys = credentials_.Get();
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->public_key, "a");
  EXPECT_EQ(keys->project_id, "org-1");
}

TEST_F(FileCredentialsTest, SeesAReplacedFileAndARewrittenOne) {
  Replace(Pair("a"));
  EXPECT_EQ(credentials_.Get()->public_key, "a");
  Replace(Pair("b"));
  EXPECT_EQ(credentials_.Get()->public_key, "b");
  Rewrite(Pair("c"));
  EXPECT_EQ(credentials_.Get()->public_key, "c");
  Rewrite(Pair("d"));
  EXPECT_EQ(credentials_.Get()->public_key, "d");
}

TEST_F(FileCredentialsTest, ReadsAnUnchangedFileOnlyAfterARefusal) {
  Replace(Pair("a"));
  Rewrite(Pair("a"));
  const Keys keys = credentials_.Get().value();
  --changed_;  // looks unchanged: same size, same time
  Rewrite(Pair("b"));
  EXPECT_EQ(credentials_.Get()->public_key, "a");
  credentials_.Expired(keys);
  EXPECT_EQ(credentials_.Get()->public_key, "b");
}

TEST_F(FileCredentialsTest, HasNoneWithoutTheFile) {
  EXPECT_TRUE(absl::IsNotFound(credentials_.Get().status()));
  Replace(Pair("a"));
  EXPECT_TRUE(credentials_.Get().ok());
  std::filesystem::remove(path_);
  EXPECT_TRUE(absl::IsNotFound(credentials_.Get().status()));
}

TEST_F(FileCredentialsTest, HasNoneWhenTheFileNamesNoneAnyMore) {
  Replace(Pair("a"));
  EXPECT_TRUE(credentials_.Get().ok());
  Replace("UCLOUD_REGION_ID=cn-bj2\n");
  EXPECT_TRUE(absl::IsNotFound(credentials_.Get().status()));
}

TEST_F(FileCredentialsTest, KeepsTheKeysWhileTheFileIsBroken) {
  Replace(Pair("a"));
  EXPECT_TRUE(credentials_.Get().ok());
  Replace("UCLOUD_API_PUBKEY=b\n");
  EXPECT_EQ(credentials_.Get()->public_key, "a");
  Replace(Pair("'c"));
  EXPECT_EQ(credentials_.Get()->public_key, "a");
  Replace(Pair("d"));
  EXPECT_EQ(credentials_.Get()->public_key, "d");
}

TEST_F(FileCredentialsTest, ErrorsNameTheFileAndNoKey) {
  for (const std::string& text :
       {Pair("'EXAMPLE"), std::string("UCLOUD_API_PRIKEY=EXAMPLE\n"),
        std::string(1 << 20, 'E')}) {
    Replace(text);
    const absl::Status status = FileCredentials(path_).Get().status();
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.message(), StartsWith(path_));
    EXPECT_THAT(status.ToString(), Not(HasSubstr("EXAMPLE")));
  }
}

TEST_F(FileCredentialsTest, TheFileIsReadForItsOtherNamesToo) {
  Replace("UCLOUD_REGION_ID=cn-bj2\n");
  const auto variables = ReadEnvironmentFile(path_);
  ASSERT_TRUE(variables.ok()) << variables.status();
  EXPECT_EQ(EnvironmentOf(*variables).region, "cn-bj2");
  EXPECT_TRUE(absl::IsNotFound(ReadEnvironmentFile(path_ + "x").status()));
}

}  // namespace
}  // namespace vpc::ucloud
