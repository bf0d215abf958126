#ifndef CNIVPC_APPLETS_UPGRADE_PAGE_PAGE_MAIN_H_
#define CNIVPC_APPLETS_UPGRADE_PAGE_PAGE_MAIN_H_

#include "applets/upgrade/options.h"

namespace applets::upgrade::page {

// `cnivpc upgrade --serve`: until SIGTERM or SIGINT; then what is under way on
// nodes comes to its end first, unless a second signal comes.
int PageMain(const Options& options);

}  // namespace applets::upgrade::page

#endif  // CNIVPC_APPLETS_UPGRADE_PAGE_PAGE_MAIN_H_
