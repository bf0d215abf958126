#include "applets/ipamd/sweep_report.h"

#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

const base::Attachment kA{"net", "a", "eth0"};

TEST(SweepReportTest, TellsWhatIsDoneWhatWouldBeAndWhatWaits) {
  Findings found;
  found.leaked = {kA};
  found.vacant = {base::Ipv4(1)};
  Findings confirmed;
  confirmed.leaked = {kA};
  const auto done = Report(found, confirmed, false);
  ASSERT_EQ(done.size(), 2u);
  EXPECT_EQ(done[0].kind, "leak");
  EXPECT_EQ(done[0].subject, "net/a/eth0");
  EXPECT_EQ(done[0].text, "a lease whose link is gone, without a DEL: ended");
  EXPECT_EQ(done[1].text,
            "quarantined, and nobody uses it any more: let rest, and then used "
            "if it is found again");
  EXPECT_EQ(Report(found, confirmed, true)[0].text,
            "a lease whose link is gone, without a DEL: would be ended");
}

TEST(SweepReportTest, NothingFoundIsNothingToTell) {
  EXPECT_TRUE(Report({}, {}, false).empty());
}

}  // namespace
}  // namespace applets::ipamd
