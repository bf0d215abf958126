// Runs a fuzz target once over each file of its corpus, as an ordinary test.
// The arguments are the files.
#include <cstdint>
#include <cstdio>

#include "base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  constexpr size_t kMaxInputBytes = 1 << 20;
  if (argc < 2) std::fputs("no corpus\n", stderr);
  for (int i = 1; i < argc; ++i) {
    const auto input = base::ReadFile(argv[i], kMaxInputBytes);
    if (!input.ok()) return 1;
    std::printf("%s\n", argv[i]);
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input->data()),
                           input->size());
  }
  return argc < 2 ? 1 : 0;
}
