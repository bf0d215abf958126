#ifndef CNIVPC_KUBE_MIRROR_H_
#define CNIVPC_KUBE_MIRROR_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/json.h"
#include "kube/client.h"
#include "kube/resource.h"
#include "kube/watch_decoder.h"

namespace kube {

// An object as it is now, or that it is gone (nullopt).
struct Change {
  ObjectKey key;
  std::optional<base::Json> object;
};

struct MirrorOptions {
  // After an error passes a random time of up to first_backoff, which doubles
  // with each further error up to max_backoff; half of it at least. When the
  // server is back, a watch that it ends at once counts from the beginning.
  absl::Duration first_backoff = absl::Milliseconds(500);
  absl::Duration max_backoff = absl::Seconds(30);
};

// Follows the objects of a query: list, then watch from there; go on when a
// watch ends; list again when the server has forgotten where we were. What it
// tells, from the first list on, is complete and in the server's order, however
// often the connection broke: an object that vanished meanwhile is told to be
// gone by the next list.
//
// Pure: Follower (follower.h) makes the calls. Remembers of an object only its
// key and version.
class Mirror {
 public:
  explicit Mirror(absl::BitGenRef random, MirrorOptions options = {})
      : random_(random), options_(options) {}

  // What is to be done next, not before `at`.
  struct Step {
    enum class What {
      kListAtHand,  // what the server has at hand will do: the first time
      kList,        // what is true now, since what is at hand may be older than
                    // what we know already
      kWatch,       // from resource_version on
    };
    What what = What::kListAtHand;
    std::string resource_version = {};
    absl::Time at = absl::InfinitePast();
  };
  Step next() const;

  // What came of it.
  std::vector<Change> OnListed(const absl::StatusOr<Page>& list,
                               absl::Time now);
  // A watch has been opened.
  void OnOpened(absl::Time now);
  std::vector<Change> OnEvents(const std::vector<WatchEvent>& events,
                               absl::Time now);
  // It couldn't be opened, has ended (OK), or broke.
  void OnEnded(const absl::Status& status, absl::Time now);

  // Whether there has been a first list.
  bool complete() const { return complete_; }
  // OK, or why we may be behind.
  const absl::Status& status() const { return status_; }

 private:
  std::vector<Change> Replace(const Page& list);
  absl::Status Take(const WatchEvent& event, std::vector<Change>& changes);
  void Fail(const absl::Status& status, absl::Duration& backoff,
            absl::Time now);

  absl::BitGenRef random_;
  const MirrorOptions options_;
  std::map<ObjectKey, std::string> versions_;
  std::string version_;  // of the whole; "" if a list is needed
  bool complete_ = false;
  absl::Status status_;
  absl::Time not_before_ = absl::InfinitePast();
  // Before the next attempt: after calls that failed; and after watches that
  // did begin, but brought nothing.
  absl::Duration backoff_ = absl::ZeroDuration();
  absl::Duration watch_backoff_ = absl::ZeroDuration();
  absl::Time opened_at_ = absl::InfiniteFuture();
};

}  // namespace kube

#endif  // CNIVPC_KUBE_MIRROR_H_
