#ifndef CNIVPC_NETLINK_FRESH_NETNS_H_
#define CNIVPC_NETLINK_FRESH_NETNS_H_

#include "base/fd.h"

namespace netlink {

// For tests against the real kernel; needs root. Dies if it can't.

// Puts the calling thread into a new, empty network namespace until destroyed.
class FreshNetns {
 public:
  FreshNetns();
  FreshNetns(const FreshNetns&) = delete;
  FreshNetns& operator=(const FreshNetns&) = delete;
  ~FreshNetns();

  // Borrowed.
  int fd() const { return fd_.get(); }

 private:
  base::Fd home_;
  base::Fd fd_;
};

// A new, empty network namespace that lives as long as the descriptor; the
// thread stays where it is.
base::Fd MakeNetns();

}  // namespace netlink

#endif  // CNIVPC_NETLINK_FRESH_NETNS_H_
