#include "applets/rpc/messages.h"

#include "base/status.h"
#include "gtest/gtest.h"

namespace applets::rpc {
namespace {

const Attachment kAttachment{"net", "c1", "eth0"};

TEST(MessagesTest, AcquireRequestRoundTrips) {
  const AcquireRequest sent{kAttachment,
                            {"default", "web-0", "u"},
                            "/run/netns/x",
                            "ucni0123456789a",
                            absl::Nanoseconds(123456789)};
  const auto got = ParseAcquireRequest(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->attachment, sent.attachment);
  EXPECT_EQ(got->pod, sent.pod);
  EXPECT_EQ(got->netns, sent.netns);
  EXPECT_EQ(got->host_ifname, sent.host_ifname);
  EXPECT_EQ(got->started_at, sent.started_at);
}

TEST(MessagesTest, AcquireReplyHasAllThatThePluginNeeds) {
  const AcquireReply sent{*base::Ipv4::Parse("10.0.0.5"),
                          "10.0.0.0/24",
                          {"eth0", 7, 1500, *base::Ipv4::Parse("10.0.0.2")}};
  EXPECT_EQ(ToJson(sent),
            R"({"address":"10.0.0.5","subnet":"10.0.0.0/24","node":)"
            R"({"interface":"eth0","ifindex":7,"mtu":1500,)"
            R"("address":"10.0.0.2"}})");
  const auto got = ParseAcquireReply(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(ToJson(*got), ToJson(sent));
}

TEST(MessagesTest, UnknownFieldsAreIgnoredAndMissingOnesNamed) {
  EXPECT_TRUE(ParseAttachment(R"({"attachment":{"network":"n",
      "containerId":"c","ifname":"i","colour":"blue"},"later":1})")
                  .ok());
  EXPECT_EQ(
      ParseAttachment(R"({"attachment":{"network":"n"}})").status().message(),
      "attachment.containerId: missing");
  EXPECT_EQ(ParseAcquireReply(R"({"address":"10.0.0"})").status().message(),
            "address: not an IPv4 address: \"10.0.0\"");
}

TEST(MessagesTest, GcWithoutAListIsRefused) {
  EXPECT_EQ(ParseGcRequest(R"({"network":"n"})").status().message(),
            "valid: missing");
  EXPECT_TRUE(ParseGcRequest(R"({"network":"n","valid":[]})").ok());
}

TEST(MessagesTest, PoolRoundTrips) {
  PoolEntry leased;
  leased.address = base::Ipv4(5);
  leased.state = "leased";
  leased.since = absl::FromUnixNanos(1'800'000'000'123'456'789);
  leased.until = absl::InfiniteFuture();
  leased.recycled = 2;
  leased.attachment = kAttachment;
  leased.pod = {"default", "web-0", "u"};
  leased.phase = "attached";
  PoolEntry cooling;
  cooling.state = "cooling";
  cooling.until = absl::FromUnixSeconds(1'800'000'030);
  const PoolReply sent{"node-a", {leased, cooling}};
  const auto got = ParsePoolReply(ToJson(sent));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(ToJson(*got), ToJson(sent));
  EXPECT_EQ(got->entries[0].since, leased.since);
  EXPECT_EQ(got->entries[1].until, cooling.until);
}

TEST(MessagesTest, ErrorsKeepCodeAndMessage) {
  const absl::Status sent = absl::ResourceExhaustedError("subnet full");
  EXPECT_EQ(ParseError(ErrorToJson(sent)), sent);
  EXPECT_TRUE(base::IsIo(
      ParseError(ErrorToJson(base::MarkIo(absl::InternalError("full"))))));
  EXPECT_EQ(ParseError("garbage").code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ParseError(R"({"code":"FROM_THE_FUTURE","message":"m"})").code(),
            absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace applets::rpc
