#include "applets/upgrade/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/file.h"

namespace applets::upgrade {
namespace {

using ::testing::HasSubstr;

constexpr char kSum[] =
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

Catalogue Uk8sCatalogue() {
  const auto text =
      base::ReadFile("testdata/upgrade/catalogue.json", Catalogue::kMaxBytes);
  EXPECT_TRUE(text.ok()) << text.status();
  auto catalogue = Catalogue::Parse(*text);
  EXPECT_TRUE(catalogue.ok()) << catalogue.status();
  return *std::move(catalogue);
}

Version V(absl::string_view text) { return *Version::Parse(text); }

std::string One(absl::string_view release) {
  return absl::StrCat("{\"releases\": [", release, "]}");
}

void ExpectError(absl::string_view json, const std::string& message) {
  const auto catalogue = Catalogue::Parse(json);
  ASSERT_FALSE(catalogue.ok()) << json;
  EXPECT_THAT(std::string(catalogue.status().message()), HasSubstr(message));
}

TEST(CatalogueTest, HistoryOfUk8sIsComplete) {
  const Catalogue catalogue = Uk8sCatalogue();
  ASSERT_EQ(catalogue.releases().size(), 20);
  EXPECT_EQ(catalogue.releases().front().version.text(), "1.3.0");
  EXPECT_EQ(catalogue.releases().back().version.text(), "20.07.1");
  for (const Release& release : catalogue.releases()) {
    EXPECT_FALSE(release.notes.empty()) << release.version.text();
  }
}

TEST(CatalogueTest, LatestIsTheNewestOfItsLine) {
  const Catalogue catalogue = Uk8sCatalogue();
  EXPECT_EQ(catalogue.Latest(Catalogue::Line::kAny)->version.text(), "1.3.0");
  EXPECT_EQ(catalogue.Latest(Catalogue::Line::kLts)->version.text(),
            "1.0.3-lts");
}

TEST(CatalogueTest, LatestIsNoPrerelease) {
  const auto catalogue = Catalogue::Parse(
      One(R"({"version": "2.0.0-rc.1", "type": "Feature", "date": "2025-01-01"},
             {"version": "1.0.0", "type": "Feature", "date": "2024-01-01"})"));
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  EXPECT_EQ(catalogue->Latest(Catalogue::Line::kAny)->version.text(), "1.0.0");
  EXPECT_EQ(catalogue->Latest(Catalogue::Line::kLts), nullptr);
}

TEST(CatalogueTest, FindsAReleaseByItsVersion) {
  const Catalogue catalogue = Uk8sCatalogue();
  const Release* release = catalogue.Find(V("1.0.3-lts"));
  ASSERT_NE(release, nullptr);
  EXPECT_EQ(release->type, ReleaseType::kLts);
  EXPECT_EQ(release->date, absl::CivilDay(2023, 8, 22));
  EXPECT_EQ(catalogue.Find(V("1.0.3")), nullptr);
}

TEST(CatalogueTest, KeepsSumsByArchitecture) {
  const auto catalogue = Catalogue::Parse(One(absl::StrCat(
      R"({"version": "1.0.0", "type": "Bugfix", "date": "2024-01-01",)",
      R"( "sha256": {"x86_64": ")", kSum, "\"}}")));
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  EXPECT_EQ(catalogue->releases()[0].sha256.at("x86_64"), kSum);
  const auto again = Catalogue::Parse(ToJson(*catalogue));
  EXPECT_EQ(again->releases()[0].sha256, catalogue->releases()[0].sha256);
}

TEST(CatalogueTest, ErrorsNameTheField) {
  ExpectError("[]", "must be an object");
  ExpectError("{}", "releases: missing");
  ExpectError(One("{}"), "releases[0].version: missing");
  ExpectError(One(R"({"version": "1"})"), "releases[0].version: \"1\" is no");
  ExpectError(One(R"({"version": "1.0.0", "type": "New"})"),
              "releases[0].type: must be");
  for (const char* day : {"2023-02-29", "2023-8-22", "22.08.2023", "", " "}) {
    ExpectError(
        One(absl::StrCat(R"({"version": "1.0.0", "type": "Bugfix", "date": ")",
                         day, "\"}")),
        "releases[0].date: must be");
  }
  ExpectError(One(R"({"version": "1.0.0", "type": "Bugfix",
                      "date": "2024-01-01", "sha256": {"x86_64": "9F"}})"),
              "releases[0].sha256: must be");
}

TEST(CatalogueTest, TypeAndSuffixMustAgree) {
  ExpectError(One(R"({"version": "1.0.0", "type": "LTS"})"),
              "releases[0].type: must be LTS");
  ExpectError(One(R"({"version": "1.0.0-lts", "type": "Bugfix"})"),
              "releases[0].type: must be LTS");
}

TEST(CatalogueTest, NoVersionIsThereTwice) {
  const std::string once =
      R"({"version": "1.0.0", "type": "Bugfix", "date": "2024-01-01"})";
  ExpectError(One(absl::StrCat(once, ",", once)),
              "releases[1]: 1.0.0 is there twice");
}

}  // namespace
}  // namespace applets::upgrade
