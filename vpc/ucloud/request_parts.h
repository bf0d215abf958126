#ifndef CNIVPC_VPC_UCLOUD_REQUEST_PARTS_H_
#define CNIVPC_VPC_UCLOUD_REQUEST_PARTS_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/address.h"
#include "vpc/ucloud/value.h"

// What the actions' requests are built from.
namespace vpc::ucloud {

// Collects parameters and leaves out what is empty.
class ParamsBuilder {
 public:
  ParamsBuilder& Add(const char* name, const std::string& value);
  ParamsBuilder& Add(const char* name, int value);
  ParamsBuilder& Add(const char* name, const base::Mac& mac);
  ParamsBuilder& Add(const char* name, base::Ipv4 ip);
  ParamsBuilder& Add(const char* name, const std::vector<std::string>& values);
  ParamsBuilder& Add(const char* name, Value::Array array);
  template <typename T>
  ParamsBuilder& Add(const char* name, const std::optional<T>& value) {
    return value ? Add(name, *value) : *this;
  }
  ParamsBuilder& AddTrue(const char* name);
  Params Build() { return std::move(params_); }

 private:
  Params params_;
};

// INVALID_ARGUMENT "ACTION: PROBLEM".
absl::Status WrongRequest(absl::string_view action, absl::string_view problem);

// A parameter that must not be empty.
struct Needed {
  absl::string_view name;
  const std::string& value;
};
absl::Status Need(absl::string_view action,
                  std::initializer_list<Needed> needed);
// The zero address and the zero MAC stand for a forgotten one.
absl::Status NeedMac(absl::string_view action, const base::Mac& mac);
absl::Status NeedIp(absl::string_view action, base::Ipv4 ip);

// Offset is not negative, and Limit from 1 to kMaxPage.
inline constexpr int kMaxPage = 100;
absl::Status CheckPage(absl::string_view action, int offset, int limit);

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_REQUEST_PARTS_H_
