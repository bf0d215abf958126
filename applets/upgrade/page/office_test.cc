#include "applets/upgrade/page/office.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/json.h"

namespace applets::upgrade::page {
namespace {

using ::testing::HasSubstr;

constexpr char kToken[] = "0123456789abcdef";
constexpr absl::Duration kPatience = absl::Seconds(10);

// Keeps what is sent.
class Tape : public Stream {
 public:
  void Send(absl::string_view event, absl::string_view json) override {
    absl::StrAppend(&text, event, " ", json, "\n");
  }
  bool open() const override { return is_open; }
  std::string text;
  bool is_open = true;
};

// Nodes that have what they were told to have; and a record in memory.
struct World {
  std::mutex mutex;
  std::set<std::string> upgraded;
  std::optional<Fleet> record;
  int writes = 0;
  bool locked = false;
  bool slow = false;  // upgrades take until they are interrupted

  Engine engine() {
    Engine engine;
    engine.look = [this](const std::string& node) {
      const std::lock_guard lock(mutex);
      const bool is_new = upgraded.contains(node);
      Finding finding{.reached = true, .upgradable = true};
      finding.installed = {Artifact::Presence::kFile, is_new ? "bb" : "aa",
                           is_new ? "0.2.0" : "0.1.0"};
      if (is_new) {
        finding.previous = {Artifact::Presence::kFile, "aa", "0.1.0"};
      }
      return finding;
    };
    engine.stamp = [this] {
      const std::lock_guard lock(mutex);
      return absl::StrCat(writes);
    };
    engine.load = [this]() -> absl::StatusOr<std::optional<Fleet>> {
      const std::lock_guard lock(mutex);
      return record;
    };
    engine.taken = [this] { return locked; };
    engine.lock = [this]() -> absl::StatusOr<std::shared_ptr<void>> {
      if (locked) return absl::UnavailableError("another upgrade is at work");
      return std::make_shared<int>(0);
    };
    engine.begin = [](const Begin& order) -> absl::StatusOr<Fleet> {
      Fleet fleet{.wanted = "bb", .started = absl::Now()};
      for (const std::string& name : order.nodes) {
        fleet.nodes.push_back({.name = name, .before = "aa"});
      }
      return fleet;
    };
    engine.check = [](const Fleet&) { return absl::OkStatus(); };
    engine.carry = [this](Fleet fleet, const Engine::Interrupted& interrupted,
                          const Engine::Tell& tell) {
      return Carry(std::move(fleet), interrupted, tell);
    };
    return engine;
  }

