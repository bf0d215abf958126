#include "applets/upgrade/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace applets::upgrade {
namespace {

#if defined(__x86_64__)
constexpr uint16_t kOwnMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr uint16_t kOwnMachine = EM_AARCH64;
#else
#error "a new architecture: add its EM_ number and its name here"
#endif

std::string NameOf(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86_64";
    case EM_AARCH64:
      return "aarch64";
    case EM_386:
      return "i386";
    case EM_ARM:
      return "arm";
    case EM_RISCV:
      return "riscv64";
    case EM_LOONGARCH:
      return "loongarch64";
    default:
      return absl::StrCat("machine ", machine);
  }
}

absl::Status CutShort(uint64_t file_bytes, uint64_t needed) {
  return absl::DataLossError(absl::StrCat("is cut short: it has ", file_bytes,
                                          " bytes and needs ", needed));
}

// The sum, or the largest number if it is larger.
uint64_t Add(uint64_t a, uint64_t b) {
  return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

absl::Status CheckIdentity(const Elf64_Ehdr& header) {
  // The number of the machine stands in the same place whatever the class.
  if (header.e_machine != kOwnMachine) {
    return absl::FailedPreconditionError(
        absl::StrCat("is for ", NameOf(header.e_machine), ", this node is ",
                     OwnArchitecture()));
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return absl::FailedPreconditionError(
        "is not for a 64-bit little-endian "
        "machine");
  }
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) {
    return absl::InvalidArgumentError("is an object file and no program");
  }
  if (header.e_phnum == 0 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return absl::InvalidArgumentError("is no program: it has no segments");
  }
  return absl::OkStatus();
}

// How long the file must be for all that its headers promise.
absl::StatusOr<uint64_t> NeededBytes(const Elf64_Ehdr& header,
                                     absl::string_view head) {
  const uint64_t segments_end =
      Add(header.e_phoff, uint64_t{header.e_phnum} * sizeof(Elf64_Phdr));
  if (segments_end > head.size()) {
    return absl::InvalidArgumentError(
        "is no program: its segments aren't "
        "listed at its beginning");
  }
  uint64_t needed = segments_end;
  for (size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, head.data() + header.e_phoff + i * sizeof(segment),
                sizeof(segment));
    if (segment.p_type != PT_LOAD) continue;
    needed = std::max(needed, Add(segment.p_offset, segment.p_filesz));
  }
  // Last of all in an ordinary file, so nothing shows better that it is whole.
  const uint64_t sections_end =
      Add(header.e_shoff, uint64_t{header.e_shnum} * header.e_shentsize);
  return std::max(needed, header.e_shoff == 0 ? 0 : sections_end);
}

}  // namespace

std::string OwnArchitecture() { return NameOf(kOwnMachine); }

absl::Status CheckElf(absl::string_view head, uint64_t file_bytes) {
  if (head.empty()) return absl::DataLossError("is empty");
  const size_t magic_bytes = std::min<size_t>(head.size(), SELFMAG);
  if (std::memcmp(head.data(), ELFMAG, magic_bytes) != 0) {
    return absl::InvalidArgumentError("is no ELF program");
  }
  Elf64_Ehdr header;
  if (head.size() < sizeof(header)) return CutShort(file_bytes, sizeof(header));
  std::memcpy(&header, head.data(), sizeof(header));
  RETURN_IF_ERROR(CheckIdentity(header));
  if (header.e_phoff > file_bytes) return CutShort(file_bytes, header.e_phoff);
  ASSIGN_OR_RETURN(const uint64_t needed, NeededBytes(header, head));
  return needed > file_bytes ? CutShort(file_bytes, needed) : absl::OkStatus();
}

}  // namespace applets::upgrade
