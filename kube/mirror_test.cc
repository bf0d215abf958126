#include "kube/mirror.h"

#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using What = Mirror::Step::What;
using Kind = WatchEvent::Kind;

class MirrorTest : public testing::Test {
 protected:
  static base::Json Object(const std::string& name, int version) {
    return *base::Json::Parse(
        absl::StrCat(R"({"metadata":{"namespace":"web","name":")", name,
                     R"(","resourceVersion":")", version, "\"}}"));
  }
  static base::Json Bookmark(int version) {
    return *base::Json::Parse(
        absl::StrCat(R"({"metadata":{"resourceVersion":")", version, "\"}}"));
  }
  // "web/a@3", or "web/a gone".
  static std::vector<std::string> Told(const std::vector<Change>& changes) {
    std::vector<std::string> told;
    for (const Change& change : changes) {
      told.push_back(
          change.object
              ? absl::StrCat(
                    change.key.ToString(), "@",
                    *change.object->Get("metadata")->String("resourceVersion"))
              : change.key.ToString() + " gone");
    }
    return told;
  }
  std::vector<std::string> List(std::vector<base::Json> items, int version) {
    return Told(mirror_.OnListed(
        Page{std::move(items), absl::StrCat(version), ""}, now_));
  }
  std::vector<std::string> See(Kind kind, const base::Json& object) {
    return Told(mirror_.OnEvents({{kind, object}}, now_));
  }
  // Listed, and watching.
  void Follow() {
    List({Object("a", 3), Object("b", 5)}, 7);
    mirror_.OnOpened(now_);
  }

  absl::BitGen random_;
  absl::Time now_ = absl::UnixEpoch();
  Mirror mirror_{random_, {absl::Seconds(1), absl::Seconds(8)}};
};

TEST_F(MirrorTest, ListsWhatIsAtHandAndWatchesFromThere) {
  EXPECT_EQ(mirror_.next().what, What::kListAtHand);
  EXPECT_FALSE(mirror_.complete());
  EXPECT_THAT(List({Object("a", 3), Object("b", 5)}, 7),
              ElementsAre("web/a@3", "web/b@5"));
  EXPECT_TRUE(mirror_.complete());
  EXPECT_EQ(mirror_.next().what, What::kWatch);
  EXPECT_EQ(mirror_.next().resource_version, "7");
  EXPECT_EQ(mirror_.next().at, absl::InfinitePast());
}

TEST_F(MirrorTest, AnEmptyListIsComplete) {
  EXPECT_THAT(List({}, 7), IsEmpty());
  EXPECT_TRUE(mirror_.complete());
}

TEST_F(MirrorTest, TellsWhatTheWatchTells) {
  Follow();
  EXPECT_THAT(See(Kind::kAdded, Object("c", 8)), ElementsAre("web/c@8"));
  EXPECT_THAT(See(Kind::kModified, Object("a", 9)), ElementsAre("web/a@9"));
  EXPECT_THAT(See(Kind::kDeleted, Object("b", 10)), ElementsAre("web/b gone"));
}

TEST_F(MirrorTest, GoesOnFromTheLastVersionWhenAWatchEnds) {
  Follow();
  See(Kind::kAdded, Object("c", 8));
  now_ += absl::Minutes(6);
  mirror_.OnEnded(absl::OkStatus(), now_);
  EXPECT_EQ(mirror_.next().what, What::kWatch);
  EXPECT_EQ(mirror_.next().resource_version, "8");
  EXPECT_LE(mirror_.next().at, now_);
}

TEST_F(MirrorTest, GoesOnFromABookmark) {
  Follow();
  EXPECT_THAT(See(Kind::kBookmark, Bookmark(90)), IsEmpty());
  mirror_.OnEnded(absl::UnavailableError("reset"), now_);
  EXPECT_EQ(mirror_.next().what, What::kWatch);
  EXPECT_EQ(mirror_.next().resource_version, "90");
}

TEST_F(MirrorTest, ListsWhatIsTrueNowWhenTheVersionIsTooOld) {
  Follow();
  mirror_.OnEnded(absl::OutOfRangeError("too old"), now_);
  EXPECT_EQ(mirror_.next().what, What::kList);
  EXPECT_TRUE(mirror_.status().ok());
}

