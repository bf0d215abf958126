#include "applets/upgrade/kube_hold.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "kube/error.h"

namespace applets::upgrade {
namespace {

constexpr absl::Duration kCall = absl::Seconds(10);

absl::Time Soon() { return absl::Now() + kCall; }

std::string Stamp() {
  return absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone());
}

bool SameHold(const ClusterRecord& a, const ClusterRecord& b) {
  return a.holder == b.holder && a.renewed == b.renewed;
}

absl::Status IsAtWork(const ClusterRecord& record) {
  return absl::UnavailableError(
      absl::StrCat("another upgrader is at work: ", record.holder));
}

// Watches a hold: is its holder dead?
class Doubt {
 public:
  enum class Verdict { kAlive, kDead, kOpen };

  explicit Doubt(absl::Duration lasts) : lasts_(lasts) {}

  Verdict Look(const ClusterRecord& record, absl::Time now) {
    if (!first_) {
      first_ = record;
      since_ = now;
    }
    if (!SameHold(*first_, record)) return Verdict::kAlive;
    return now - since_ >= lasts_ ? Verdict::kDead : Verdict::kOpen;
  }

 private:
  absl::Duration lasts_;
  std::optional<ClusterRecord> first_;
  absl::Time since_;
};

}  // namespace

Hold::Hold(kube::Client& api, std::string me, const Times& times)
    : api_(api), me_(std::move(me)), times_(times) {}

Hold::~Hold() { Release(); }

ClusterRecord Hold::Mine(Wish wish) const {
  return {.holder = me_, .renewed = Stamp(), .wish = wish};
}

absl::Status Hold::CheckMine(const ClusterRecord& record) const {
  if (record.holder == me_) return absl::OkStatus();
  return absl::AbortedError(
      absl::StrCat("another upgrader has taken the run over: ",
                   record.holder.empty() ? "(gone)" : record.holder));
}

absl::StatusOr<std::optional<ClusterRecord>> Hold::Read() {
  const auto object = api_.Get(kCniUpgrades, RecordKey(), Soon());
  if (absl::IsNotFound(object.status())) {
    if (kube::ReasonOf(object.status()) == "NotFound") return std::nullopt;
    return absl::FailedPreconditionError(
        absl::StrCat("the cluster doesn't know the resource (deploy/crds.yaml "
                     "has it): ",
                     object.status().message()));
  }
  RETURN_IF_ERROR(object.status());
  ASSIGN_OR_RETURN(ClusterRecord record, DecodeRecord(*object));
  return record;
}

// If it is as it was seen. ABORTED: it isn't.
absl::StatusOr<std::optional<Fleet>> Hold::Claim(const ClusterRecord& seen) {
  const auto decide = [&](const base::Json& object)
      -> absl::StatusOr<std::optional<std::string>> {
    ASSIGN_OR_RETURN(const ClusterRecord now, DecodeHolder(object));
    if (!SameHold(now, seen)) return absl::AbortedError("it has changed");
    return HolderPatch(Mine(now.wish));
  };
  ASSIGN_OR_RETURN(const base::Json object,
                   api_.Modify(kCniUpgrades, RecordKey(), decide, Soon()));
  held_ = true;
  renewed_ = absl::Now();
  ASSIGN_OR_RETURN(ClusterRecord record, DecodeRecord(object));
  return std::move(record.fleet);
}

absl::StatusOr<std::optional<Fleet>> Hold::Take(
    const std::function<bool()>& interrupted) {
  Doubt doubt(times_.lasts);
  while (!interrupted()) {
    ASSIGN_OR_RETURN(const std::optional<ClusterRecord> record, Read());
    if (!record) {
      const auto made = api_.Create(kCniUpgrades, RecordKey().name_space,
                                    EncodeRecord(Mine(Wish::kNone)), Soon());
      if (absl::IsAlreadyExists(made.status())) continue;
      RETURN_IF_ERROR(made.status());
      held_ = true;
      renewed_ = absl::Now();
      return std::nullopt;
    }
    const bool free = record->holder.empty() || record->holder == me_;
    const auto verdict =
        free ? Doubt::Verdict::kDead : doubt.Look(*record, absl::Now());
    if (verdict == Doubt::Verdict::kAlive) return IsAtWork(*record);
    if (verdict == Doubt::Verdict::kDead) {
      auto fleet = Claim(*record);
      if (!absl::IsAborted(fleet.status())) return fleet;
    }
    absl::SleepFor(times_.pause);
  }
  return absl::CancelledError("interrupted");
}