  absl::StatusOr<Fleet> Carry(Fleet fleet,
                              const Engine::Interrupted& interrupted,
                              const Engine::Tell& tell) {
    const bool back = fleet.phase != FleetPhase::kRunning;
    for (FleetNode& node : fleet.nodes) {
      node.state = back ? NodeState::kReturning : NodeState::kUpgrading;
      tell(fleet);
      while (slow && !back && !interrupted()) std::this_thread::yield();
      if (interrupted()) break;
      node.state = back ? NodeState::kReturned : NodeState::kDone;
      node.changed = absl::Now();
      const std::lock_guard lock(mutex);
      if (back) {
        upgraded.erase(node.name);
      } else {
        upgraded.insert(node.name);
      }
    }
    if (!interrupted()) {
      fleet.phase = back ? FleetPhase::kReturned : FleetPhase::kDone;
    }
    const std::lock_guard lock(mutex);
    record = fleet;
    ++writes;
    return fleet;
  }
};

class OfficeTest : public testing::Test {
 protected:
  void Open(const std::string& refusal = "") {
    office_ = std::make_unique<Office>(
        *loop_, world_.engine(),
        Board({.version = "0.2.0", .sha256 = "bb"}, {"a", "b"}),
        Office::Settings{.access = {.token = kToken, .cookie_name = "c"},
                         .releases_json = "{}",
                         .refusal = refusal});
  }
  // Runs the loop until it is so.
  bool Until(const std::function<bool()>& so) {
    const absl::Time end = absl::Now() + kPatience;
    while (!so() && absl::Now() < end) {
      base::Timer timer(*loop_, [this] { loop_->Stop(); });
      timer.Set(absl::Milliseconds(5));
      loop_->Run();
    }
    return so();
  }
  Response Ask(Request request) {
    request.host = "localhost";
    std::optional<Response> response;
    office_->Answer(request,
                    {.answer = [&](const Response& r) { response = r; },
                     .follow = [] { return nullptr; }});
    EXPECT_TRUE(Until([&] { return response.has_value(); }));
    return response.value_or(Response());
  }
  Response Post(const std::string& path, const std::string& body) {
    return Ask({.method = "POST",
                .path = path,
                .body = body,
                .authorization = absl::StrCat("Bearer ", kToken),
                .content_type = "application/json"});
  }
  std::string View() {
    return Ask({.method = "GET", .path = "/api/view"}).body;
  }
  bool Shows(const std::string& text) {
    return Until([&] { return absl::StrContains(View(), text); });
  }
  void On() {
    ASSERT_EQ(Post("/api/service", R"({"on":true})").status, 200);
    ASSERT_TRUE(Shows(R"("service":"on")")) << View();
  }
  std::shared_ptr<Tape> Follow() {
    auto tape = std::make_shared<Tape>();
    office_->Answer(
        {.method = "GET", .path = "/api/events", .host = "localhost"},
        {.answer = [](const Response&) {}, .follow = [&] { return tape; }});
    return tape;
  }

