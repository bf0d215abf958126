#include "netlink/sysctl.h"

#include <sys/stat.h>

#include <string>

#include "base/file.h"
#include "gtest/gtest.h"

namespace netlink {
namespace {

class SysctlTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& value) {
    const std::string whole = root_ + "/" + path;
    ASSERT_TRUE(base::MakeDirectories(whole.substr(0, whole.rfind('/'))).ok());
    ASSERT_TRUE(base::WriteFileAtomically(whole, value).ok());
  }
  std::string Read(const std::string& path) {
    return *base::ReadFile(root_ + "/" + path, 100);
  }

  const std::string root_ = ::testing::TempDir() + "sysctl";
  const Sysctl sysctl_{root_};
};

TEST_F(SysctlTest, ReadsWithBlanksMadeOne) {
  Write("net/ipv4/ip_local_port_range", "32768\t60999\n");
  EXPECT_EQ(*sysctl_.Get("net.ipv4.ip_local_port_range"), "32768 60999");
}

TEST_F(SysctlTest, WritesWhatDiffers) {
  Write("net/ipv4/ip_forward", "0\n");
  EXPECT_EQ(sysctl_.Set("net.ipv4.ip_forward", "1"), absl::OkStatus());
  EXPECT_EQ(*sysctl_.Get("net.ipv4.ip_forward"), "1");
}

TEST_F(SysctlTest, LeavesAloneWhatIsSetAlready) {
  Write("net/ipv4/ip_local_port_range", "32768\t60999\n");
  EXPECT_EQ(sysctl_.Set("net.ipv4.ip_local_port_range", "32768 60999"),
            absl::OkStatus());
  EXPECT_EQ(Read("net/ipv4/ip_local_port_range"), "32768\t60999\n");
}

TEST_F(SysctlTest, KnowsInterfacesWithDotsInTheirNames) {
  EXPECT_EQ(*SysctlPath("net.ipv4.conf.eth0/100.forwarding"),
            "net/ipv4/conf/eth0.100/forwarding");
  EXPECT_EQ(*SysctlPath("net/ipv4/conf/eth0.100/forwarding"),
            "net/ipv4/conf/eth0.100/forwarding");
}

TEST_F(SysctlTest, RefusesNamesThatLeadElsewhere) {
  for (const char* name : {"", ".", "net..ipv4", "net/../../etc/passwd",
                           "/net/ipv4", "net.//.//.x", "net/ipv4/"}) {
    EXPECT_EQ(SysctlPath(name).status().code(),
              absl::StatusCode::kInvalidArgument)
        << name;
  }
}

TEST_F(SysctlTest, SaysWhenThereIsNoSuchSetting) {
  EXPECT_TRUE(absl::IsNotFound(sysctl_.Get("net.ipv4.none").status()));
  EXPECT_TRUE(absl::IsNotFound(sysctl_.Set("net.ipv4.none", "1")));
}

}  // namespace
}  // namespace netlink
