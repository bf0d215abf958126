#include "applets/cni/log.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::cni {
namespace {

LogEntry Entry() {
  LogEntry entry;
  entry.time = absl::FromUnixMillis(1700794800123);
  entry.environment.verb = Verb::kAdd;
  entry.environment.container_id = "3f2a";
  entry.environment.ifname = "eth0";
  entry.environment.netns = "/run/netns/a";
  entry.environment.args.pod_namespace = "shop";
  entry.environment.args.pod_name = "web-0";
  entry.network = "cnivpc";
  entry.error = {Code::kTryAgain, "try again later", "ipamd is starting"};
  return entry;
}

TEST(LogTest, ALineHasWhoWhatAndWhy) {
  EXPECT_EQ(FormatLine(Entry()),
            "2023-11-24T03:00:00.123Z ERROR verb=ADD network=cnivpc "
            "container=3f2a ifname=eth0 netns=/run/netns/a pod=shop/web-0 "
            "code=11 msg=\"try again later\" details=\"ipamd is starting\"");
}

TEST(LogTest, WhatIsNotKnownIsLeftOut) {
  LogEntry entry;
  entry.time = absl::UnixEpoch();
  entry.severity = Severity::kWarning;
  entry.environment.verb = Verb::kGc;
  entry.error = {Code::kIo, "stdin", ""};
  EXPECT_EQ(FormatLine(entry),
            "1970-01-01T00:00:00.000Z WARNING verb=GC code=5 msg=stdin");
}

TEST(LogTest, ALineStaysALine) {
  LogEntry entry = Entry();
  entry.environment.container_id = "a\nb\"\xff=";
  const std::string line = FormatLine(entry);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_NE(line.find(R"(container="a\nb\"\377=")"), std::string::npos) << line;
}

TEST(LogTest, LinesAreAppended) {
  const std::string path =
      absl::StrCat(std::getenv("TEST_TMPDIR"), "/appended.log");
  ASSERT_TRUE(AppendLine(path, "one").ok());
  ASSERT_TRUE(AppendLine(path, "two").ok());
  EXPECT_EQ(base::ReadFile(path, 100).value(), "one\ntwo\n");
}

TEST(LogTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(AppendLine("/nonexistent/x.log", "one").ok());
}

}  // namespace
}  // namespace applets::cni