  World world_;
  std::unique_ptr<base::Loop> loop_ = *base::Loop::Create();
  std::unique_ptr<Office> office_;
};

constexpr char kBoth[] = R"({"kind":"upgrade","nodes":["a","b"]})";

TEST_F(OfficeTest, SwitchedOnItShowsWhatNodesHave) {
  Open();
  EXPECT_THAT(View(), HasSubstr(R"("service":"off")"));
  On();
  EXPECT_THAT(View(), HasSubstr(R"("counts":{"outdated":2})"));
  EXPECT_EQ(Post("/api/service", R"({"on":false})").status, 200);
  EXPECT_THAT(View(), HasSubstr(R"("rows":[])"));
}

TEST_F(OfficeTest, NodesAreUpgraded) {
  Open();
  On();
  EXPECT_EQ(Post("/api/runs", kBoth).status, 200);
  EXPECT_TRUE(Shows(R"("counts":{"current":2})")) << View();
  EXPECT_TRUE(Shows(R"("phase":"done")")) << View();
  EXPECT_TRUE(Shows(R"("previous":"0.1.0")")) << View();
}

TEST_F(OfficeTest, NodesGoBack) {
  Open();
  world_.upgraded = {"a", "b"};
  On();
  EXPECT_EQ(Post("/api/runs", R"({"kind":"return","nodes":["a"]})").status,
            200);
  EXPECT_TRUE(Shows(R"("counts":{"current":1,"outdated":1})")) << View();
  EXPECT_TRUE(Shows(R"("outcome":"returned")")) << View();
}

TEST_F(OfficeTest, WhoFollowsHearsOfIt) {
  Open();
  On();
  const auto tape = Follow();
  EXPECT_THAT(tape->text, HasSubstr("head {\"service\":\"on\""));
  EXPECT_THAT(tape->text, HasSubstr("view {\"counts\":{\"outdated\":2}"));
  tape->text.clear();
  ASSERT_EQ(Post("/api/runs", kBoth).status, 200);
  EXPECT_TRUE(Until([&] {
    return absl::StrContains(tape->text, "{\"current\":2}") &&
           absl::StrContains(tape->text, "\"phase\":\"done\"");
  })) << tape->text;
  EXPECT_THAT(tape->text, HasSubstr("\"changed\":[{\"at\":"));
}

TEST_F(OfficeTest, WhoHasGoneHearsNothingMore) {
  Open();
  const auto tape = Follow();
  tape->text.clear();
  tape->is_open = false;
  On();
  const auto other = Follow();
  ASSERT_EQ(Post("/api/service", R"({"on":false})").status, 200);
  EXPECT_TRUE(Until(
      [&] { return absl::StrContains(other->text, "\"service\":\"off\""); }));
  EXPECT_EQ(tape->text, "");
}

TEST_F(OfficeTest, ARunPausesAndGoesOn) {
  Open();
  On();
  world_.slow = true;
  ASSERT_EQ(Post("/api/runs", kBoth).status, 200);
  ASSERT_TRUE(Shows(R"("who":"here")"));
  EXPECT_EQ(Post("/api/runs", kBoth).status, 409);
  EXPECT_EQ(Post("/api/service", R"({"on":false})").status, 409);
  EXPECT_EQ(Post("/api/run", R"({"do":"pause"})").status, 200);
  ASSERT_TRUE(Shows(R"("who":"nobody")")) << View();
  EXPECT_THAT(View(), HasSubstr(R"("phase":"running")"));
  world_.slow = false;
  EXPECT_EQ(Post("/api/run", R"({"do":"resume"})").status, 200);
  EXPECT_TRUE(Shows(R"("phase":"done")")) << View();
}

TEST_F(OfficeTest, ARunAtWorkIsTakenBackAfterItWasInterrupted) {
  Open();
  On();
  world_.slow = true;
  ASSERT_EQ(Post("/api/runs", kBoth).status, 200);
  ASSERT_TRUE(Shows(R"("who":"here")"));
  EXPECT_EQ(Post("/api/run", R"({"do":"return"})").status, 200);
  EXPECT_TRUE(Shows(R"("phase":"returned")")) << View();
  EXPECT_THAT(View(), HasSubstr("taken back by hand"));
}

TEST_F(OfficeTest, ARunFromElsewhereIsShownAndLeftAlone) {
  world_.record = Fleet{.wanted = "bb"};
  world_.record->nodes.push_back(
      {.name = "a", .state = NodeState::kUpgrading, .batch = 0});
  world_.locked = true;
  Open();
  ASSERT_TRUE(Shows(R"("who":"elsewhere")")) << View();
  EXPECT_EQ(Post("/api/run", R"({"do":"abort"})").status, 409);
  On();
  EXPECT_THAT(View(), HasSubstr(R"("state":"upgrading")"));
  EXPECT_EQ(Post("/api/runs", kBoth).status, 409);
}

TEST_F(OfficeTest, WhereSomebodyElseIsAtWorkNothingIsBegun) {
  Open();
  On();
  world_.locked = true;
  const Response response = Post("/api/runs", kBoth);
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("another upgrade is at work"));
  world_.locked = false;
  EXPECT_EQ(Post("/api/runs", kBoth).status, 200);
}

TEST_F(OfficeTest, WhatIsRefusedCanBeForced) {
  Open("refused: 0.2.0 isn't in the catalogue");
  On();
  EXPECT_EQ(Post("/api/runs", kBoth).status, 409);
  EXPECT_EQ(
      Post("/api/runs", R"({"kind":"upgrade","nodes":["a"],"force":true})")
          .status,
      200);
}

TEST_F(OfficeTest, ItsEndWaitsForWhatIsUnderWay) {
  Open();
  On();
  world_.slow = true;
  ASSERT_EQ(Post("/api/runs", kBoth).status, 200);
  ASSERT_TRUE(Shows(R"("who":"here")"));
  bool ended = false;
  office_->Wind([&] { ended = true; });
  EXPECT_TRUE(Until([&] { return ended; }));
  EXPECT_TRUE(world_.record.has_value());
}

TEST_F(OfficeTest, NamesAndReleasesAreTold) {
  Open();
  On();
  EXPECT_EQ(Ask({.method = "GET", .path = "/api/names"}).body, R"(["a","b"])");
  EXPECT_EQ(Ask({.method = "GET", .path = "/api/releases"}).body, "{}");
}

}  // namespace
}  // namespace applets::upgrade::page
