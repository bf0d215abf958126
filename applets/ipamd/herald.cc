#include "applets/ipamd/herald.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace applets::ipamd {
namespace {

constexpr char kComponent[] = "cni-vpc-ipamd";
// Of a pod's name in that of an Event, which has 253 bytes.
constexpr size_t kMaxPodName = 200;

bool IsTold(const Note& note) {
  return !note.pod.uid.empty() && !note.pod.name.empty() &&
         !IsRoutine(note.reason) &&
         // The pod is being deleted: nobody waits for it.
         note.reason != pool::Reason::kDeleted;
}

std::string MessageOf(const Note& note) {
  std::string message(pool::MeaningOf(note.reason));
  if (note.address) {
    absl::StrAppend(&message, " Address ", note.address->ToString(), ".");
  }
  if (!note.text.empty()) absl::StrAppend(&message, " ", note.text);
  return message;
}

kube::Event EventOf(const Note& note, const std::string& node, absl::Time now) {
  kube::Event event;
  event.key.name_space = note.pod.ns;
  event.key.name = absl::StrCat(
      note.pod.name.substr(0, kMaxPodName), ".", pool::NameOf(note.reason), ".",
      absl::Hex(absl::ToUnixNanos(now), absl::kZeroPad16));
  event.kind = "Pod";
  event.about_name = note.pod.name;
  event.about_uid = note.pod.uid;
  event.type = note.reason == pool::Reason::kDrift
                   ? kube::Event::Type::kNormal
                   : kube::Event::Type::kWarning;
  event.reason = std::string(pool::NameOf(note.reason));
  event.message = MessageOf(note);
  event.component = kComponent;
  event.node = node;
  event.first = event.last = now;
  return event;
}

}  // namespace

std::optional<Herald::Call> Herald::OnNote(const Note& note, absl::Time now) {
  if (!IsTold(note)) return std::nullopt;
  const Key key(note.pod.uid, note.reason);
  const auto it = known_.find(key);
  if (it != known_.end() && now - it->second.event.first < kLife) {
    return Repeat(it->second, note, now);
  }
  if (!Spend(now)) return std::nullopt;
  MakeRoom(now);
  const Known known = {EventOf(note, node_, now), now};
  known_.insert_or_assign(key, known);
  return Call{true, known.event};
}

std::optional<Herald::Call> Herald::Repeat(Known& known, const Note& note,
                                           absl::Time now) {
  ++known.event.count;
  known.event.last = now;
  known.event.message = MessageOf(note);
  if (now - known.written < kRepeat || !Spend(now)) return std::nullopt;
  known.written = now;
  return Call{false, known.event};
}

// Each takes kInterval, of which kBurst may be taken in advance.
bool Herald::Spend(absl::Time now) {
  const absl::Time full_at = std::max(full_at_, now) + kInterval;
  if (full_at - now > kBurst * kInterval) {
    ++dropped_;
    return false;
  }
  full_at_ = full_at;
  return true;
}

void Herald::MakeRoom(absl::Time now) {
  if (known_.size() < kMaxKnown) return;
  std::erase_if(known_, [&](const auto& entry) {
    return now - entry.second.event.first >= kLife;
  });
  if (known_.size() >= kMaxKnown) known_.clear();
}

}  // namespace applets::ipamd
