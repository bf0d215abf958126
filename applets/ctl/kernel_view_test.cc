#include "applets/ctl/kernel_view.h"

#include <map>
#include <string>

#include "absl/random/random.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "netlink/fresh_netns.h"
#include "netlink/node_lab.h"
#include "netlink/pod_network.h"

namespace applets::ctl {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

TEST(KernelViewTest, ShowsAPodsNetwork) {
  netlink::NodeLab lab;
  const base::Fd pod = netlink::MakeNetns();
  absl::BitGen random;
  const absl::Status made =
      netlink::SetUp(lab.host(), pod.get(), lab.Plan("c1", "web", 9), random)
          .status();
  ASSERT_TRUE(made.ok()) << made;
  std::map<std::string, std::string> files;
  for (const TarFile& file : LookAtKernel()) files[file.path] = file.content;
  EXPECT_THAT(files["links.txt"], AllOf(ContainsRegex("#[0-9]+ eth0 "),
                                        HasSubstr("alias cnivpc:")));
  EXPECT_THAT(files["addresses.txt"], HasSubstr("10.0.0.1/24"));
  EXPECT_THAT(
      files["routes.txt"],
      AllOf(HasSubstr("table 254 10.0.0.9/32 dev #"), HasSubstr("0.0.0.0/0")));
  EXPECT_THAT(files["rules.txt"],
              HasSubstr("512: from all to 10.0.0.9/32 lookup 254"));
  EXPECT_THAT(files["neighbours.txt"], ContainsRegex("10.0.0.9 dev #.* proxy"));
}

TEST(KernelViewTest, ALineSaysWhatIsSet) {
  EXPECT_EQ(
      LineOf(netlink::Rule{
          .priority = 1024, .mark = 0x80, .mark_mask = 0x80, .table = 254}),
      "1024: from all fwmark 0x80/0x80 lookup 254");
  netlink::Link link;
  link.index = 7;
  link.name = "veth0";
  link.kind = "veth";
  link.mtu_bytes = 1452;
  link.peer_ifindex = 2;
  link.peer_netnsid = 3;
  EXPECT_EQ(LineOf(link),
            "#7 veth0 veth down mtu 1452 mac 00:00:00:00:00:00 peer #2 netns "
            "3");
}

}  // namespace
}  // namespace applets::ctl
