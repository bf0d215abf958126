#ifndef CNIVPC_APPLETS_UPGRADE_QUERY_MAIN_H_
#define CNIVPC_APPLETS_UPGRADE_QUERY_MAIN_H_

#include "applets/upgrade/options.h"

namespace applets::upgrade {

// `cnivpc upgrade --query`: asks every node what is installed. Exit status 0
// only if every node has answered.
int QueryMain(const Options& options);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_QUERY_MAIN_H_
