#include "applets/ledger/ledger.h"

#include <cstdint>
#include <ctime>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status.h"

namespace applets::ledger {
namespace {

constexpr char kRebuilt[] = "rebuilt";
constexpr char kVerified[] = "verified_ns";
constexpr char kBootId[] = "boot_id";
constexpr char kBootIdFile[] = "/proc/sys/kernel/random/boot_id";

}  // namespace

absl::Duration BootNow() {
  timespec now = {};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::DurationFromTimespec(now);
}

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(
    const std::string& state_dir, const pool::Policy& policy, absl::Time now,
    absl::Time deadline) {
  ASSIGN_OR_RETURN(pool::StoreLock lock,
                   pool::StoreLock::Take(state_dir, deadline));
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(lock), policy));
  RETURN_IF_ERROR(ledger->OpenStore(state_dir, now));
  RETURN_IF_ERROR(ledger->EndLeasesOfEarlierBoot(now));
  RETURN_IF_ERROR(ledger->LoadSettings());
  return ledger;
}

absl::Status Ledger::OpenStore(const std::string& state_dir, absl::Time now) {
  auto opened = pool::Store::Open(state_dir);
  absl::Status status = opened.status();
  if (opened.ok()) {
    store_ = *std::move(opened);
    status = Replay();
  }
  if (status.code() != absl::StatusCode::kDataLoss) return status;
  store_.reset();
  ASSIGN_OR_RETURN(set_aside_, pool::Store::SetAside(state_dir, now));
  ASSIGN_OR_RETURN(store_, pool::Store::Open(state_dir));
  return absl::OkStatus();
}

absl::Status Ledger::Replay() {
  ASSIGN_OR_RETURN(const pool::Records records, store_->Load());
  pool_.Apply(records);
  return absl::OkStatus();
}

absl::Status Ledger::LoadSettings() {
  ASSIGN_OR_RETURN(const std::string rebuilt, store_->Setting(kRebuilt));
  needs_rebuild_ = rebuilt.empty();
  ASSIGN_OR_RETURN(const std::string verified, store_->Setting(kVerified));
  int64_t nanos = 0;
  if (absl::SimpleAtoi(verified, &nanos)) {
    verified_at_ = absl::FromUnixNanos(nanos);
  }
  return absl::OkStatus();
}

absl::Status Ledger::EndLeasesOfEarlierBoot(absl::Time now) {
  ASSIGN_OR_RETURN(const std::string boot_id, base::ReadFile(kBootIdFile, 100));
  ASSIGN_OR_RETURN(const std::string stored, store_->Setting(kBootId));
  if (stored == boot_id) return absl::OkStatus();
  if (!stored.empty()) {
    RETURN_IF_ERROR(Record(pool_.DecideReboot(now)));
  }
  return store_->SetSetting(kBootId, boot_id);
}

absl::Status Ledger::Record(const pool::Records& records) {
  RETURN_IF_ERROR(store_->Commit(records));
  pool_.Apply(records);
  if (observer_ && !records.empty()) observer_(records);
  return absl::OkStatus();
}

absl::Status Ledger::SetVerifiedAt(absl::Time at) {
  RETURN_IF_ERROR(
      store_->SetSetting(kVerified, absl::StrCat(absl::ToUnixNanos(at))));
  verified_at_ = at;
  return absl::OkStatus();
}

absl::Status Ledger::MarkRebuilt() {
  RETURN_IF_ERROR(store_->SetSetting(kRebuilt, "yes"));
  needs_rebuild_ = false;
  return absl::OkStatus();
}

}  // namespace applets::ledger
