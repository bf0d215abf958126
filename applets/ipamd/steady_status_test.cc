#include "applets/ipamd/steady_status.h"

#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

constexpr absl::Duration kHold = absl::Seconds(5);
const absl::Status kDry = absl::UnavailableError("dry");

absl::Duration At(double seconds) { return absl::Seconds(100 + seconds); }

TEST(SteadyStatusTest, ANodeThatNeverCouldLeaseSaysSoAtOnce) {
  SteadyStatus status(kHold);
  EXPECT_EQ(status.Look(kDry, At(0)), kDry);
  status.OnWarm();
  EXPECT_TRUE(status.Look(absl::OkStatus(), At(1)).ok());
}

TEST(SteadyStatusTest, AShortDroughtIsNoNews) {
  SteadyStatus status(kHold);
  status.OnWarm();
  EXPECT_TRUE(status.Look(kDry, At(1)).ok());
  EXPECT_TRUE(status.Look(kDry, At(5.9)).ok());
  status.OnWarm();
  EXPECT_TRUE(status.Look(kDry, At(7)).ok());
  EXPECT_TRUE(status.Look(kDry, At(11)).ok());
}

TEST(SteadyStatusTest, ALongOneIsTold) {
  SteadyStatus status(kHold);
  status.OnWarm();
  EXPECT_TRUE(status.Look(kDry, At(1)).ok());
  EXPECT_EQ(status.Look(kDry, At(6)), kDry);
  EXPECT_EQ(status.Look(absl::UnknownError("other"), At(7)),
            absl::UnknownError("other"));
}

TEST(SteadyStatusTest, AnotherAttemptEndsNoDrought) {
  SteadyStatus status(kHold);
  status.OnWarm();
  EXPECT_TRUE(status.Look(absl::OkStatus(), At(0)).ok());
  EXPECT_TRUE(status.Look(kDry, At(1)).ok());
  EXPECT_TRUE(status.Look(absl::OkStatus(), At(4)).ok());
  EXPECT_EQ(status.Look(absl::OkStatus(), At(6)), kDry);
  EXPECT_EQ(status.Look(kDry, At(7)), kDry);
}

// Nothing is pre-allocated, so no address comes before a pod.
TEST(SteadyStatusTest, AFailureThatIsNotRepeatedIsForgotten) {
  SteadyStatus status(kHold);
  status.OnWarm();
  EXPECT_TRUE(status.Look(kDry, At(0)).ok());
  EXPECT_EQ(status.Look(absl::OkStatus(), At(10)), kDry);
  EXPECT_EQ(status.Look(kDry, At(100)), kDry);
  EXPECT_EQ(status.Look(absl::OkStatus(), At(110)), kDry);
  EXPECT_EQ(status.Look(absl::OkStatus(), At(229)), kDry);
  EXPECT_TRUE(status.Look(absl::OkStatus(), At(230)).ok());
}

TEST(SteadyStatusTest, ItsEndIsToldAtOnceAndTheNextOneIsHeldAgain) {
  SteadyStatus status(kHold);
  status.OnWarm();
  EXPECT_TRUE(status.Look(kDry, At(1)).ok());
  EXPECT_EQ(status.Look(kDry, At(9)), kDry);
  status.OnWarm();
  EXPECT_TRUE(status.Look(absl::OkStatus(), At(10)).ok());
  EXPECT_TRUE(status.Look(kDry, At(11)).ok());
  EXPECT_EQ(status.Look(kDry, At(16)), kDry);
}

}  // namespace
}  // namespace applets::ipamd
