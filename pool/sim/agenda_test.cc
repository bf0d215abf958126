#include "pool/sim/agenda.h"

#include <string>

#include "gtest/gtest.h"

namespace pool::sim {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1000);

TEST(AgendaTest, WhatIsDueAtTheSameTimeHappensInTheOrderOfItsEntry) {
  Agenda agenda(kStart);
  std::string done;
  agenda.After(absl::Seconds(2), [&] { done += "c"; });
  agenda.After(absl::Seconds(1), [&] { done += "a"; });
  agenda.After(absl::Seconds(1), [&] {
    done += "b";
    agenda.After(absl::ZeroDuration(), [&] { done += "B"; });
  });
  agenda.RunUntil(kStart + absl::Seconds(1));
  EXPECT_EQ(done, "abB");
  agenda.RunUntil(kStart + absl::Seconds(2));
  EXPECT_EQ(done, "abBc");
  EXPECT_EQ(agenda.events(), 4u);
}

TEST(AgendaTest, WhatIsStoppedGoesNoFurther) {
  Agenda agenda(kStart);
  agenda.After(absl::Seconds(1), [&] { agenda.Stop(); });
  agenda.After(absl::Seconds(1), [&] { FAIL(); });
  agenda.RunUntil(kStart + absl::Hours(1));
  EXPECT_EQ(agenda.now(), kStart + absl::Seconds(1));
}

// absl::Time counts quarters of nanoseconds.
TEST(AgendaTest, NothingIsEarly) {
  Agenda agenda(kStart);
  const absl::Time due = kStart + absl::Nanoseconds(1) / 4;
  agenda.At(due, [&] { EXPECT_GE(agenda.now(), due); });
  agenda.RunUntil(kStart + absl::Seconds(1));
  EXPECT_EQ(agenda.events(), 1u);
}

}  // namespace
}  // namespace pool::sim
