#ifndef CNIVPC_E2E_CLOUD_H_
#define CNIVPC_E2E_CLOUD_H_

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/address.h"
#include "base/http.h"
#include "base/json.h"

namespace e2e {

// vpcsim in a process of its own, on free ports of the loopback interface:
// "subnet-1" with some hosts "host-1", "host-2" and so on with one interface
// each. One thread.
class Cloud {
 public:
  struct Spec {
    base::Ipv4Prefix subnet;
    int hosts = 1;
    std::vector<base::Ipv4Prefix> more = {};  // "subnet-2" and so on, empty
    uint64_t seed = 1;
    // Of the answer to a batch: applets/vpcsim/state_file.h.
    std::string batch_shape = "reference";
  };
  // Start it before there are other threads.
  static absl::StatusOr<std::unique_ptr<Cloud>> Start(const Spec& spec);
  ~Cloud();
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  const std::string& api() const { return api_; }
  // Of the n-th host, from 0.
  const std::string& metadata(int host) const { return metadata_.at(host); }
  static base::Mac MacOf(int host);

  // docs/vpcsim.md has the rules.
  absl::Status SetFaults(absl::string_view rules);
  // How often each has hit, by its id.
  absl::StatusOr<std::map<std::string, int64_t>> FaultHits();
  // The secondary addresses of a host's interface.
  absl::StatusOr<std::set<base::Ipv4>> AddressesOf(int host);

 private:
  Cloud() = default;
  absl::Status ReadPorts(int output);
  absl::StatusOr<base::Json> Ask(const std::string& method,
                                 const std::string& path,
                                 absl::string_view body = "");

  pid_t process_ = -1;
  std::string api_;
  std::vector<std::string> metadata_;
  base::HttpClient http_{base::HttpOptions{}};
};

}  // namespace e2e

#endif  // CNIVPC_E2E_CLOUD_H_
