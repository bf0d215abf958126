#ifndef CNIVPC_VPC_UCLOUD_METADATA_SERVICE_H_
#define CNIVPC_VPC_UCLOUD_METADATA_SERVICE_H_

#include <functional>
#include <mutex>
#include <string>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/http.h"
#include "vpc/ucloud/credentials.h"
#include "vpc/ucloud/metadata.h"

namespace vpc::ucloud {

struct MetadataOptions {
  std::string base_url = "http://100.80.80.80";
  // Of one request. The service is on the node's own host: it answers soon, or
  // not at all.
  absl::Duration timeout = absl::Seconds(2);
  // Of the whole of IsThere.
  absl::Duration probe_timeout = absl::Seconds(1);
  // Requests for one thing, the first included.
  int attempts = 3;
  // Between two of them, doubled each time; half of it is random.
  absl::Duration pause = absl::Milliseconds(200);
  // Of the temporary keys: what the API allows at most.
  absl::Duration key_life = absl::Hours(1);
  // Who asks for keys, in the cloud's own records.
  std::string session_name = "cnivpc";
};

// How long to wait after the attempt-th request has failed, the first being 0.
absl::Duration PauseAfter(int attempt, const MetadataOptions& options,
                          absl::BitGenRef random);

// What a UCloud node can ask about itself. Calls block, for `attempts` times
// `timeout` and the pauses at most; they may come from several threads.
//
// NOT_FOUND: the service doesn't know of such a thing (HTTP 404). UNAVAILABLE:
// no answer, HTTP 5xx or 429, after all attempts. FAILED_PRECONDITION: another
// HTTP status. INVALID_ARGUMENT: the answer isn't what it should be. No error
// quotes an answer's text, which may hold keys.
class MetadataService {
 public:
  using Fetch = std::function<absl::StatusOr<base::HttpResponse>(
      const base::HttpRequest&)>;

  // What it needs of the world. The default is the real one.
  struct Means {
    Fetch fetch;
    std::function<void(absl::Duration)> sleep;
  };
  static Means RealMeans();

  // `random` is used under this object's lock only, and by nobody else.
  MetadataService(MetadataOptions options, Means means, absl::BitGenRef random);

  // Whether this is a UCloud node: one request.
  bool IsThere();

  // /meta-data/v1.json
  absl::StatusOr<Identity> GetIdentity();
  // One value: "/meta-data/v1/KEY", "/meta-data/latest/region". Without the
  // white space around it.
  absl::StatusOr<std::string> Value(absl::string_view path);
  // Temporary keys of the node's role, from v2 of the interface, or v1 where
  // that doesn't give any. NOT_FOUND when there is no such role.
  absl::StatusOr<Keys> RoleKeys(absl::string_view role);

 private:
  base::HttpRequest RequestOf(absl::string_view path) const;
  absl::StatusOr<std::string> Ask(const base::HttpRequest& request);
  absl::StatusOr<std::string> AskOnce(const base::HttpRequest& request);
  absl::StatusOr<Keys> RoleKeysV1(absl::string_view role);
  absl::StatusOr<Keys> RoleKeysV2(absl::string_view role);

  const MetadataOptions options_;
  const Means means_;
  std::mutex mutex_;
  absl::BitGenRef random_;  // guarded by mutex_
};

}  // namespace vpc::ucloud

#endif  // CNIVPC_VPC_UCLOUD_METADATA_SERVICE_H_
