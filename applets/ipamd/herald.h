#ifndef CNIVPC_APPLETS_IPAMD_HERALD_H_
#define CNIVPC_APPLETS_IPAMD_HERALD_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "applets/ipamd/journal.h"
#include "kube/event.h"
#include "pool/reason.h"

namespace applets::ipamd {

// Which of the journal's notes are told as Events of their pod: those that
// aren't routine. What happens again to the same pod for the same reason is
// counted in one Event, and written at most once in kRepeat. All in all no more
// than kBurst at once, and one in kInterval. Pure; one thread.
class Herald {
 public:
  static constexpr absl::Duration kRepeat = absl::Minutes(1);
  // The API server forgets Events after an hour; a new one is made before.
  static constexpr absl::Duration kLife = absl::Minutes(50);
  static constexpr int kBurst = 20;
  static constexpr absl::Duration kInterval = absl::Seconds(5);
  static constexpr size_t kMaxKnown = 1024;

  explicit Herald(std::string node) : node_(std::move(node)) {}

  struct Call {
    bool create = true;  // else it exists, and is to be patched
    kube::Event event;
  };
  // nullopt: nothing is to be written now.
  std::optional<Call> OnNote(const Note& note, absl::Time now);

  // How many weren't written because there were too many.
  uint64_t dropped() const { return dropped_; }
  size_t known() const { return known_.size(); }

 private:
  using Key = std::pair<std::string, pool::Reason>;  // of the pod's uid
  struct Known {
    kube::Event event;
    absl::Time written;
  };

  std::optional<Call> Repeat(Known& known, const Note& note, absl::Time now);
  bool Spend(absl::Time now);
  void MakeRoom(absl::Time now);

  const std::string node_;
  std::map<Key, Known> known_;
  // When the budget will be full again.
  absl::Time full_at_ = absl::InfinitePast();
  uint64_t dropped_ = 0;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_HERALD_H_
