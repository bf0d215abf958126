#include "applets/upgrade/page/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace applets::upgrade::page {
namespace {

base::Json Parse(const std::string& text) {
  const auto json = base::Json::Parse(text);
  EXPECT_TRUE(json.ok()) << json.status() << text;
  return *json;
}

Finding Has(const std::string& version) {
  Finding finding{.reached = true, .upgradable = true};
  finding.installed = {Artifact::Presence::kFile, "s" + version, version};
  finding.ipamd = "0.1.0";
  return finding;
}

Board OnBoard() {
  Board board({.version = "0.2.0", .sha256 = "bb"}, {"a", "b", "c"});
  board.SwitchOn(absl::FromUnixSeconds(1000));
  for (const size_t node : board.TakeToAsk(9)) {
    board.Hear(node, Has(node == 0 ? "0.1.0" : "0.1.1"),
               absl::FromUnixSeconds(1001));
  }
  return board;
}

TEST(HeadTest, VersionsAreCountedTheMostFrequentFirst) {
  const base::Json head = Parse(HeadJson(OnBoard(), false));
  EXPECT_EQ(*head.String("service"), "on");
  EXPECT_EQ(head.Get("versions")->Dump(), R"([["0.1.1",2],["0.1.0",1]])");
  EXPECT_EQ(head.Get("ipamd")->Dump(), R"([["0.1.0",3]])");
  EXPECT_FALSE(head.Find("run").has_value());
}

TEST(HeadTest, ARunIsSummedUp) {
  Board board = OnBoard();
  Fleet fleet{.wanted = "bb", .reason = "why"};
  fleet.nodes.push_back(
      {.name = "a", .state = NodeState::kDone, .batch = 0, .before = "aa"});
  fleet.nodes.push_back({.name = "b", .state = NodeState::kFailed, .batch = 1});
  fleet.nodes.push_back({.name = "c"});
  board.Show(fleet, Upgrader::kHere);
  const base::Json run = *Parse(HeadJson(board, true)).Get("run");
  EXPECT_EQ(*run.String("kind"), "upgrade");
  EXPECT_EQ(*run.String("phase"), "running");
  EXPECT_EQ(*run.String("who"), "here");
  EXPECT_EQ(*run.String("reason"), "why");
  EXPECT_EQ(*run.Int("total"), 3);
  EXPECT_EQ(*run.Int("ended"), 2);
  EXPECT_EQ(*run.Int("failed"), 1);
  EXPECT_EQ(*run.Int("batch"), 1);
  EXPECT_EQ(*run.Int("returns"), 1);
  EXPECT_TRUE(*run.Bool("pausing", false));
  EXPECT_FALSE(*run.Bool("paused", true));
}

TEST(HeadTest, OfARunThatTakesBackThoseThatWaitArentThrough) {
  Board board = OnBoard();
  Fleet fleet{.phase = FleetPhase::kReturning};
  fleet.nodes.push_back(
      {.name = "a", .state = NodeState::kDone, .before = "aa"});
  fleet.nodes.push_back(
      {.name = "b", .state = NodeState::kReturned, .before = "aa"});
  board.Show(fleet, Upgrader::kHere);
  const base::Json run = *Parse(HeadJson(board, false)).Get("run");
  EXPECT_EQ(*run.String("kind"), "return");
  EXPECT_EQ(*run.Int("ended"), 1);
}

std::optional<Catalogue> Releases() {
  return *Catalogue::Parse(R"({"releases": [
    {"version": "0.2.0", "type": "Feature", "date": "2026-11-26",
     "notes": ["One.", "Two."]},
    {"version": "0.2.1-lts", "type": "LTS", "date": "2026-11-27"},
    {"version": "0.3.0", "type": "Bugfix", "date": "2026-11-28"}]})");
}

TEST(HeadTest, TheOfferHasWhatTheCatalogueSaysOfIt) {
  const base::Json json =
      Parse(ReleasesJson({"0.2.0", "bb"}, Releases(), Catalogue::Line::kAny));
  const base::Json offer = *json.Get("offer");
  EXPECT_EQ(*offer.String("date"), "2026-11-26");
  EXPECT_EQ(*offer.String("type"), "Feature");
  EXPECT_EQ(offer.Array("notes")->size(), 2);
  EXPECT_EQ(*json.String("newer"), "0.3.0");
  EXPECT_EQ(*json.Array("releases")->front().String("version"), "0.3.0");
}

TEST(HeadTest, AClusterOutOfMaintenanceIsToldOfItsLineAlone) {
  const base::Json json =
      Parse(ReleasesJson({"0.2.0", "bb"}, Releases(), Catalogue::Line::kLts));
  EXPECT_EQ(*json.String("newer"), "0.2.1-lts");
}

TEST(HeadTest, WithoutACatalogueTheOfferIsAllThatIsKnown) {
  const base::Json json =
      Parse(ReleasesJson({"dev-1", "bb"}, std::nullopt, Catalogue::Line::kAny));
  EXPECT_EQ(*json.Get("offer")->String("version"), "dev-1");
  EXPECT_FALSE(json.Get("offer")->Find("date").has_value());
  EXPECT_FALSE(json.Find("newer").has_value());
  EXPECT_TRUE(json.Array("releases")->empty());
}

}  // namespace
}  // namespace applets::upgrade::page
