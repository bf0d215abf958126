#include "applets/ipamd/journal.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace applets::ipamd {
namespace {

using pool::Reason;

bool Matches(const Journal::Entry& entry, const Journal::Query& query) {
  const Note& note = entry.note;
  if (entry.sequence <= query.after || entry.last < query.since) return false;
  if (query.address && note.address != query.address) return false;
  return !query.pod ||
         (note.pod.ns == query.pod->ns && note.pod.name == query.pod->name);
}

void Collect(const std::list<Journal::Entry>& ring, const Journal::Query& query,
             std::vector<Journal::Entry>& found) {
  std::copy_if(ring.begin(), ring.end(), std::back_inserter(found),
               [&](const Journal::Entry& e) { return Matches(e, query); });
}

// At a boundary between characters of UTF-8.
void Shorten(std::string& text, size_t limit) {
  if (text.size() <= limit) return;
  size_t end = limit;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  text.resize(end);
  text += "...";
}

}  // namespace

bool IsRoutine(Reason reason) {
  switch (reason) {
    case Reason::kProbing:
    case Reason::kAllocated:
    case Reason::kAdmitted:
    case Reason::kLeased:
    case Reason::kDetached:
    case Reason::kWarm:
    case Reason::kCooldownExtended:
    case Reason::kReleasing:
    case Reason::kReleased:
    case Reason::kFixed:
    case Reason::kFixedMoved:
    case Reason::kFixedGone:
    case Reason::kFixedReleased:
      return true;
    default:
      return false;
  }
}

Journal::Key Journal::KeyOf(const Note& note) {
  return {note.reason, note.address, note.attachment,
          absl::StrCat(note.pod.ns, "/", note.pod.name), note.subnet};
}

Journal::Ring& Journal::RingOf(Reason reason) {
  return IsRoutine(reason) ? routine_ : notable_;
}

void Journal::Add(Note note, absl::Time now) {
  Shorten(note.text, kMaxTextBytes);
  ++last_sequence_;
  const Key key = KeyOf(note);
  if (Count(key, note, now)) return;
  Ring& ring = RingOf(note.reason);
  MakeRoom(ring);
  ring.push_back({last_sequence_, now, now, 1, std::move(note)});
  latest_.insert_or_assign(key, std::prev(ring.end()));
}

// False when there is nothing that it repeats.
bool Journal::Count(const Key& key, Note& note, absl::Time now) {
  const auto it = latest_.find(key);
  if (it == latest_.end()) return false;
  Entry& entry = *it->second;
  if (now - entry.last > kRepeat) return false;
  entry.sequence = last_sequence_;
  entry.last = now;
  ++entry.count;
  entry.note = std::move(note);
  Ring& ring = RingOf(key.reason);
  ring.splice(ring.end(), ring, it->second);
  return true;
}

void Journal::MakeRoom(Ring& ring) {
  if (ring.size() < kCapacity) return;
  const auto it = latest_.find(KeyOf(ring.front().note));
  if (it != latest_.end() && it->second == ring.begin()) latest_.erase(it);
  ring.pop_front();
  ++forgotten_;
}

std::vector<Journal::Entry> Journal::Find(const Query& query) const {
  std::vector<Entry> found;
  Collect(routine_, query, found);
  const auto middle = static_cast<std::ptrdiff_t>(found.size());
  Collect(notable_, query, found);
  std::inplace_merge(
      found.begin(), found.begin() + middle, found.end(),
      [](const Entry& a, const Entry& b) { return a.sequence < b.sequence; });
  return found;
}

}  // namespace applets::ipamd
