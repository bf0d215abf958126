#include "applets/upgrade/version.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace applets::upgrade {
namespace {

Version V(absl::string_view text) {
  const auto version = Version::Parse(text);
  EXPECT_TRUE(version.ok()) << version.status();
  return *version;
}

TEST(VersionTest, HistoryOfUk8sIsInOrder) {
  constexpr absl::string_view kOldestFirst[] = {
      "20.07.1", "21.01.1", "21.01.2", "21.01.3",   "21.06.1", "21.07.1",
      "21.10.1", "21.12.1", "21.12.2", "22.04.1",   "22.05.1", "1.0.0-beta1",
      "1.0.0",   "1.0.1",   "1.0.2",   "1.0.3-lts", "1.2.0",   "1.2.1",
      "1.2.2",   "1.2.3",   "1.3.0"};
  for (size_t i = 0; i + 1 < std::size(kOldestFirst); ++i) {
    EXPECT_LT(V(kOldestFirst[i]), V(kOldestFirst[i + 1])) << kOldestFirst[i];
    EXPECT_GT(V(kOldestFirst[i + 1]), V(kOldestFirst[i])) << kOldestFirst[i];
  }
}

TEST(VersionTest, SemanticIsNewerThanDateLike) {
  EXPECT_TRUE(V("22.05.1").date_like());
  EXPECT_TRUE(V("21.10.1").date_like());
  EXPECT_FALSE(V("1.0.0").date_like());
  EXPECT_GT(V("0.0.1"), V("29.12.99"));
}

TEST(VersionTest, NumbersCompareByValue) {
  EXPECT_LT(V("1.9.0"), V("1.10.0"));
  EXPECT_LT(V("9.0.0"), V("10.0.0"));
  EXPECT_FALSE(V("17.10.1").date_like());
  EXPECT_FALSE(V("30.10.1").date_like());
  EXPECT_FALSE(V("22.5.1").date_like());
  EXPECT_FALSE(V("22.13.1").date_like());
}

TEST(VersionTest, PrereleasesComeBeforeTheReleaseInSemversOrder) {
  constexpr absl::string_view kOldestFirst[] = {
      "1.0.0-1",      "1.0.0-2",       "1.0.0-10",
      "1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta",
      "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
      "1.0.0"};
  for (size_t i = 0; i + 1 < std::size(kOldestFirst); ++i) {
    EXPECT_LT(V(kOldestFirst[i]), V(kOldestFirst[i + 1])) << kOldestFirst[i];
  }
  EXPECT_TRUE(V("1.0.0-rc.1").prerelease());
  EXPECT_FALSE(V("1.0.0").prerelease());
}

TEST(VersionTest, LtsIsThePlainReleaseAndThenSome) {
  EXPECT_TRUE(V("1.0.3-lts").lts());
  EXPECT_FALSE(V("1.0.3-lts").prerelease());
  EXPECT_FALSE(V("1.0.3-ltsx").lts());
  EXPECT_GT(V("1.0.3-lts"), V("1.0.3"));
  EXPECT_LT(V("1.0.3-lts"), V("1.0.3-lts.2"));
  EXPECT_LT(V("1.0.3-lts.2"), V("1.0.3-lts.10"));
  EXPECT_LT(V("1.0.3-lts.10"), V("1.0.4"));
}

TEST(VersionTest, BuildDoesNotCount) {
  EXPECT_EQ(V("1.0.0+abc"), V("1.0.0+x.1"));
  EXPECT_EQ(V("1.0.0+abc"), V("1.0.0"));
  EXPECT_EQ(V("1.0.0+abc").text(), "1.0.0+abc");
}

TEST(VersionTest, LeadingVIsDropped) {
  EXPECT_EQ(V("v1.3.0").text(), "1.3.0");
  EXPECT_EQ(V("v1.3.0"), V("1.3.0"));
}

TEST(VersionTest, AnythingElseIsNoVersion) {
  for (absl::string_view text : {"",
                                 "v",
                                 "1",
                                 "1.2",
                                 "1.2.3.4",
                                 "dev-3f2a",
                                 "1.2.x",
                                 "1..3",
                                 "01.2.3",
                                 "1.02.3",
                                 "1.2.03",
                                 "22.05.01",
                                 "1.2.3-",
                                 "1.2.3-a..b",
                                 "1.2.3+",
                                 "1.2.3 ",
                                 " 1.2.3",
                                 "-1.2.3",
                                 "1.2.3-\xff",
                                 "1.2.3\n",
                                 "unknown",
                                 "4294967296.0.0",
                                 "1.2.9999999999"}) {
    EXPECT_FALSE(Version::Parse(text).ok()) << text;
  }
  EXPECT_FALSE(
      Version::Parse(absl::StrCat("1.2.3-", std::string(64, 'a'))).ok());
}

TEST(VersionTest, ErrorShowsTheTextWithoutControlCharacters) {
  const auto version = Version::Parse("\x1b[31m");
  EXPECT_EQ(version.status().message(), "\"\\033[31m\" is no version");
}

}  // namespace
}  // namespace applets::upgrade
