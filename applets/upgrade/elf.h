// Whether a file could be a program for this machine (elf(5)).
#ifndef CNIVPC_APPLETS_UPGRADE_ELF_H_
#define CNIVPC_APPLETS_UPGRADE_ELF_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace applets::upgrade {

// As much of a file's beginning as CheckElf looks at.
inline constexpr size_t kElfHeadBytes = 64 << 10;

// "x86_64", "aarch64", as `uname -m` calls the machine that this program was
// built for.
std::string OwnArchitecture();

// OK when `head`, the beginning of a file of `file_bytes`, is that of a whole
// program for this architecture. INVALID_ARGUMENT: no program at all;
// FAILED_PRECONDITION: another architecture's; DATA_LOSS: cut short.
absl::Status CheckElf(absl::string_view head, uint64_t file_bytes);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_ELF_H_
