#include "applets/ledger/queue.h"

#include <unistd.h>

#include <string>

#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::ledger {
namespace {

std::string FreshDir() {
  return testing::TempDir() + "/queue." + std::to_string(getpid()) + "." +
         testing::UnitTest::GetInstance()->current_test_info()->name();
}

rpc::ReleaseRequest Of(const std::string& id) {
  return {{"net", id, "eth0"}, {"default", "p", ""}, "ucni0", absl::Seconds(7)};
}

TEST(QueueTest, KeepsOrderAndContent) {
  const std::string dir = FreshDir();
  ASSERT_TRUE(Enqueue(dir, Of("a")).ok());
  ASSERT_TRUE(Enqueue(dir, Of("b")).ok());
  const auto queue = ReadQueue(dir);
  ASSERT_TRUE(queue.ok()) << queue.status();
  ASSERT_EQ(queue->entries.size(), 2u);
  EXPECT_EQ(queue->entries[0].request.attachment.container_id, "a");
  EXPECT_EQ(queue->entries[1].request.started_at, absl::Seconds(7));
  EXPECT_EQ(queue->entries[1].request.host_ifname, "ucni0");
}

TEST(QueueTest, ForgottenEntriesAreGone) {
  const std::string dir = FreshDir();
  ASSERT_TRUE(Enqueue(dir, Of("a")).ok());
  const auto queue = ReadQueue(dir);
  EXPECT_TRUE(Forget(queue->entries[0]).ok());
  EXPECT_TRUE(Forget(queue->entries[0]).ok());
  EXPECT_TRUE(ReadQueue(dir)->entries.empty());
}

TEST(QueueTest, AFolderThatIsNotThereIsEmpty) {
  EXPECT_TRUE(ReadQueue(FreshDir())->entries.empty());
}

TEST(QueueTest, ABrokenFileIsReportedOnceAndKept) {
  const std::string dir = FreshDir();
  ASSERT_TRUE(base::MakeDirectories(dir + "/queue").ok());
  ASSERT_TRUE(base::WriteFileAtomically(dir + "/queue/1.json", "{").ok());
  ASSERT_TRUE(Enqueue(dir, Of("a")).ok());
  const auto queue = ReadQueue(dir);
  EXPECT_EQ(queue->entries.size(), 1u);
  ASSERT_EQ(queue->bad.size(), 1u);
  EXPECT_TRUE(ReadQueue(dir)->bad.empty());
  EXPECT_TRUE(base::ReadFile(dir + "/queue/1.json.bad", 10).ok());
}

}  // namespace
}  // namespace applets::ledger
