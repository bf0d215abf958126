#include "vpc/ucloud/request_parts.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace vpc::ucloud {

ParamsBuilder& ParamsBuilder::Add(const char* name, const std::string& value) {
  if (!value.empty()) params_.emplace(name, value);
  return *this;
}

ParamsBuilder& ParamsBuilder::Add(const char* name, int value) {
  params_.emplace(name, value);
  return *this;
}

ParamsBuilder& ParamsBuilder::Add(const char* name, const base::Mac& mac) {
  return Add(name, absl::AsciiStrToUpper(mac.ToString()));
}

ParamsBuilder& ParamsBuilder::Add(const char* name, base::Ipv4 ip) {
  return Add(name, ip.ToString());
}

ParamsBuilder& ParamsBuilder::Add(const char* name,
                                  const std::vector<std::string>& values) {
  return Add(name, Value::Array(values.begin(), values.end()));
}

ParamsBuilder& ParamsBuilder::Add(const char* name, Value::Array array) {
  if (!array.empty()) params_.emplace(name, std::move(array));
  return *this;
}

ParamsBuilder& ParamsBuilder::AddTrue(const char* name) {
  params_.emplace(name, true);
  return *this;
}

absl::Status WrongRequest(absl::string_view action, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(action, ": ", problem));
}

absl::Status Need(absl::string_view action,
                  std::initializer_list<Needed> needed) {
  for (const Needed& each : needed) {
    if (each.value.empty()) {
      return WrongRequest(action, absl::StrCat(each.name, " is empty"));
    }
  }
  return absl::OkStatus();
}

absl::Status NeedMac(absl::string_view action, const base::Mac& mac) {
  return mac == base::Mac() ? WrongRequest(action, "Mac is empty")
                            : absl::OkStatus();
}
absl::Status NeedIp(absl::string_view action, base::Ipv4 ip) {
  return ip == base::Ipv4() ? WrongRequest(action, "Ip is empty")
                            : absl::OkStatus();
}

absl::Status CheckPage(absl::string_view action, int offset, int limit) {
  if (offset < 0) return WrongRequest(action, "Offset is negative");
  if (limit < 1 || limit > kMaxPage) {
    return WrongRequest(action, absl::StrCat("Limit is not 1 to ", kMaxPage));
  }
  return absl::OkStatus();
}

}  // namespace vpc::ucloud
