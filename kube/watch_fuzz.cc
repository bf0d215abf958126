// Any bytes are read as a watch's events, or refused; and it doesn't matter in
// what pieces they come.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "kube/watch_decoder.h"

namespace {

void Must(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::vector<std::string> events;
  absl::StatusCode end = absl::StatusCode::kOk;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Read(absl::string_view bytes, size_t piece) {
  kube::WatchDecoder decoder;
  Outcome outcome;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    decoder.Take(bytes.substr(at, piece));
    for (;;) {
      const auto event = decoder.Next();
      if (!event.ok()) {
        outcome.end = event.status().code();
        return outcome;
      }
      if (!event->has_value()) break;
      Must((*event)->object.IsObject());
      outcome.events.push_back((*event)->object.Dump());
    }
  }
  outcome.end = decoder.CheckEnd().code();
  return outcome;
}

}  // namespace

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const size_t piece = 1 + static_cast<size_t>(data[0]) % 64;
  Must(Read(bytes, size) == Read(bytes, piece));
  return 0;
}
