#include "applets/ipamd/admin_view.h"

#include "base/json.h"
#include "gtest/gtest.h"

namespace applets::ipamd {
namespace {

using base::Ipv4;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

pool::Pool PoolOf(std::initializer_list<pool::State> states) {
  pool::Pool pool{pool::Policy{}};
  uint32_t next = 1;
  for (const pool::State state : states) {
    pool.Apply(pool::PutAddress{
        pool::Address{.ip = Ipv4(next++), .subnet = "s", .state = state}});
  }
  return pool;
}

TEST(AdminViewTest, TheLevelIsUk8ssWord) {
  EXPECT_EQ(LevelOf(0, {3, 5}), "dry");
  EXPECT_EQ(LevelOf(2, {3, 5}), "hungry");
  EXPECT_EQ(LevelOf(3, {3, 5}), "normal");
  EXPECT_EQ(LevelOf(5, {3, 5}), "normal");
  EXPECT_EQ(LevelOf(6, {3, 5}), "overflow");
}

TEST(AdminViewTest, ANodeTellsEveryStateAndWhyItIsNotReady) {
  const pool::Pool pool =
      PoolOf({pool::State::kCooling, pool::State::kQuarantined});
  const absl::Status full = absl::ResourceExhaustedError("57000");
  const Scene scene{.pool = pool,
                    .subnet = "s",
                    .supply = {.obstacle = full,
                               .until = kNow + absl::Seconds(5),
                               .exhausted_since = kNow}};
  const rpc::NodeReply node = NodeOf(scene, Options(), full, kNow);
  EXPECT_FALSE(node.ready);
  EXPECT_EQ(node.reason, "subnet-exhausted");
  EXPECT_EQ(node.level, "dry");
  EXPECT_EQ(rpc::CountOf(node, "cooling"), 1u);
  EXPECT_EQ(rpc::CountOf(node, "warm"), 0u);
  EXPECT_EQ(node.states.size(), pool::AllStates().size());
  EXPECT_EQ(node.vpc.until, kNow + absl::Seconds(5));
}

TEST(AdminViewTest, UnusedIsWhatIsListedAndUnknownOrPopped) {
  const pool::Pool pool = PoolOf({pool::State::kWarm, pool::State::kPopped});
  const rpc::UnusedReply reply =
      UnusedOf(pool, {Ipv4(1), Ipv4(2), Ipv4(9)}, "node-a", "s");
  ASSERT_EQ(reply.entries.size(), 2u);
  EXPECT_EQ(reply.entries[0].address, Ipv4(2));
  EXPECT_EQ(reply.entries[0].why, "popped");
  EXPECT_EQ(reply.entries[1].address, Ipv4(9));
  EXPECT_EQ(reply.entries[1].why, "unknown");
}

TEST(AdminViewTest, TheConfigurationIsJson) {
  Options options;
  options.node = "node-a";
  const auto json = base::Json::Parse(ConfigJson(options));
  ASSERT_TRUE(json.ok()) << json.status();
  EXPECT_EQ(*json->String("node"), "node-a");
}

}  // namespace
}  // namespace applets::ipamd
