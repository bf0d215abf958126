// What cnivpctl prints, byte for byte. After a change that is meant:
// CNIVPC_UPDATE_GOLDENS=1 bazel run //applets/ctl:golden_test
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "applets/ctl/admin_view.h"
#include "applets/ctl/completion.h"
#include "applets/ctl/help.h"
#include "applets/ctl/node_view.h"
#include "applets/ctl/output.h"
#include "applets/ctl/parse.h"
#include "applets/ctl/story_view.h"
#include "base/file.h"
#include "gtest/gtest.h"

namespace applets::ctl {
namespace {

constexpr size_t kMaxGoldenBytes = 1 << 20;

std::string PathOf(const std::string& name) {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  return absl::StrCat(workspace == nullptr ? "" : workspace,
                      workspace == nullptr ? "" : "/", "testdata/ctl/", name);
}

void ExpectGolden(const std::string& name, const std::string& text) {
  if (std::getenv("CNIVPC_UPDATE_GOLDENS") != nullptr) {
    const absl::Status status = base::WriteFileAtomically(PathOf(name), text);
    ASSERT_TRUE(status.ok()) << status;
    return;
  }
  const auto golden = base::ReadFile(PathOf(name), kMaxGoldenBytes);
  ASSERT_TRUE(golden.ok()) << golden.status();
  EXPECT_EQ(text, *golden) << name;
}

const absl::Time kNow = absl::FromUnixSeconds(1700794140);

rpc::PoolEntry Entry(const char* address, const char* state,
                     absl::Duration age) {
  rpc::PoolEntry entry;
  entry.address = *base::Ipv4::Parse(address);
  entry.subnet = "subnet-abc123";
  entry.state = state;
  entry.since = kNow - age;
  entry.until = absl::InfiniteFuture();
  return entry;
}

rpc::PoolEntry Leased(rpc::PoolEntry entry, base::Pod pod,
                      const char* container) {
  entry.attachment = {"cnivpc", container, "eth0"};
  entry.pod = std::move(pod);
  entry.phase = "attached";
  entry.host_ifname = "ucni9a0364b9e99";
  return entry;
}

// Of each state one, in no order.
rpc::PoolReply Node() {
  rpc::PoolReply reply;
  reply.node = "node-1";
  rpc::PoolEntry cooling = Entry("10.126.3.100", "cooling", absl::Seconds(12));
  cooling.until = cooling.since + absl::Seconds(30);
  cooling.recycled = 7;
  rpc::PoolEntry detaching =
      Leased(Entry("10.126.3.20", "leased", absl::Hours(51)),
             {"default", "web-1", "u-2"}, "0123456789");
  detaching.phase = "detaching";
  reply.entries = {
      Leased(
          Entry("10.126.3.18", "leased", absl::Minutes(7 * 60 + 5)),
          {"kube-system", "coredns-5d78c9869d-x2v7q", "u-1"},
          "3f1e5b0c9a7d2e4f6081a3c5e7f90b1d2c3e4f5061728394a5b6c7d8e9f0a1b2"),
      cooling,
      Entry("10.126.3.9", "warm", absl::Seconds(192)),
      detaching,
      Leased(Entry("10.126.3.21", "leased", absl::Seconds(5)), {}, "podman-1"),
      Leased(Entry("10.126.3.19", "leased", absl::Hours(24 * 9)),
             {"default", "web-0", "u-3"}, "e1"),
      Entry("10.126.4.1", "fresh", absl::Milliseconds(300)),
      Entry("10.126.3.101", "quarantined", absl::Minutes(45)),
      Entry("10.126.3.102", "releasing", absl::Seconds(2)),
  };
  return reply;
}

Output Show(const std::string& line, rpc::PoolReply reply) {
  const std::vector<std::string> arguments = absl::StrSplit(line, ' ');
  const auto options = Parse(arguments);
  EXPECT_TRUE(options.ok()) << options.status();
  const auto output = FormatPool(*options, std::move(reply), kNow);
  EXPECT_TRUE(output.ok()) << output.status();
  return *output;
}

struct View {
  const char* file;
  const char* command;
};
constexpr View kViews[] = {{"get-pool", "get pool"},
                           {"get-pod", "get pod"},
                           {"pool-list", "pool list"}};

TEST(GoldenTest, Tables) {
  for (const View& view : kViews) {
    const Output output = Show(view.command, Node());
    ExpectGolden(absl::StrCat(view.file, ".txt"), output.text);
    EXPECT_EQ(output.note, "");
  }
}

TEST(GoldenTest, EveryFormat) {
  for (const View& view : kViews) {
    for (const char* format : {"wide", "json", "yaml"}) {
      ExpectGolden(
          absl::StrCat(view.file, ".", format),
          Show(absl::StrCat(view.command, " -o ", format), Node()).text);
    }
  }
}

TEST(GoldenTest, WithoutHeaders) {
  ExpectGolden("get-pod-no-headers.txt",
               Show("get pod --no-headers", Node()).text);
}

TEST(GoldenTest, NothingIsSaidOnStandardErrorOnly) {
  const Output output = Show("get pod", {"node-1", {}});
  EXPECT_EQ(output.text, "");
  EXPECT_EQ(output.note, "No resources found.\n");
}

TEST(GoldenTest, NothingIsStillADocument) {
  for (const char* format : {"json", "yaml"}) {
    const Output output =
        Show(absl::StrCat("get pod -o ", format), {"node-1", {}});
    ExpectGolden(absl::StrCat("nothing.", format), output.text);
    EXPECT_EQ(output.note, "");
  }
}

TEST(GoldenTest, AnOldDaemonsAnswerHasGaps) {
  rpc::PoolReply reply;
  reply.entries.push_back(Entry("10.126.3.9", "leased", {}));
  reply.entries[0].since = absl::InfiniteFuture();
  reply.entries[0].subnet = "";
  ExpectGolden("gaps.wide", Show("pool list -o wide", reply).text);
}

Options Parsed(const std::string& line) {
  const std::vector<std::string> arguments = absl::StrSplit(line, ' ');
  const auto options = Parse(arguments);
  EXPECT_TRUE(options.ok()) << options.status();
  return *options;
}

// The same in each format, as NAME.txt, NAME.json and so on.
template <typename Format>
void ExpectGoldens(const std::string& name, const std::string& command,
                   std::vector<std::string> formats, Format format) {
  ExpectGolden(absl::StrCat(name, ".txt"), format(Parsed(command))->text);
  for (const std::string& as : formats) {
    ExpectGolden(absl::StrCat(name, ".", as),
                 format(Parsed(absl::StrCat(command, " -o ", as)))->text);
  }
}

TEST(GoldenTest, Nodes) {
  ExpectGoldens("get-node", "get node", {"wide", "json", "yaml"},
                [](const Options& options) {
                  rpc::PoolReply other = {"node-2", {}, "subnet-def456"};
                  return FormatNodes(options, {Node(), other});
                });
}

rpc::NodeReply Status() {
  rpc::NodeReply node;
  node.node = "node-1";
  node.version = "0.2.0";
  node.commit = "3f2a1b";
  node.started = kNow - absl::Hours(3);
  node.interface = "eth0";
  node.address = *base::Ipv4::Parse("10.126.0.11");
  node.subnet = "subnet-abc123";
  node.reason = "subnet-exhausted";
  node.problem = "subnet subnet-abc123 has no address left since 02:47:00Z";
  node.level = "dry";
  node.states = {{"fresh", 0},   {"warm", 0},        {"leased", 12},
                 {"cooling", 4}, {"quarantined", 1}, {"releasing", 0},
                 {"popped", 1}};
  node.waiting = 2;
  node.under_way = 1;
  node.low = 3;
  node.high = 50;
  node.cooldown = absl::Seconds(30);
  node.vpc.kind = "ucloud";
  node.vpc.obstacle = "RetCode 57000: no more IP (request UUID 5f1)";
  node.vpc.until = kNow + absl::Seconds(4);
  node.vpc.verified = kNow - absl::Seconds(20);
  node.vpc.circuit = "half-open";
  node.vpc.rate_per_second = 2.5;
  node.vpc.last_error = "AllocateBatchSecondaryIp: RetCode 57000";
  node.vpc.calls = {
      {"AllocateBatchSecondaryIp", "57000", 3, absl::Milliseconds(900)},
      {"DescribeSecondaryIp", "0", 40, absl::Milliseconds(2000)}};
  return node;
}

TEST(GoldenTest, Status) {
  ExpectGoldens("status", "status", {"json", "yaml"},
                [](const Options& options) {
                  return FormatStatus(options, Status(), kNow);
                });
}

TEST(GoldenTest, ANodeThatIsFine) {
  rpc::NodeReply node;
  node.node = "node-1";
  node.ready = true;
  node.level = "normal";
  node.vpc.kind = "embedded";
  ExpectGolden("status-ready.txt",
               FormatStatus(Parsed("status"), node, kNow)->text);
}

std::vector<rpc::Event> Story() {
  rpc::Event refused;
  refused.sequence = 7;
  refused.first = kNow - absl::Minutes(2);
  refused.last = kNow - absl::Seconds(5);
  refused.count = 4;
  refused.reason = "subnet-exhausted";
  refused.pod = {"default", "web-1", "u"};
  refused.attachment = {"cnivpc", "c1", "eth0"};
  refused.subnet = "subnet-abc123";
  refused.text = "no address for the pod: RetCode 57000";
  rpc::Event conflict;
  conflict.sequence = 8;
  conflict.first = conflict.last = kNow - absl::Seconds(3);
  conflict.reason = "conflict";
  conflict.address = base::Ipv4::Parse("10.126.3.101").value();
  conflict.subnet = "subnet-abc123";
  conflict.text = "used by 52:54:00:00:00:01 \x1b[31m";
  conflict.until = kNow + absl::Minutes(1);
  rpc::Event dry;
  dry.sequence = 9;
  dry.first = dry.last = kNow;
  dry.reason = "vpc-unavailable";
  dry.subnet = "subnet-abc123";
  dry.text = "no answer";
  return {refused, conflict, dry};
}

TEST(GoldenTest, Events) {
  ExpectGoldens(
      "events", "events", {"wide", "json", "yaml"}, [](const Options& options) {
        return FormatEvents(
            options, {"node-1", kNow - absl::Hours(3), 2, 9, Story()}, kNow);
      });
}

TEST(GoldenTest, News) {
  for (const char* format : {"wide", "json", "yaml"}) {
    ExpectGolden(absl::StrCat("events-follow.", format),
                 *FormatNews(Parsed(absl::StrCat("events -f -o ", format)),
                             {"node-1", kNow, 0, 9, Story()}));
  }
}

TEST(GoldenTest, Why) {
  const rpc::WhyReply why{
      "default/web-1",
      "subnet-exhausted",
      "default/web-1 waits for an address since 02:48:59Z",
      {"the pool of subnet subnet-abc123 is dry: 0 warm; 4 cooling, the first "
       "until 02:49:31Z",
       "subnet subnet-abc123 has no address left since 02:47:00Z (RetCode "
       "57000: no more IP (request UUID 5f1))"},
      "an address has rested at 02:49:31Z; the VPC is asked again at 02:49:04Z",
      Story()};
  ExpectGoldens(
      "why", "why default/web-1", {"json", "yaml"},
      [&](const Options& options) { return FormatWhy(options, why); });
}

TEST(GoldenTest, Unused) {
  const rpc::UnusedReply unused{
      "node-1",
      {{base::Ipv4::Parse("10.126.3.40").value(), "subnet-abc123", "popped",
        kNow - absl::Minutes(7)},
       {base::Ipv4::Parse("10.126.3.41").value(), "subnet-abc123", "unknown"}}};
  ExpectGoldens("get-unuse", "get unuse", {"wide", "json", "yaml"},
                [&](const Options& options) {
                  return FormatUnused(options, unused, kNow);
                });
}

TEST(GoldenTest, WhatOperatorsDid) {
  const rpc::AddressReply one{base::Ipv4::Parse("10.126.3.40").value(),
                              "fresh"};
  const auto address = [&](const Options& options) {
    return FormatAddress(options, one);
  };
  ExpectGoldens("pop", "pop node-1", {"json", "yaml"}, address);
  ExpectGoldens("push", "push node-1", {"json"}, address);
  ExpectGoldens("release", "release node-1", {"json", "yaml"},
                [&](const Options& options) {
                  return FormatGiveBack(
                      options, {{one.address},
                                {{base::Ipv4::Parse("10.126.3.9").value(),
                                  "is leased to default/web-0"}}});
                });
  ExpectGoldens("gc", "gc", {"json", "yaml"}, [&](const Options& options) {
    return FormatSweep(
        options,
        {false,
         {{"orphan", "cnivpc/c9/eth0", "a link without a lease: removed"}}});
  });
}

TEST(GoldenTest, Version) {
  const base::BuildInfo info = {"0.1.0", "3f2a1b", "2023-11-24T02:49:00Z",
                                "g++ 12.2.0"};
  Options options;
  options.action = Action::kVersion;
  ExpectGolden("version.txt", FormatVersion(options, info)->text);
  options.format = Format::kJson;
  ExpectGolden("version.json", FormatVersion(options, info)->text);
}

TEST(GoldenTest, Help) {
  ExpectGolden("help.txt", HelpText(""));
  ExpectGolden("help-get.txt", HelpText("get"));
  ExpectGolden("help-get-pod.txt", HelpText("get pod"));
  ExpectGolden("help-events.txt", HelpText("events"));
  ExpectGolden("help-release.txt", HelpText("release"));
  ExpectGolden("help-version.txt", HelpText("version"));
  ExpectGolden("help-completion.txt", HelpText("completion"));
}

TEST(GoldenTest, Completion) {
  ExpectGolden("completion.bash", CompletionScript("bash"));
  ExpectGolden("completion.zsh", CompletionScript("zsh"));
}

}  // namespace
}  // namespace applets::ctl
