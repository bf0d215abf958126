#include "applets/ipamd/causes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace applets::ipamd {
namespace {

using pool::Counts;
using pool::Reason;

// "4 cooling until 12:00:31Z", "1 quarantined": what there is beside warm ones.
std::vector<std::string> Others(const pool::Pool& pool, absl::Time now) {
  const Counts counts = pool.counts();
  std::vector<std::string> others;
  const auto add = [&](int n, absl::string_view what) {
    if (n > 0) others.push_back(absl::StrCat(n, " ", what));
  };
  add(counts.leased, "leased");
  if (counts.cooling > 0) {
    others.push_back(absl::StrCat(counts.cooling, " cooling, the first until ",
                                  Clock(pool.next_warm(), now)));
  }
  add(counts.fresh, "being probed");
  add(counts.arriving, "on their way from other nodes");
  add(counts.leaving, "promised to other nodes");
  add(counts.quarantined, "quarantined");
  add(counts.releasing, "being given back");
  add(counts.popped, "popped");
  add(counts.fixed, "fixed to pods that are away");
  return others;
}

Cause Dryness(const Scene& scene, absl::Time now) {
  std::vector<std::string> parts = Others(scene.pool, now);
  parts.insert(parts.begin(), "0 warm");
  return {Reason::kPoolDry,
          absl::StrCat("the pool of subnet ", scene.subnet,
                       " is dry: ", absl::StrJoin(parts, "; "))};
}

std::string Exhaustion(const Scene& scene, absl::Time now) {
  const absl::Time since = scene.supply.exhausted_since;
  std::string text =
      absl::StrCat("subnet ", scene.subnet, " has no address left");
  if (since != absl::InfiniteFuture()) {
    absl::StrAppend(&text, " since ", Clock(since, now));
  }
  return absl::StrCat(text, " (", scene.supply.obstacle.message(), ")");
}

// Why the dry pool isn't filled.
std::vector<Cause> WhyNoSupply(const Scene& scene, absl::Time now) {
  const absl::Status& obstacle = scene.supply.obstacle;
  if (obstacle.ok()) {
    if (scene.pool.counts().fresh == 0) return {};
    return {{Reason::kProbing,
             "addresses that the VPC gave are being probed for conflicts"}};
  }
  const Reason reason = ReasonOf(obstacle);
  if (reason == Reason::kSubnetExhausted) {
    std::vector<Cause> causes = {{reason, Exhaustion(scene, now)}};
    if (!scene.supply.unlent.empty()) {
      causes.insert(causes.begin(), {Reason::kPoolDry, scene.supply.unlent});
    }
    return causes;
  }
  const absl::string_view what = reason == Reason::kVpcRefused
                                     ? "the VPC refuses: "
                                     : "the VPC can't be reached: ";
  return {{reason, absl::StrCat(what, obstacle.message())}};
}

// What keeps an ADD from any address, whatever the pool has.
std::vector<Cause> WhyNobody(const Scene& scene, absl::Time now) {
  if (scene.stopping) return {{Reason::kStopping, "ipamd is about to stop"}};
  if (scene.rebuilding) {
    return {{Reason::kRebuilding,
             "the store was lost and is being rebuilt from the VPC's list and "
             "the kernel"}};
  }
  if (!scene.store.ok()) {
    return {{Reason::kStoreFailed,
             absl::StrCat("records can't be stored: ", scene.store.message())}};
  }
  if (scene.pool.counts().warm > 0 && !scene.supply.may_lease) {
    return {{Reason::kUnverified,
             absl::StrCat("the pool was compared with the VPC last at ",
                          Clock(scene.supply.verified_at, now),
                          ", longer ago than --verify-max-age allows")}};
  }
  return {};
}

}  // namespace

std::vector<Cause> WhyNoAddress(const Scene& scene, absl::Time now) {
  std::vector<Cause> causes = WhyNobody(scene, now);
  if (!causes.empty() || scene.pool.counts().warm > 0) return causes;
  causes.push_back(Dryness(scene, now));
  for (Cause& cause : WhyNoSupply(scene, now)) {
    causes.push_back(std::move(cause));
  }
  return causes;
}

std::string WhatIsNext(const Scene& scene, absl::Time now) {
  const std::vector<Cause> causes = WhyNoAddress(scene, now);
  if (causes.empty()) return "the next ADD gets an address at once";
  switch (causes.back().reason) {
    case Reason::kStopping:
      return "the ipamd that is started next, or the plugin itself, serves it";
    case Reason::kRebuilding:
      return "the VPC is asked until it has answered";
    case Reason::kStoreFailed:
      return "the store is tried again every few seconds";
    case Reason::kUnverified:
      return "the VPC is asked for its list";
    default:
      break;
  }
  std::vector<std::string> next;
  if (scene.pool.counts().cooling > 0) {
    next.push_back(absl::StrCat("an address has rested at ",
                                Clock(scene.pool.next_warm(), now)));
  }
  if (scene.pool.counts().fresh > 0) {
    next.emplace_back("those that are probed are warm within seconds");
  }
  if (scene.supply.borrowing) {
    next.emplace_back("other nodes have been asked for an address");
  }
  if (scene.supply.in_flight > 0) {
    next.push_back(absl::StrCat("the VPC has been asked for ",
                                scene.supply.in_flight, " addresses"));
  } else if (!scene.supply.obstacle.ok()) {
    next.push_back(absl::StrCat("the VPC is asked again at ",
                                Clock(scene.supply.until, now)));
  } else {
    next.emplace_back("the VPC is asked as soon as a pod needs an address");
  }
  return absl::StrJoin(next, "; ");
}

Reason ReasonOf(const absl::Status& refusal) {
  switch (refusal.code()) {
    case absl::StatusCode::kResourceExhausted:
      return Reason::kSubnetExhausted;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return Reason::kVpcRefused;
    default:
      return Reason::kVpcUnavailable;
  }
}

std::string Clock(absl::Time time, absl::Time now) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) {
    return "unknown";
  }
  const bool near = absl::AbsDuration(time - now) < absl::Hours(12);
  return absl::FormatTime(near ? "%H:%M:%SZ" : "%Y-%m-%d %H:%M:%SZ", time,
                          absl::UTCTimeZone());
}

std::string NameOf(const base::Pod& pod, const base::Attachment& attachment) {
  if (!pod.name.empty()) return absl::StrCat(pod.ns, "/", pod.name);
  return attachment.ToString();
}

}  // namespace applets::ipamd
