#ifndef CNIVPC_APPLETS_UPGRADE_INTERRUPTED_H_
#define CNIVPC_APPLETS_UPGRADE_INTERRUPTED_H_

namespace applets::upgrade {

// Whether a signal that ends a process (INT, TERM, HUP) has come while it was
// blocked. It stays so.
bool IsInterrupted();

}  // namespace applets::upgrade

#endif  // CNIVPC_APPLETS_UPGRADE_INTERRUPTED_H_