// A wish that comes meanwhile stays for the next Beat.
absl::Status Hold::SaveOnce(const Fleet& fleet) {
  const auto decide = [&](const base::Json& object)
      -> absl::StatusOr<std::optional<std::string>> {
    ASSIGN_OR_RETURN(const ClusterRecord now, DecodeHolder(object));
    RETURN_IF_ERROR(CheckMine(now));
    ClusterRecord record = Mine(now.wish);
    record.fleet = fleet;
    std::string patch = RecordPatch(record);
    if (patch.size() <= kMaxRecordBytes) return patch;
    return absl::ResourceExhaustedError(
        "the run is too large for an object of the API server: upgrade a part "
        "of the nodes, with --nodes");
  };
  RETURN_IF_ERROR(
      api_.Modify(kCniUpgrades, RecordKey(), decide, Soon()).status());
  renewed_ = absl::Now();
  recorded_ = ToJson(fleet);
  return absl::OkStatus();
}

absl::Status Hold::Save(const Fleet& fleet) {
  const absl::Time deadline = absl::Now() + times_.patience;
  while (true) {
    const absl::Status saved = SaveOnce(fleet);
    if (absl::IsAborted(saved)) held_ = false;
    if (saved.ok() || !kube::MayPass(saved) || absl::Now() >= deadline) {
      return base::Annotate(saved, "the run can't be recorded");
    }
    absl::SleepFor(times_.pause);
  }
}

absl::Status Hold::Beat(Fleet& fleet) {
  if (absl::Now() - renewed_ < times_.renew_every) return absl::OkStatus();
  renewed_ = absl::Now();
  Fleet granted;
  const auto decide = [&](const base::Json& object)
      -> absl::StatusOr<std::optional<std::string>> {
    ASSIGN_OR_RETURN(const ClusterRecord now, DecodeHolder(object));
    RETURN_IF_ERROR(CheckMine(now));
    granted = fleet;
    Grant(now.wish, granted);
    ClusterRecord record = Mine(Wish::kNone);
    if (ToJson(granted) == recorded_) return HolderPatch(record);
    record.fleet = granted;
    return RecordPatch(record);
  };
  absl::Status renewed =
      api_.Modify(kCniUpgrades, RecordKey(), decide, Soon()).status();
  if (absl::IsAborted(renewed)) {
    held_ = false;
    return renewed;
  }
  if (!renewed.ok()) return absl::OkStatus();
  fleet = std::move(granted);
  recorded_ = ToJson(fleet);
  return absl::OkStatus();
}

absl::Status Hold::Send(Wish wish) {
  return api_
      .Patch({.resource = kCniUpgrades,
              .key = RecordKey(),
              .patch = WishPatch(wish)},
             Soon())
      .status();
}

void Hold::Release() {
  if (!std::exchange(held_, false)) return;
  const auto decide = [&](const base::Json& object)
      -> absl::StatusOr<std::optional<std::string>> {
    ASSIGN_OR_RETURN(ClusterRecord now, DecodeHolder(object));
    RETURN_IF_ERROR(CheckMine(now));
    now.holder.clear();
    return HolderPatch(now);
  };
  api_.Modify(kCniUpgrades, RecordKey(), decide, Soon()).status().IgnoreError();
}

void Grant(Wish wish, Fleet& fleet) {
  switch (wish) {
    case Wish::kNone:
      return;
    case Wish::kPause:
      fleet.paused = fleet.phase == FleetPhase::kRunning;
      return;
    case Wish::kResume:
      fleet.paused = false;
      return;
    case Wish::kAbort:
      return Stop(fleet, "aborted");
    case Wish::kRollback:
      return Return(fleet, "taken back by hand");
  }
}

}  // namespace applets::upgrade
