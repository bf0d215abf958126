#include "kube/watch_decoder.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kube/error.h"

namespace kube {
namespace {

using Kind = WatchEvent::Kind;

std::string Line(const std::string& type, const std::string& name) {
  return absl::StrCat(R"({"type":")", type, R"(","object":{"name":")", name,
                      "\"}}\n");
}

// All events that are there, as "KIND name".
std::vector<std::string> Drain(WatchDecoder& decoder) {
  static constexpr const char* kKinds[] = {"added", "modified", "deleted",
                                           "bookmark"};
  std::vector<std::string> events;
  for (;;) {
    const auto event = decoder.Next();
    if (!event.ok()) {
      events.push_back(absl::StatusCodeToString(event.status().code()));
      return events;
    }
    if (!event->has_value()) return events;
    events.push_back(absl::StrCat(kKinds[static_cast<int>((*event)->kind)], " ",
                                  *(*event)->object.String("name", "-")));
  }
}

using testing::ElementsAre;
using testing::IsEmpty;

TEST(WatchDecoderTest, ReadsALineForEachEvent) {
  WatchDecoder decoder;
  decoder.Take(Line("ADDED", "a") + Line("MODIFIED", "a") +
               Line("DELETED", "a") + Line("BOOKMARK", ""));
  EXPECT_THAT(Drain(decoder),
              ElementsAre("added a", "modified a", "deleted a", "bookmark "));
  EXPECT_TRUE(decoder.CheckEnd().ok());
}

TEST(WatchDecoderTest, ItDoesNotMatterHowTheBytesCome) {
  const std::string text = Line("ADDED", "a") + "\r\n" + Line("DELETED", "b");
  for (size_t size = 1; size <= text.size(); ++size) {
    WatchDecoder decoder;
    std::vector<std::string> all;
    for (size_t at = 0; at < text.size(); at += size) {
      decoder.Take(absl::string_view(text).substr(at, size));
      for (std::string& event : Drain(decoder)) all.push_back(std::move(event));
    }
    EXPECT_THAT(all, ElementsAre("added a", "deleted b")) << size;
  }
}

TEST(WatchDecoderTest, AnErrorEventIsWhatItsStatusSays) {
  WatchDecoder decoder;
  decoder.Take(Line("ADDED", "a") +
               R"({"type":"ERROR","object":{"kind":"Status","code":410,)"
               R"("reason":"Expired","message":"too old resource version"}})"
               "\n" +
               Line("ADDED", "b"));
  EXPECT_THAT(Drain(decoder), ElementsAre("added a", "OUT_OF_RANGE"));
  EXPECT_EQ(ReasonOf(decoder.Next().status()), "Expired");
  EXPECT_EQ(decoder.CheckEnd().code(), absl::StatusCode::kOutOfRange);
}

TEST(WatchDecoderTest, WhatIsNoEventIsDataLossForEver) {
  for (const std::string line :
       {"null", "{", "[]", R"({"type":"ADDED"})", R"({"object":{}})",
        R"({"type":"ADDED","object":7})", R"({"type":"NEW","object":{}})",
        R"({"type":7,"object":{}})"}) {
    WatchDecoder decoder;
    decoder.Take(line + "\n" + Line("ADDED", "a"));
    EXPECT_THAT(Drain(decoder), ElementsAre("DATA_LOSS")) << line;
    EXPECT_THAT(Drain(decoder), ElementsAre("DATA_LOSS")) << line;
  }
}

TEST(WatchDecoderTest, AnEndWithinAnEventIsDataLoss) {
  WatchDecoder decoder;
  decoder.Take(Line("ADDED", "a") + "{\"type\":");
  EXPECT_THAT(Drain(decoder), ElementsAre("added a"));
  EXPECT_EQ(decoder.CheckEnd().code(), absl::StatusCode::kDataLoss);
}

TEST(WatchDecoderTest, ALineWithoutAnEndIsRefused) {
  WatchDecoder decoder;
  const std::string piece(1 << 20, ' ');
  for (size_t i = 0; i < 8; ++i) decoder.Take(piece);
  EXPECT_THAT(Drain(decoder), IsEmpty());
  decoder.Take(" ");
  EXPECT_THAT(Drain(decoder), ElementsAre("RESOURCE_EXHAUSTED"));
}

}  // namespace
}  // namespace kube
