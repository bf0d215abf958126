// The page itself: the files of assets/, within the executable.
#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_ASSETS_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_ASSETS_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace applets::upgrade::page {

struct Asset {
  absl::string_view path;  // "/app.js"
  absl::string_view type;  // "text/javascript; charset=utf-8"
  absl::string_view body;
  const char* etag;  // with its quotes
};

absl::Span<const Asset> Assets();

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_ASSETS_H_
