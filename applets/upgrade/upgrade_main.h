#ifndef CNIVPC_APPLETS_UPGRADE_UPGRADE_MAIN_H_
#define CNIVPC_APPLETS_UPGRADE_UPGRADE_MAIN_H_

namespace applets::upgrade {

// `cnivpc upgrade`; argv[0] is "upgrade". Exit statuses: ExitStatus in
// report.h.
int UpgradeMain(int argc, char** argv);

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_UPGRADE_MAIN_H_
