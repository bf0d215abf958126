// What tar(1) makes of it.
#include "applets/ctl/tar.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

constexpr size_t kLimit = 1 << 20;
const absl::Time kTime = absl::FromUnixSeconds(1700794140);

std::string Printed(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "popen failed";
  const auto text = base::ReadAll(fileno(pipe), kLimit);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text.value_or("unreadable");
}

class TarTest : public testing::Test {
 protected:
  void Write(const std::vector<TarFile>& files) {
    ASSERT_TRUE(base::WriteFileAtomically(path_, TarOf(files, kTime)).ok());
  }
  void TearDown() override { unlink(path_.c_str()); }
  const std::string path_ =
      absl::StrCat(testing::TempDir(), "/tar_test.", getpid());
};

TEST_F(TarTest, TarListsWhatIsInIt) {
  Write({{"a.txt", "hello\n"}, {"kernel/routes.txt", ""}});
  EXPECT_EQ(Printed("TZ=UTC tar --full-time -tvf " + path_),
            "-rw------- root/root         6 2023-11-24 02:49:00 a.txt\n"
            "-rw------- root/root         0 2023-11-24 02:49:00 "
            "kernel/routes.txt\n");
}

TEST_F(TarTest, ContentsComeBackWhateverTheirLength) {
  for (const size_t size : {0, 1, 511, 512, 513, 100000}) {
    const std::string content(size, 'x');
    Write({{"first", content}, {"second", "2"}});
    EXPECT_EQ(Printed("tar -xOf " + path_ + " first"), content);
    EXPECT_EQ(Printed("tar -xOf " + path_ + " second"), "2");
  }
}

TEST_F(TarTest, ThePathMayFillItsField) {
  const std::string longest(kMaxTarPathBytes, 'p');
  Write({{longest, "x"}});
  EXPECT_EQ(Printed("tar -tf " + path_), longest + "\n");
}

TEST_F(TarTest, NothingIsAnArchiveToo) {
  Write({});
  EXPECT_EQ(Printed("tar -tf " + path_), "");
}

}  // namespace
}  // namespace applets::ctl
