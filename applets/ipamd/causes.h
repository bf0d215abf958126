#ifndef CNIVPC_APPLETS_IPAMD_CAUSES_H_
#define CNIVPC_APPLETS_IPAMD_CAUSES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/attachment.h"
#include "pool/pool.h"
#include "pool/reason.h"

// Why an ADD gets no address now, from effect to cause. Pure.
namespace applets::ipamd {

// How the pool is supplied.
struct Supply {
  absl::Status obstacle;  // why the VPC gives no address at present
  absl::Time until = absl::InfinitePast();  // until when that is believed
  absl::Time exhausted_since = absl::InfiniteFuture();
  absl::Time verified_at = absl::InfinitePast();
  bool may_lease = true;    // compared with the VPC lately enough
  int in_flight = 0;        // addresses that the VPC has been asked for
  bool borrowing = false;   // other nodes have been asked
  std::string unlent = {};  // why they lent none; ""
};

// How things are. Borrowed for a call.
struct Scene {
  const pool::Pool& pool;
  std::string subnet;
  Supply supply = {};
  absl::Status store = absl::OkStatus();  // why records can't be stored
  bool rebuilding = false;
  bool stopping = false;
};

// A reason and a clause, such as "the pool is dry: 0 warm, 4 cooling".
struct Cause {
  pool::Reason reason;
  std::string text;
};

// Why an ADD that came now would get no address at once, each because of the
// next one; none if it would get one.
std::vector<Cause> WhyNoAddress(const Scene& scene, absl::Time now);

// What will change that, as "the VPC is asked again at 12:00:07Z".
std::string WhatIsNext(const Scene& scene, absl::Time now);

// The reason that fits an ADD's error.
pool::Reason ReasonOf(const absl::Status& refusal);

// "12:00:31Z", and the date before it unless it is within half a day of `now`;
// "unknown" for a time that is infinite.
std::string Clock(absl::Time time, absl::Time now);

// "default/web-1", or the attachment if the runtime didn't tell the pod.
std::string NameOf(const base::Pod& pod, const base::Attachment& attachment);

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_CAUSES_H_
