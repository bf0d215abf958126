#include "kube/event.h"

#include <string>

#include "base/json.h"
#include "gtest/gtest.h"

namespace kube {
namespace {

Event SomeEvent() {
  Event event;
  event.key = {"shop", "web-0.17a"};
  event.kind = "Pod";
  event.about_name = "web-0";
  event.about_uid = "u1";
  event.type = Event::Type::kWarning;
  event.reason = "pool-dry";
  event.message = "no address \"left\"";
  event.component = "cni-vpc-ipamd";
  event.node = "node-a";
  event.count = 3;
  event.first = absl::FromUnixSeconds(1767323045);
  event.last = absl::FromUnixMillis(1767323045999);
  return event;
}

TEST(EventTest, SaysWhatHappenedToWhom) {
  EXPECT_EQ(
      EncodeEvent(SomeEvent()),
      R"({"apiVersion":"v1","kind":"Event",)"
      R"("metadata":{"namespace":"shop","name":"web-0.17a"},)"
      R"("involvedObject":{"apiVersion":"v1","kind":"Pod","namespace":"shop",)"
      R"("name":"web-0","uid":"u1"},)"
      R"("source":{"component":"cni-vpc-ipamd","host":"node-a"},)"
      R"("type":"Warning","reason":"pool-dry",)"
      R"("firstTimestamp":"2026-01-02T03:04:05Z",)"
      R"("message":"no address \"left\"","count":3,)"
      R"("lastTimestamp":"2026-01-02T03:04:05Z"})");
}

TEST(EventTest, ARepetitionLeavesTheRestAlone) {
  EXPECT_EQ(EventPatch(SomeEvent()),
            R"({"message":"no address \"left\"","count":3,)"
            R"("lastTimestamp":"2026-01-02T03:04:05Z"})");
}

TEST(EventTest, ALongMessageIsCut) {
  Event event = SomeEvent();
  event.message = std::string(5000, 'x');
  const auto json = base::Json::Parse(EncodeEvent(event));
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->String("message")->size(), Event::kMaxMessage);
}

}  // namespace
}  // namespace kube
