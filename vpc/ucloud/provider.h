#ifndef CNIVPC_VPC_UCLOUD_PROVIDER_H_
#define CNIVPC_VPC_UCLOUD_PROVIDER_H_

#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "vpc/provider.h"
#include "vpc/ucloud/access.h"
#include "vpc/ucloud/actions.h"
#include "vpc/ucloud/answers.h"
#include "vpc/ucloud/place.h"

namespace vpc::ucloud {

struct ProviderOptions {
  // How long one call may take, with all its attempts and pauses: if a pod
  // waits for it, and else.
  absl::Duration pod_patience = absl::Seconds(30);
  absl::Duration patience = absl::Seconds(60);
  // The interface's own address, which no list has, and nobody gives back.
  std::optional<base::Ipv4> own_address = {};
};

// UCloud's VPC, for one interface of this node in its subnet: the interface's
// secondary addresses.
//
//   Allocate   AllocateBatchSecondaryIp, or AllocateSecondaryIp for one and
//              where the other is refused; one call, so kMaxBatch at most
//   Claim      AllocateSecondaryIp with the address
//   TakeOver   MoveSecondaryIPMac
//   Release    DeleteSecondaryIp; so does ReleaseFor
//   List       DescribeSecondaryIp by MAC, once
//   Describe   DescribeSubnet
//
// An address that the answer says another MAC has is never used: Allocate gives
// it back, and List fails when it lists one, for an answer that is wrong in one
// place may be in others. Claim and TakeOver that were refused, or whose
// outcome isn't known, ask once who has the address (DescribeSecondaryIp), as
// the answer doesn't tell an own one from another's.
class InterfaceProvider : public Provider {
 public:
  // What the API gives at most at once.
  static constexpr int kMaxBatch = 100;

  // `access` must be for the place's region and project.
  InterfaceProvider(std::shared_ptr<Access> access, Place place,
                    ProviderOptions options = {});

  absl::StatusOr<std::vector<base::Ipv4>> Allocate(int count,
                                                   Priority priority) override;
  absl::Status Claim(base::Ipv4 address) override;
  absl::Status TakeOver(base::Ipv4 address, const base::Mac& from) override;
  absl::Status Release(base::Ipv4 address) override;
  absl::Status ReleaseFor(const Holding& holding) override;
  absl::StatusOr<std::vector<base::Ipv4>> List() override;
  absl::StatusOr<Subnet> Describe() override;
  // Of all the providers that share the access.
  Usage usage() const override;

  const Place& place() const { return place_; }

 private:
  // An address as it was given, and to whom.
  struct Given {
    base::Ipv4 ip;
    std::optional<base::Mac> mac;
    std::string subnet_id;
  };

  template <typename Request>
  absl::StatusOr<typename Request::Answer> Call(const Request& request,
                                                Priority priority);
  AllocateSecondaryIp OneMore() const;
  DeleteSecondaryIp Deletion(base::Ipv4 address) const;
  absl::StatusOr<std::vector<base::Ipv4>> AllocateOne(Priority priority);
  absl::StatusOr<std::vector<base::Ipv4>> AllocateSeveral(int count,
                                                          Priority priority);
  absl::StatusOr<std::vector<base::Ipv4>> Keep(const std::vector<Given>& given);
  bool IsOurs(const Given& given) const;
  void GiveBack(const Given& stray);
  absl::StatusOr<std::optional<base::Mac>> OwnerOf(base::Ipv4 address);
  absl::Status JudgeClaim(base::Ipv4 address, const absl::Status& refusal);
  absl::Status JudgeMove(base::Ipv4 address, const base::Mac& from,
                         const absl::Status& refusal);

  const std::shared_ptr<Access> access_;
  const Place place_;
  const ProviderOptions options_;
  std::atomic<bool> has_batches_ = true;
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_PROVIDER_H_
