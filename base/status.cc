#include "base/status.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace base {
namespace {

constexpr absl::string_view kErrnoPayload = "cnivpc/errno";
constexpr absl::string_view kIoPayload = "cnivpc/io";

}  // namespace

absl::Status ErrnoStatus(absl::string_view what) {
  return ErrnoStatus(what, errno);
}

absl::Status ErrnoStatus(absl::string_view what, int error_number) {
  absl::Status status(absl::ErrnoToStatusCode(error_number),
                      absl::StrCat(what, ": ", std::strerror(error_number)));
  status.SetPayload(kErrnoPayload, absl::Cord(absl::StrCat(error_number)));
  return status;
}

int ErrnoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrnoPayload);
  int number = 0;
  if (!payload || !absl::SimpleAtoi(std::string(*payload), &number)) return 0;
  return number;
}

absl::Status MarkIo(absl::Status status) {
  status.SetPayload(kIoPayload, absl::Cord());
  return status;
}

bool IsIo(const absl::Status& status) {
  if (status.GetPayload(kIoPayload).has_value()) return true;
  switch (ErrnoOf(status)) {
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case EROFS:
      return true;
    default:
      return false;
  }
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(),
                         absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    annotated.SetPayload(url, value);
  });
  return annotated;
}

}  // namespace base
