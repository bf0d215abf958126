#ifndef CNIVPC_KUBE_EVENT_H_
#define CNIVPC_KUBE_EVENT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "kube/resource.h"

namespace kube {

// A core/v1 Event, as `kubectl describe pod` shows it: something that happened
// to an object of the core group, once or more often.
struct Event {
  enum class Type { kNormal, kWarning };

  ObjectKey key = {};  // its own; in the namespace of what it is about
  // What it is about.
  std::string kind = {};
  std::string about_name = {};
  std::string about_uid = {};

  Type type = Type::kNormal;
  std::string reason = {};   // a word
  std::string message = {};  // a sentence, of at most kMaxMessage bytes
  std::string component = {};
  std::string node = {};
  int64_t count = 1;
  absl::Time first = {};
  absl::Time last = {};

  static constexpr size_t kMaxMessage = 1024;

  friend bool operator==(const Event&, const Event&) = default;
};

// The object to create.
std::string EncodeEvent(const Event& event);
// A merge patch: that it has happened again.
std::string EventPatch(const Event& event);

}  // namespace kube

#endif  // CNIVPC_KUBE_EVENT_H_
