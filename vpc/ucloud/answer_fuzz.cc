// Any body is read as the answer of every action, or refused; what is taken is
// whole, and no secret comes back in an error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "vpc/ucloud/actions.h"
#include "vpc/ucloud/answer_reader.h"

namespace {

constexpr absl::string_view kSecret = "sesame";

void Must(bool holds) {
  if (!holds) std::abort();
}

void Check(const vpc::ucloud::IpInfo& ip) {
  Must(ip.prefix_length.value_or(0) >= 0 && ip.prefix_length.value_or(0) <= 32);
}
void Check(const vpc::ucloud::IpAnswer& answer) { Check(answer.ip); }
void Check(const vpc::ucloud::IpsAnswer& answer) {
  for (const auto& ip : answer.ips) Check(ip);
}
void Check(const vpc::ucloud::BatchAnswer& answer) {
  for (const auto& item : answer.items) {
    Must(!item.succeeded || item.addresses.has_value());
  }
}
void Check(const vpc::ucloud::SubnetsAnswer& answer) {
  for (const auto& subnet : answer.subnets) {
    Must(subnet.prefix.Contains(subnet.prefix.first()));
  }
}
template <typename Answer>
void Check(const Answer& /*answer*/) {}

template <typename... Requests>
void DecodeAll(const std::string& body) {
  const auto decode = [&](auto request) {
    const vpc::ucloud::AnswerReader reader(decltype(request)::kAction,
                                           {std::string(kSecret)});
    const auto reading =
        reader.Read(base::HttpResponse{.status = 200, .body = body},
                    [](const base::Json& json) {
                      const auto answer = decltype(request)::Decode(json);
                      if (answer.ok()) Check(*answer);
                      return answer.status();
                    });
    Must(reading.status.ok() == (reading.outcome == "0"));
    Must(!absl::StrContains(reading.status.ToString(), kSecret));
  };
  (decode(Requests()), ...);
}

}  // namespace

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  DecodeAll<vpc::ucloud::AllocateSecondaryIp,
            vpc::ucloud::AllocateBatchSecondaryIp,
            vpc::ucloud::DeleteSecondaryIp, vpc::ucloud::DescribeSecondaryIp,
            vpc::ucloud::DescribeSubnet,
            vpc::ucloud::DescribeInstanceNetworkInterface,
            vpc::ucloud::CreateNetworkInterface,
            vpc::ucloud::DescribeNetworkInterface,
            vpc::ucloud::DescribeUHostInstance>(body);
  return 0;
}
