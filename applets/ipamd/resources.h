#ifndef CNIVPC_APPLETS_IPAMD_RESOURCES_H_
#define CNIVPC_APPLETS_IPAMD_RESOURCES_H_

#include <cstdint>

namespace applets::ipamd {

// This process's resident memory (proc(5), /proc/self/statm); 0 if unknown.
int64_t ResidentBytes();

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_RESOURCES_H_
