#include "base/http_clients.h"

#include <barrier>
#include <future>
#include <set>
#include <thread>
#include <vector>

#include "base/http_lab.h"
#include "gtest/gtest.h"

namespace base {
namespace {

// Sends `count` requests at once: each waits until all were begun.
void SendAtOnce(HttpClients& clients, const std::string& url, int count) {
  std::barrier begin(count);
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&] {
      begin.arrive_and_wait();
      EXPECT_TRUE(clients.Do({.url = url}).ok());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::set<int> Connections(const HttpLab& lab) {
  std::set<int> connections;
  for (const LabRequest& request : lab.requests()) {
    connections.insert(request.connection);
  }
  return connections;
}

TEST(HttpClientsTest, OneAfterTheOtherShareAConnection) {
  const HttpLab lab([](const LabRequest&) { return LabAnswer{}; });
  HttpClients clients({}, 2);
  for (int i = 0; i < 4; ++i) SendAtOnce(clients, lab.url(), 1);
  EXPECT_EQ(Connections(lab), std::set<int>{1});
}

TEST(HttpClientsTest, WithoutIdleOnesEachRequestConnects) {
  const HttpLab lab([](const LabRequest&) { return LabAnswer{}; });
  HttpClients clients({}, 0);
  for (int i = 0; i < 3; ++i) SendAtOnce(clients, lab.url(), 1);
  EXPECT_EQ(Connections(lab), (std::set<int>{1, 2, 3}));
}

TEST(HttpClientsTest, IdleOnesCanBeClosed) {
  const HttpLab lab([](const LabRequest&) { return LabAnswer{}; });
  HttpClients clients({}, 2);
  SendAtOnce(clients, lab.url(), 1);
  clients.CloseIdle();
  SendAtOnce(clients, lab.url(), 1);
  EXPECT_EQ(Connections(lab), (std::set<int>{1, 2}));
}

TEST(HttpClientsTest, ManyAtOnceAreAllServed) {
  const HttpLab lab([](const LabRequest&) { return LabAnswer{}; });
  HttpClients clients({}, 2);
  for (int i = 0; i < 5; ++i) SendAtOnce(clients, lab.url(), 4);
  EXPECT_EQ(lab.requests().size(), 20U);
}

TEST(HttpClientsTest, KeepsTheOptions) {
  const HttpLab lab(
      [](const LabRequest&) { return LabAnswer{.body = "long"}; });
  HttpClients clients({.max_body_bytes = 3}, 2);
  EXPECT_EQ(clients.Do({.url = lab.url()}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(HttpClientsTest, StoppingEndsWhatIsUnderWayAndWhatComesLater) {
  std::promise<void> asked;
  const HttpLab lab([&](const LabRequest&) {
    asked.set_value();
    return LabAnswer{.then = LabAnswer::Then::kSilence};
  });
  HttpClients clients({}, 2);
  absl::Status status;
  std::thread waiting(
      [&] { status = clients.Do({.url = lab.url()}).status(); });
  asked.get_future().wait();
  clients.Stop();
  waiting.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(clients.Do({.url = lab.url()}).status().code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(lab.requests().size(), 1U);
}

}  // namespace
}  // namespace base