TEST_F(MirrorTest, TheNextListTellsOnlyWhatIsNewAndWhatIsGone) {
  Follow();
  mirror_.OnEnded(absl::OutOfRangeError("too old"), now_);
  EXPECT_THAT(List({Object("a", 3), Object("c", 20)}, 21),
              ElementsAre("web/c@20", "web/b gone"));
}

TEST_F(MirrorTest, WaitsLongerAfterEachError) {
  absl::Duration longest = absl::Seconds(1);
  for (int i = 0; i < 6; ++i) {
    mirror_.OnListed(absl::UnavailableError("down"), now_);
    EXPECT_GE(mirror_.next().at - now_, longest / 2);
    EXPECT_LE(mirror_.next().at - now_, longest);
    longest = std::min(longest * 2, absl::Seconds(8));
    now_ = mirror_.next().at;
  }
  EXPECT_EQ(mirror_.status().message(), "down");
}

TEST_F(MirrorTest, AnEventEndsTheWaiting) {
  Follow();
  for (int i = 0; i < 4; ++i) {
    mirror_.OnEnded(absl::UnavailableError("down"), now_);
  }
  EXPECT_FALSE(mirror_.status().ok());
  mirror_.OnOpened(now_);
  EXPECT_TRUE(mirror_.status().ok());
  See(Kind::kModified, Object("a", 9));
  mirror_.OnEnded(absl::UnavailableError("down"), now_);
  EXPECT_LE(mirror_.next().at - now_, absl::Seconds(1));
}

TEST_F(MirrorTest, AServerThatIsBackIsAskedSoonWhenItEndsTheFirstWatch) {
  Follow();
  mirror_.OnEnded(absl::UnavailableError("reset"), now_);
  for (int i = 0; i < 6; ++i) {
    now_ = mirror_.next().at;
    mirror_.OnEnded(absl::UnavailableError("down"), now_);
  }
  now_ = mirror_.next().at;
  mirror_.OnOpened(now_);
  mirror_.OnEnded(absl::OutOfRangeError("too old"), now_);
  EXPECT_LE(mirror_.next().at - now_, absl::Seconds(2));
}

TEST_F(MirrorTest, WatchesThatEndAtOnceAreNotOpenedWithoutPause) {
  Follow();
  mirror_.OnEnded(absl::OkStatus(), now_);
  mirror_.OnOpened(now_);
  mirror_.OnEnded(absl::OkStatus(), now_);
  EXPECT_GT(mirror_.next().at, now_);
  EXPECT_EQ(mirror_.status().message(), "the watch ended at once");
}

TEST_F(MirrorTest, AVersionThatIsAlwaysTooOldIsNotListedWithoutPause) {
  for (int i = 0; i < 4; ++i) {
    List({}, 7);
    mirror_.OnEnded(absl::OutOfRangeError("too old"), now_);
  }
  EXPECT_GE(mirror_.next().at - now_, absl::Seconds(4));
}

TEST_F(MirrorTest, AnEventThatCannotBeUnderstoodMeansAList) {
  Follow();
  const auto nameless =
      *base::Json::Parse(R"({"metadata":{"resourceVersion":"8"}})");
  EXPECT_THAT(Told(mirror_.OnEvents({{Kind::kAdded, Object("c", 8)},
                                     {Kind::kAdded, nameless},
                                     {Kind::kAdded, Object("d", 10)}},
                                    now_)),
              ElementsAre("web/c@8"));
  EXPECT_EQ(mirror_.next().what, What::kList);
  EXPECT_EQ(mirror_.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(
      List({Object("a", 3), Object("b", 5), Object("c", 8), Object("d", 10)},
           11),
      ElementsAre("web/d@10"));
}

TEST_F(MirrorTest, ADeletionOfWhatNobodyKnewIsNoNews) {
  Follow();
  EXPECT_THAT(See(Kind::kDeleted, Object("x", 8)), IsEmpty());
}

}  // namespace
}  // namespace kube
