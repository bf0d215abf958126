#ifndef CNIVPC_VPC_UCLOUD_INTERFACES_H_
#define CNIVPC_VPC_UCLOUD_INTERFACES_H_

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "vpc/interfaces.h"
#include "vpc/ucloud/access.h"
#include "vpc/ucloud/actions.h"
#include "vpc/ucloud/answers.h"
#include "vpc/ucloud/creations.h"
#include "vpc/ucloud/place.h"

namespace vpc::ucloud {

struct InterfacesOptions {
  // Where it is written down that an interface is being created (creations.h).
  std::string intent_dir;
  absl::Duration patience = absl::Seconds(60);  // of one call to the API
  std::function<absl::Time()> now = absl::Now;
};

// UCloud's network interfaces (UNI) for this node.
//
//   Ensure   DescribeNetworkInterface of the subnet, by name;
//            CreateNetworkInterface and AttachNetworkInterface if need be
//   Remove   DescribeNetworkInterface, DetachNetworkInterface,
//            DeleteNetworkInterface
//   List     DescribeNetworkInterface of the VPC
//
// CreateNetworkInterface makes a new one each time. So it is written down
// before; and while one whose outcome isn't known may still take effect, or the
// VPC's list may lag behind it, none is made: Ensure looks, and says
// UNAVAILABLE. Should there be two of one name all the same, the one that is
// attached here or else the first by id stays, and those that nobody has are
// deleted.
class NodeInterfaces : public Interfaces {
 public:
  // `main` is the node's main place, with its instance_id; `access` must be for
  // its region and project.
  NodeInterfaces(std::shared_ptr<Access> access, Place main,
                 InterfacesOptions options);

  std::string NameOf(const InterfaceWish& wish) const override;
  absl::StatusOr<vpc::Interface> Ensure(const InterfaceWish& wish) override;
  absl::Status Remove(const std::string& id) override;
  absl::StatusOr<std::vector<vpc::Interface>> List() override;

 private:
  template <typename Request>
  absl::StatusOr<typename Request::Answer> Call(const Request& request);
  absl::StatusOr<std::vector<InterfaceInfo>> All(const std::string& subnet);
  absl::StatusOr<std::optional<InterfaceInfo>> ById(const std::string& id);
  absl::StatusOr<std::optional<InterfaceInfo>> Find(const InterfaceWish& wish);
  absl::StatusOr<InterfaceInfo> Create(const InterfaceWish& wish);
  absl::Status Attach(const InterfaceInfo& found);
  absl::Status JudgeAttach(const InterfaceInfo& found,
                           const absl::Status& refusal);
  absl::Status Detach(const std::string& id);
  absl::Status Delete(const std::string& id);
  void DeleteSpare(const InterfaceInfo& spare);
  absl::StatusOr<vpc::Interface> Describe(const InterfaceInfo& info);
  bool IsMine(const InterfaceInfo& info) const;
  bool IsHere(const InterfaceInfo& info) const;

  const std::shared_ptr<Access> access_;
  const Place main_;
  const InterfacesOptions options_;
  std::mutex mutex_;  // held by each call as a whole
  Creations creations_;
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_INTERFACES_H_
