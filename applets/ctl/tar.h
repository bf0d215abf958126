#ifndef CNIVPC_APPLETS_CTL_TAR_H_
#define CNIVPC_APPLETS_CTL_TAR_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace applets::ctl {

struct TarFile {
  std::string path;  // at most kMaxTarPathBytes
  std::string content;
};

inline constexpr size_t kMaxTarPathBytes = 100;

// An archive in POSIX.1-1988's ustar format, which any tar reads: regular files
// of mode 0600 and owner 0, all of the same time. Pure.
//
//   header, 512 bytes: name[100] mode[8] uid[8] gid[8] size[12] mtime[12]
//     chksum[8] typeflag[1] linkname[100] magic[6]="ustar\0" version[2]="00"
//     uname[32] gname[32] devmajor[8] devminor[8] prefix[155] pad[12]
//     numbers are octal digits and a NUL; chksum is the sum of the header's
//     bytes with itself as spaces
//   content, filled up with NULs to 512
//   at the end 1,024 NULs
std::string TarOf(const std::vector<TarFile>& files, absl::Time time);

}  // namespace applets::ctl

#endif  // CNIVPC_APPLETS_CTL_TAR_H_
