#ifndef CNIVPC_APPLETS_VPCSIM_OPTIONS_H_
#define CNIVPC_APPLETS_VPCSIM_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "applets/vpcsim/keys.h"
#include "applets/vpcsim/server.h"
#include "base/address.h"

namespace applets::vpcsim {

// A place where the metadata service listens.
struct MetadataListen {
  Endpoint endpoint = {};
  // Who asks there, unless the address of the asker says otherwise; "" for
  // Options::host.
  std::string host = {};
};

struct Options {
  std::vector<Endpoint> listen = {{base::Ipv4(0x7f000001), 18080}};
  std::vector<MetadataListen> metadata_listen = {};
  std::vector<Endpoint> inspect_listen = {};
  std::string host = {};

  std::string state = {};  // a file
  std::optional<base::Ipv4Prefix> subnet = {};
  int hosts = 3;
  std::string persist = {};  // a file

  uint64_t seed = 1;
  std::string faults = {};  // a file
  std::vector<KeyPair> keys = {};
  absl::Duration sts_life = absl::ZeroDuration();
  bool fabric = false;
  absl::Duration fabric_lag = absl::ZeroDuration();

  bool help = false;
};

// From the arguments behind the program's name: --NAME=VALUE or --NAME VALUE;
// dashes and underscores in NAME are the same. InvalidArgument names the flag.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

// What --help prints.
std::string UsageText();

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_OPTIONS_H_
