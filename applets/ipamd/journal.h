#ifndef CNIVPC_APPLETS_IPAMD_JOURNAL_H_
#define CNIVPC_APPLETS_IPAMD_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "pool/reason.h"

namespace applets::ipamd {

// Something that happened, or that is so. What doesn't apply stays empty.
struct Note {
  pool::Reason reason = pool::Reason::kWarm;
  std::optional<base::Ipv4> address = {};
  base::Attachment attachment = {};
  base::Pod pod = {};
  std::string subnet = {};
  std::string text = {};
  absl::Time until = absl::InfiniteFuture();  // when it will be over, if known
};

// What happened on this node, for people: `cnivpctl events` and `why`. The
// store keeps states, the journal keeps stories. It survives nothing: it is in
// memory only, begins with the daemon, and forgets the oldest notes. So nothing
// may be decided by it.
//
// A note that says the same as an earlier one, that is, has the same reason,
// address, attachment, pod and subnet, is counted there, unless that one is
// older than kRepeat; the newer text and `until` replace those of before.
//
// What happens all the time (an address leased, a pod gone) has a ring of its
// own, so that it never makes an error be forgotten.
//
// Pure; one thread.
class Journal {
 public:
  // Of each of the two rings.
  static constexpr size_t kCapacity = 1024;
  static constexpr absl::Duration kRepeat = absl::Minutes(10);
  static constexpr size_t kMaxTextBytes = 1024;

  explicit Journal(absl::Time began) : began_(began) {}

  struct Entry {
    uint64_t sequence = 0;  // grows with each Add, also when counted again
    absl::Time first;
    absl::Time last;
    uint64_t count = 1;
    Note note;
  };

  void Add(Note note, absl::Time now);

  struct Query {
    uint64_t after = 0;  // sequences above it
    std::optional<base::Ipv4> address = {};
    std::optional<base::Pod> pod = {};  // by namespace and name
    absl::Time since = absl::InfinitePast();
  };
  // What matches all of the query, by sequence: the oldest first.
  std::vector<Entry> Find(const Query& query) const;

  absl::Time began() const { return began_; }
  uint64_t last_sequence() const { return last_sequence_; }
  // How many entries had to make room.
  uint64_t forgotten() const { return forgotten_; }

 private:
  using Ring = std::list<Entry>;  // by sequence
  struct Key {
    pool::Reason reason;
    std::optional<base::Ipv4> address;
    base::Attachment attachment;
    std::string pod;
    std::string subnet;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.reason, k.address, k.attachment, k.pod,
                        k.subnet);
    }
  };
  static Key KeyOf(const Note& note);
  Ring& RingOf(pool::Reason reason);
  bool Count(const Key& key, Note& note, absl::Time now);
  void MakeRoom(Ring& ring);

  const absl::Time began_;
  uint64_t last_sequence_ = 0;
  uint64_t forgotten_ = 0;
  Ring routine_;
  Ring notable_;
  absl::flat_hash_map<Key, Ring::iterator> latest_;
};

// Whether it is what happens all the time, and nothing to look into.
bool IsRoutine(pool::Reason reason);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_JOURNAL_H_
