#include "kube/mirror.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/random/distributions.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace kube {
namespace {

// A watch that ends earlier, and without a word, counts as an error: else it
// would be opened again and again.
constexpr absl::Duration kShortWatch = absl::Seconds(5);

struct Identity {
  ObjectKey key;
  std::string version;
};

absl::StatusOr<Identity> IdentityOf(const base::Json& object) {
  ASSIGN_OR_RETURN(const base::Json meta, object.Get("metadata"));
  Identity identity;
  ASSIGN_OR_RETURN(identity.key.name, meta.String("name"));
  ASSIGN_OR_RETURN(identity.key.name_space, meta.String("namespace", ""));
  ASSIGN_OR_RETURN(identity.version, meta.String("resourceVersion"));
  return identity;
}

}  // namespace

Mirror::Step Mirror::next() const {
  if (!version_.empty()) return {Step::What::kWatch, version_, not_before_};
  return {complete_ ? Step::What::kList : Step::What::kListAtHand, "",
          not_before_};
}

std::vector<Change> Mirror::OnListed(const absl::StatusOr<Page>& list,
                                     absl::Time now) {
  if (!list.ok()) {
    Fail(list.status(), backoff_, now);
    return {};
  }
  backoff_ = absl::ZeroDuration();
  version_ = list->resource_version;
  complete_ = true;
  status_ = absl::OkStatus();
  return Replace(*list);
}

// What the list has is so; what it lacks is gone. An object without a name
// can't be told from others, and is left out.
std::vector<Change> Mirror::Replace(const Page& list) {
  std::vector<Change> changes;
  std::map<ObjectKey, std::string> versions;
  for (const base::Json& object : list.items) {
    absl::StatusOr<Identity> identity = IdentityOf(object);
    if (!identity.ok()) continue;
    const auto known = versions_.find(identity->key);
    if (known == versions_.end() || known->second != identity->version) {
      changes.push_back({identity->key, object});
    }
    versions[identity->key] = std::move(identity->version);
  }
  for (const auto& [key, version] : versions_) {
    if (!versions.contains(key)) changes.push_back({key, std::nullopt});
  }
  versions_ = std::move(versions);
  return changes;
}

void Mirror::OnOpened(absl::Time now) {
  opened_at_ = now;
  backoff_ = absl::ZeroDuration();
  status_ = absl::OkStatus();
}

std::vector<Change> Mirror::OnEvents(const std::vector<WatchEvent>& events,
                                     absl::Time now) {
  std::vector<Change> changes;
  for (const WatchEvent& event : events) {
    const absl::Status status = Take(event, changes);
    if (status.ok()) continue;
    version_.clear();  // something is missing now: list
    Fail(absl::DataLossError(absl::StrCat("an event: ", status.message())),
         watch_backoff_, now);
    return changes;
  }
  watch_backoff_ = absl::ZeroDuration();
  return changes;
}

absl::Status Mirror::Take(const WatchEvent& event,
                          std::vector<Change>& changes) {
  if (event.kind == WatchEvent::Kind::kBookmark) {
    ASSIGN_OR_RETURN(const base::Json meta, event.object.Get("metadata"));
    ASSIGN_OR_RETURN(version_, meta.String("resourceVersion"));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(Identity identity, IdentityOf(event.object));
  version_ = identity.version;
  if (event.kind == WatchEvent::Kind::kDeleted) {
    if (versions_.erase(identity.key) > 0) {
      changes.push_back({std::move(identity.key), std::nullopt});
    }
    return absl::OkStatus();
  }
  versions_[identity.key] = std::move(identity.version);
  changes.push_back({std::move(identity.key), event.object});
  return absl::OkStatus();
}

void Mirror::OnEnded(const absl::Status& status, absl::Time now) {
  const bool began = opened_at_ != absl::InfiniteFuture();
  const bool lasted = began && now - opened_at_ >= kShortWatch;
  opened_at_ = absl::InfiniteFuture();
  if (lasted) watch_backoff_ = absl::ZeroDuration();
  not_before_ = absl::InfinitePast();
  if (lasted && status.ok()) return;
  const bool list = absl::IsOutOfRange(status) || absl::IsDataLoss(status);
  if (list) version_.clear();
  Fail(status.ok() ? absl::UnavailableError("the watch ended at once") : status,
       began || list ? watch_backoff_ : backoff_, now);
}

void Mirror::Fail(const absl::Status& status, absl::Duration& backoff,
                  absl::Time now) {
  // That we are to list again is no trouble of the server's.
  if (!absl::IsOutOfRange(status)) status_ = status;
  backoff =
      std::clamp(backoff * 2, options_.first_backoff, options_.max_backoff);
  not_before_ = now + absl::Uniform(random_, 0.5, 1.0) * backoff;
}

}  // namespace kube
