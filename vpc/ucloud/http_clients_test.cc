#include "vpc/ucloud/http_clients.h"

#include <barrier>
#include <set>
#include <thread>
#include <vector>

#include "base/http_lab.h"
#include "gtest/gtest.h"

namespace vpc::ucloud {
namespace {

using base::LabAnswer;
using base::LabRequest;

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

std::set<int> Connections(const base::HttpLab& lab) {
  std::set<int> connections;
  for (const LabRequest& request : lab.requests()) {
    connections.insert(request.connection);
  }
  return connections;
}

TEST(HttpClientsTest, OneAfterTheOtherShareAConnection) {
  const base::HttpLab lab([](const LabRequest&) { return LabAnswer{}; });
  HttpClients clients({}, 2);
  for (int i = 0; i < 4; ++i) SendAtOnce(clients, lab.url(), 1);
  EXPECT_EQ(Connections(lab), std::set<int>{1});
}

TEST(HttpClientsTest, WithoutIdleOnesEachRequestConnects) {
  const base::HttpLab lab([](const LabRequest&) { return LabAnswer{}; });
  HttpClients clients({}, 0);
  for (int i = 0; i < 3; ++i) SendAtOnce(clients, lab.url(), 1);
  EXPECT_EQ(Connections(lab), (std::set<int>{1, 2, 3}));
}

TEST(HttpClientsTest, ManyAtOnceAreAllServed) {
  const base::HttpLab lab([](const LabRequest&) { return LabAnswer{}; });
  HttpClients clients({}, 2);
  for (int i = 0; i < 5; ++i) SendAtOnce(clients, lab.url(), 4);
  EXPECT_EQ(lab.requests().size(), 20U);
}

TEST(HttpClientsTest, KeepsTheOptions) {
  const base::HttpLab lab(
      [](const LabRequest&) { return LabAnswer{.body = "long"}; });
  HttpClients clients({.max_body_bytes = 3}, 2);
  EXPECT_EQ(clients.Do({.url = lab.url()}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace vpc::ucloud
