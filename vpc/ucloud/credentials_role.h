#ifndef CNIVPC_VPC_UCLOUD_CREDENTIALS_ROLE_H_
#define CNIVPC_VPC_UCLOUD_CREDENTIALS_ROLE_H_

#include <condition_variable>
#include <functional>
#include <mutex>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "vpc/ucloud/credentials.h"
#include "vpc/ucloud/credentials_renewal.h"

namespace vpc::ucloud {

// Temporary keys of the node's role, renewed ahead of their end. One thread at
// a time asks for newer ones; the others go on with the old while those are
// valid, and wait when they aren't.
class RoleCredentials : public Credentials {
 public:
  // `ask` gets new keys, and may block (MetadataService::RoleKeys); `now` is
  // the time of day; `random` is used under this object's lock only, and by
  // nobody else.
  RoleCredentials(std::function<absl::StatusOr<Keys>()> ask,
                  std::function<absl::Time()> now, absl::BitGenRef random);

  absl::StatusOr<Keys> Get() override;
  void Expired(const Keys& used) override;

 private:
  void Ask(std::unique_lock<std::mutex>& lock);

  const std::function<absl::StatusOr<Keys>()> ask_;
  const std::function<absl::Time()> now_;
  absl::BitGenRef random_;  // guarded by mutex_
  std::mutex mutex_;
  std::condition_variable asked_;
  bool asking_ = false;  // guarded by mutex_
  Renewal renewal_;      // guarded by mutex_
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_CREDENTIALS_ROLE_H_
