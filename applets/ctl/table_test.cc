#include "applets/ctl/table.h"

#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

TEST(TableTest, ColumnsAreThreeSpacesApartAndLinesEndClean) {
  EXPECT_EQ(FormatTable({{"IP", "STATE", "AGE"},
                         {"10.0.0.5", "warm", "5s"},
                         {"10.0.0.16", "leased", "3m12s"}}),
            "IP          STATE    AGE\n"
            "10.0.0.5    warm     5s\n"
            "10.0.0.16   leased   3m12s\n");
}

TEST(TableTest, AnEmptyCellIsNone) {
  EXPECT_EQ(FormatTable({{"POD", "IP"}, {"", "10.0.0.5"}}),
            "POD      IP\n<none>   10.0.0.5\n");
}

TEST(TableTest, NamesCannotSteerTheTerminal) {
  EXPECT_EQ(FormatTable({{"a\x1b[2Jb\n\xc2\x9b", "c"}}), "a?[2Jb???   c\n");
}

TEST(TableTest, NoRowsAreNoText) { EXPECT_EQ(FormatTable({}), ""); }

}  // namespace
}  // namespace applets::ctl
