#ifndef CNIVPC_VPC_UCLOUD_ACTIONS_H_
#define CNIVPC_VPC_UCLOUD_ACTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/address.h"
#include "base/json.h"
#include "vpc/ucloud/answers.h"
#include "vpc/ucloud/value.h"

// The actions of VPC 2.0 and UHost that this project uses. Each is a struct
// with
//
//   kAction     its name
//   Answer      what it is answered with
//   params()    its parameters, but for those of every call (Action, Region,
//               ProjectId, keys). Empty members are left out.
//   Check()     INVALID_ARGUMENT for a request that the API would refuse, or
//               would read as another
//   repeatable()  whether it may be sent again when nobody knows what became of
//               it: the end is the same as if it was sent once. True for what
//               only reads, and for what names the very thing.
//   Decode()    reads the answer
//
// MACs are written in upper case, as the API does.
namespace vpc::ucloud {

// Gives an interface one more address. `object_id`: the id of the node's
// default network interface, else the instance's (ObjectIdOf in metadata.h).
struct AllocateSecondaryIp {
  static constexpr absl::string_view kAction = "AllocateSecondaryIp";
  using Answer = IpAnswer;

  std::string zone = {};
  base::Mac mac = {};
  std::string object_id = {};
  std::string subnet_id = {};
  std::string vpc_id = {};
  std::optional<base::Ipv4> ip = {};  // that very address; nullopt: any

  Params params() const;
  absl::Status Check() const;
  // With `ip`. It may be refused the second time because the first was done:
  // after an error, DescribeSecondaryIp tells.
  bool repeatable() const { return ip.has_value(); }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

// Several at once: `count` any ones, or those in `ips`. Each may fail alone.
struct AllocateBatchSecondaryIp {
  static constexpr absl::string_view kAction = "AllocateBatchSecondaryIp";
  static constexpr int kMinPrefixLength = 27;  // of a block in `ips`
  using Answer = BatchAnswer;

  std::string zone = {};
  base::Mac mac = {};
  std::string object_id = {};
  std::string subnet_id = {};
  std::string vpc_id = {};
  int count = 0;                           // either this,
  std::vector<base::Ipv4Prefix> ips = {};  // or these

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return !ips.empty(); }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

// NOT_FOUND (RetCode 58221) when the interface hasn't got it: then it is done.
struct DeleteSecondaryIp {
  static constexpr absl::string_view kAction = "DeleteSecondaryIp";
  using Answer = NoAnswer;

  std::string zone = {};
  base::Ipv4 ip = {};
  base::Mac mac = {};
  std::string subnet_id = {};
  std::string vpc_id = {};
  std::string object_id = {};

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return true; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

// The addresses of a subnet; with `mac` all those of one interface.
struct DescribeSecondaryIp {
  static constexpr absl::string_view kAction = "DescribeSecondaryIp";
  using Answer = IpsAnswer;

  std::string subnet_id = {};
  std::string vpc_id = {};
  std::optional<base::Ipv4> ip = {};
  std::optional<base::Mac> mac = {};

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return true; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

// Moves an address between two interfaces of one subnet.
struct MoveSecondaryIPMac {
  static constexpr absl::string_view kAction = "MoveSecondaryIPMac";
  using Answer = NoAnswer;

  base::Ipv4 ip = {};
  base::Mac old_mac = {};
  base::Mac new_mac = {};
  std::string subnet_id = {};

  Params params() const;
  absl::Status Check() const;
  // Never: somebody may have moved it on meanwhile, and even back.
  // DescribeSecondaryIp tells who has it.
  bool repeatable() const { return false; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

struct DescribeSubnet {
  static constexpr absl::string_view kAction = "DescribeSubnet";
  using Answer = SubnetsAnswer;

  std::vector<std::string> subnet_ids = {};  // empty: all
  std::string vpc_id = {};
  int offset = 0;
  int limit = 20;

  // Asks for available_ips, too.
  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return true; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

// The interfaces of an instance.
struct DescribeInstanceNetworkInterface {
  static constexpr absl::string_view kAction =
      "DescribeInstanceNetworkInterface";
  using Answer = InterfacesAnswer;

  std::string instance_id = {};
  int offset = 0;
  int limit = 20;

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return true; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

struct PrioritySecGroup {
  std::string sec_group_id = {};
  int priority = 1;
};

struct CreateNetworkInterface {
  static constexpr absl::string_view kAction = "CreateNetworkInterface";
  using Answer = InterfaceAnswer;

  std::string vpc_id = {};
  std::string subnet_id = {};
  std::string name = {};
  // Its security groups; with any, SecurityMode is 1.
  std::vector<PrioritySecGroup> sec_groups = {};

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return false; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

// ALREADY_EXISTS (RetCode 58205) when it is attached, to whatever instance.
struct AttachNetworkInterface {
  static constexpr absl::string_view kAction = "AttachNetworkInterface";
  using Answer = NoAnswer;

  std::string interface_id = {};
  std::string instance_id = {};

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return false; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

struct DetachNetworkInterface {
  static constexpr absl::string_view kAction = "DetachNetworkInterface";
  using Answer = NoAnswer;

  std::string interface_id = {};
  std::string instance_id = {};

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return false; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

struct DeleteNetworkInterface {
  static constexpr absl::string_view kAction = "DeleteNetworkInterface";
  using Answer = NoAnswer;

  std::string interface_id = {};

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return true; }  // an id isn't given twice
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

struct DescribeNetworkInterface {
  static constexpr absl::string_view kAction = "DescribeNetworkInterface";
  using Answer = InterfacesAnswer;

  std::vector<std::string> interface_ids = {};  // empty: all
  std::string vpc_id = {};
  std::string subnet_id = {};
  int offset = 0;
  int limit = 20;

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return true; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

struct DescribeUHostInstance {
  static constexpr absl::string_view kAction = "DescribeUHostInstance";
  using Answer = HostsAnswer;

  std::string zone = {};
  std::vector<std::string> host_ids = {};  // empty: all
  int offset = 0;
  int limit = 20;

  Params params() const;
  absl::Status Check() const;
  bool repeatable() const { return true; }
  static absl::StatusOr<Answer> Decode(const base::Json& answer);
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_ACTIONS_H_
