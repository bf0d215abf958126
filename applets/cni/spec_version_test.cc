#include "applets/cni/spec_version.h"

#include "gtest/gtest.h"

namespace applets::cni {
namespace {

TEST(SpecVersionTest, EveryVersionIsFoundByItsText) {
  for (const SpecVersion version : kSpecVersions) {
    EXPECT_EQ(FindSpecVersion(ToString(version)), version);
  }
}

TEST(SpecVersionTest, OtherTextsAreNoVersion) {
  for (const char* text : {"", "1", "1.0", "1.0.1", "99.0.0", " 1.0.0", "v1"}) {
    EXPECT_FALSE(FindSpecVersion(text).has_value()) << text;
  }
}

TEST(SpecVersionTest, ListsThemOldestFirst) {
  EXPECT_EQ(SupportedVersions(),
            "0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0");
}

}  // namespace
}  // namespace applets::cni
