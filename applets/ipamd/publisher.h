#ifndef CNIVPC_APPLETS_IPAMD_PUBLISHER_H_
#define CNIVPC_APPLETS_IPAMD_PUBLISHER_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kube/custom_resources.h"

namespace applets::ipamd {

// When this node's Ipamd resource is written: when it would say something new,
// no more than once in kInterval, and now and then in any case, for somebody
// may have deleted it. Pure; one thread.
class Publisher {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(5);
  static constexpr absl::Duration kRefresh = absl::Minutes(10);
  // After an error, doubled with each further one.
  static constexpr absl::Duration kMaxBackoff = absl::Minutes(1);

  // What there is to say.
  void Set(kube::Ipamd ipamd) { wanted_ = std::move(ipamd); }

  struct Call {
    kube::Ipamd ipamd;
    // The resource may not exist, or not belong to its node.
    bool adopt = false;
  };
  // What is to be written now; OnWritten is to follow.
  std::optional<Call> Next(absl::Time now);
  // NOT_FOUND: there is no such object any more.
  void OnWritten(const absl::Status& status, absl::Time now);
  // When Next has something, if nothing changes until then.
  absl::Time deadline() const;

 private:
  absl::Time DueAt() const;

  kube::Ipamd wanted_;
  kube::Ipamd writing_;
  std::optional<kube::Ipamd> written_;
  bool busy_ = false;
  bool adopt_ = true;
  absl::Time not_before_ = absl::InfinitePast();
  absl::Time refresh_at_ = absl::InfinitePast();
  absl::Duration backoff_ = kInterval;
};

}  // namespace applets::ipamd

#endif  // CNIVPC_APPLETS_IPAMD_PUBLISHER_H_
