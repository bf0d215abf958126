#include "applets/ctl/tar.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "glog/logging.h"

namespace applets::ctl {
namespace {

constexpr size_t kBlockBytes = 512;
constexpr size_t kChecksumOffset = 148;
constexpr size_t kChecksumBytes = 8;

// `value` in a field of `width` bytes, filled up with NULs.
void AppendField(std::string& header, absl::string_view value, size_t width) {
  CHECK_LE(value.size(), width);
  header += value;
  header.append(width - value.size(), '\0');
}

void AppendOctal(std::string& header, uint64_t value, size_t width) {
  AppendField(header,
              absl::StrFormat("%0*o", static_cast<int>(width) - 1, value),
              width);
}

// "123456\0 ", as tar has always written it.
std::string ChecksumOf(absl::string_view header) {
  uint64_t sum = 0;
  for (const unsigned char byte : header) sum += byte;
  return absl::StrCat(absl::StrFormat("%06o", sum),
                      absl::string_view("\0 ", 2));
}

std::string HeaderOf(const TarFile& file, absl::Time time) {
  std::string header;
  AppendField(header, file.path, kMaxTarPathBytes);
  AppendOctal(header, 0600, 8);
  AppendOctal(header, 0, 8);
  AppendOctal(header, 0, 8);
  AppendOctal(header, file.content.size(), 12);
  AppendOctal(header, static_cast<uint64_t>(absl::ToUnixSeconds(time)), 12);
  header.append(kChecksumBytes, ' ');
  header += '0';
  AppendField(header, "", 100);
  AppendField(header, "ustar", 6);
  AppendField(header, "00", 2);
  AppendField(header, "root", 32);
  AppendField(header, "root", 32);
  header.resize(kBlockBytes, '\0');
  header.replace(kChecksumOffset, kChecksumBytes, ChecksumOf(header));
  return header;
}

}  // namespace

std::string TarOf(const std::vector<TarFile>& files, absl::Time time) {
  std::string archive;
  for (const TarFile& file : files) {
    archive += HeaderOf(file, time);
    archive += file.content;
    const size_t over = archive.size() % kBlockBytes;
    if (over != 0) archive.append(kBlockBytes - over, '\0');
  }
  archive.append(2 * kBlockBytes, '\0');
  return archive;
}

}  // namespace applets::ctl
