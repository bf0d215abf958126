#include <cstddef>
#include <cstdint>
#include <string>

#include "applets/upgrade/query.h"

// A node says what it likes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const applets::upgrade::Ended ended{
      .out = std::string(reinterpret_cast<const char*>(data), size)};
  static_cast<void>(ToJson(std::vector<applets::upgrade::NodeFinding>{
      {.node = "a", .finding = FindingOf(ended)},
      {.node = "b", .finding = FindingOfVersion(ended)}}));
  return 0;
}
