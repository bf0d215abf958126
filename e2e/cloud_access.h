#ifndef CNIVPC_E2E_CLOUD_ACCESS_H_
#define CNIVPC_E2E_CLOUD_ACCESS_H_

#include "absl/time/time.h"
#include "e2e/cloud.h"
#include "vpc/ucloud/access.h"

namespace e2e {

// How the cloud's n-th host, from 0, calls its API: with the role's temporary
// keys, and hardly waiting before it tries again.
inline vpc::ucloud::AccessOptions AccessOf(const Cloud& cloud, int host) {
  vpc::ucloud::AccessOptions options;
  options.metadata.base_url = cloud.metadata(host);
  options.environment_file = "";
  options.client.endpoint = cloud.api();
  options.client.region = "cn-bj2";
  options.client.first_backoff = absl::Milliseconds(1);
  options.client.max_backoff = absl::Milliseconds(1);
  return options;
}

}  // namespace e2e

#endif  // CNIVPC_E2E_CLOUD_ACCESS_H_
