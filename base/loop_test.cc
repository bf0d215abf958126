#include "base/loop.h"

#include <unistd.h>
#include <csignal>

#include <atomic>
#include <barrier>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace base {
namespace {

TEST(LoopTest, PostedTasksRunInOrder) {
  auto loop = Loop::Create().value();
  std::vector<int> ran;
  loop->Post([&] { ran.push_back(1); });
  loop->Post([&] {
    ran.push_back(2);
    loop->Stop();
  });
  loop->Run();
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
}

TEST(LoopTest, WorkersPostTheirResultsBack) {
  auto loop = Loop::Create().value();
  const auto loop_thread = std::this_thread::get_id();
  int done = 0;
  Workers workers(3);
  for (int i = 0; i < 100; ++i) {
    workers.Run([&] {
      EXPECT_NE(std::this_thread::get_id(), loop_thread);
      loop->Post([&] {
        EXPECT_EQ(std::this_thread::get_id(), loop_thread);
        if (++done == 100) loop->Stop();
      });
    });
  }
  loop->Run();
  EXPECT_EQ(done, 100);
}

TEST(LoopTest, WorkersWorkSideBySide) {
  std::barrier all_are_there(3);
  std::atomic<int> done = 0;
  {
    Workers workers(3);
    for (int i = 0; i < 3; ++i) {
      workers.Run([&] {
        all_are_there.arrive_and_wait();
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 3);
}

TEST(LoopTest, WorkersAreNoMoreThanTheyMayBe) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  {
    Workers workers(2);
    for (int i = 0; i < 50; ++i) {
      workers.Run([&] {
        const std::lock_guard lock(mutex);
        threads.insert(std::this_thread::get_id());
      });
    }
  }
  EXPECT_LE(threads.size(), 2U);
}

TEST(LoopTest, WorkersFinishWhatTheyWereGiven) {
  std::atomic<int> done = 0;
  {
    Workers workers(2);
    for (int i = 0; i < 50; ++i) workers.Run([&] { ++done; });
  }
  EXPECT_EQ(done, 50);
}

TEST(LoopTest, ATimerRunsOnceAndCanBeCancelled) {
  auto loop = Loop::Create().value();
  int first = 0, second = 0;
  Timer a(*loop, [&] { ++first; });
  Timer b(*loop, [&] { ++second; });
  Timer end(*loop, [&] { loop->Stop(); });
  a.Set(absl::Milliseconds(1));
  b.Set(absl::Milliseconds(1));
  b.Cancel();
  end.Set(absl::Milliseconds(20));
  loop->Run();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
}

TEST(LoopTest, WatchesDescriptorsAndSignals) {
  auto loop = Loop::Create().value();
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const Fd reader(fds[0]), writer(fds[1]);
  int readable = 0;
  auto watch = Watch::Readable(*loop, reader.get(), [&] {
    char c;
    ASSERT_EQ(read(reader.get(), &c, 1), 1);
    ++readable;
    kill(getpid(), SIGUSR1);
  });
  auto signal = Watch::Signal(*loop, SIGUSR1, [&] { loop->Stop(); });
  ASSERT_EQ(write(writer.get(), "x", 1), 1);
  loop->Run();
  EXPECT_EQ(readable, 1);
}

}  // namespace
}  // namespace base
