#ifndef CNIVPC_APPLETS_IPAMD_ERRAND_H_
#define CNIVPC_APPLETS_IPAMD_ERRAND_H_

#include <functional>
#include <memory>
#include <utility>

#include "base/loop.h"

namespace applets::ipamd {

// Has a worker run `blocking`; what that returns runs on the loop's thread
// afterwards, unless `owner` is gone by then. `blocking` itself must not need
// the owner; the loop must outlive the workers.
inline void RunErrand(base::Workers& workers, base::Loop& loop,
                      std::weak_ptr<const bool> owner,
                      std::function<base::Task()> blocking) {
  workers.Run(
      [&loop, owner = std::move(owner), blocking = std::move(blocking)] {
        loop.Post([owner, finish = blocking()] {
          if (!owner.expired()) finish();
        });
      });
}

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_ERRAND_H_
