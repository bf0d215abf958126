#ifndef CNIVPC_KUBE_CLIENT_H_
#define CNIVPC_KUBE_CLIENT_H_

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/http.h"
#include "base/http_clients.h"
#include "base/http_stream.h"
#include "base/json.h"
#include "kube/config.h"
#include "kube/resource.h"
#include "kube/watch.h"

namespace kube {

struct ClientOptions {
  absl::Duration attempt_timeout = absl::Seconds(30);
  int max_attempts = 4;  // of one call, the first included
  // Between two attempts passes a random time of up to first_backoff, which
  // doubles each time up to max_backoff; half of it at least. What the server
  // asks for (Retry-After) goes first.
  absl::Duration first_backoff = absl::Milliseconds(200);
  absl::Duration max_backoff = absl::Seconds(5);
  int max_conflicts = 5;  // of one Modify
  size_t max_idle_connections = 4;
  size_t max_body_bytes = size_t{64} << 20;
  // A watch without a word, or a bookmark, for so long is given up.
  absl::Duration watch_idle_timeout = absl::Minutes(4);
};

// Which objects of a resource; "" for all of them.
struct Query {
  Resource resource;
  std::string name_space = {};
  std::string label_selector = {};
  std::string field_selector = {};
};

// What of a list is asked for.
struct PageRequest {
  // "" for what is true now, in pages; "0" for what the server has at hand, and
  // a version for that at hand if it is at least so new, in one piece (without
  // asking etcd).
  std::string resource_version = {};
  std::string next = {};  // of the page before
  int limit = 500;
};

struct Page {
  std::vector<base::Json> items;
  std::string resource_version;  // from which a watch goes on
  std::string next;              // "" for the last page
};

struct MergePatch {
  Resource resource;
  ObjectKey key;
  std::string subresource = {};  // e.g. "status"
  std::string patch = {};        // RFC 7386, JSON
  // Lists are merged, too, by the keys of their elements: only for Kubernetes'
  // own resources.
  bool strategic = false;
};

// What a deletion is for: if it is given, only this very object.
struct Precondition {
  std::string uid = {};
  std::string resource_version = {};
};

// Calls an API server, of Kubernetes 1.20 or later. Blocks; may be used by
// several threads at once.
//
// Each call takes a deadline for all of it, repetitions included. What may pass
// (error.h, MayPass) is tried again, up to max_attempts; but Create only if it
// certainly wasn't done. A 401 is tried again once if the token has changed
// meanwhile.
//
// Errors: those of error.h, base/http.h and CurrentToken; DATA_LOSS if the
// answer can't be understood. They name the method and the URL without its
// query. A token or key never stands in one, even when the server quotes it.
class Client {
 public:
  explicit Client(Config config, ClientOptions options = {});

  absl::StatusOr<base::Json> Get(const Resource& resource, const ObjectKey& key,
                                 absl::Time deadline);
  // OUT_OF_RANGE: the list has been changed too much between two pages, begin
  // again.
  absl::StatusOr<Page> ListPage(const Query& query, const PageRequest& page,
                                absl::Time deadline);
  // All pages as one; begins again by itself.
  absl::StatusOr<Page> List(const Query& query, absl::Time deadline);
  // From what `resource_version` is the state of, for some minutes, with
  // bookmarks. Tried once. OUT_OF_RANGE: that is too old; list again.
  absl::StatusOr<std::unique_ptr<Watch>> OpenWatch(
      const Query& query, const std::string& resource_version);

  // These return the object as it is now.
  absl::StatusOr<base::Json> Create(const Resource& resource,
                                    const std::string& name_space,
                                    const std::string& object,
                                    absl::Time deadline);
  absl::StatusOr<base::Json> Patch(const MergePatch& patch,
                                   absl::Time deadline);

  // NOT_FOUND: there is none (any more). ABORTED: it isn't the one meant.
  absl::Status Delete(const Resource& resource, const ObjectKey& key,
                      const Precondition& only, absl::Time deadline);

  // Reads an object, asks what to change, and changes it if nobody else has
  // meanwhile; else begins again, max_conflicts times at most. `decide` gets
  // the object and returns a merge patch without its resourceVersion, or
  // nullopt if nothing is to be changed; its errors are returned. Returns the
  // object as it is then.
  using Decide = std::function<absl::StatusOr<std::optional<std::string>>(
      const base::Json& object)>;
  absl::StatusOr<base::Json> Modify(const Resource& resource,
                                    const ObjectKey& key, const Decide& decide,
                                    absl::Time deadline);

  // Closes connections that are kept for later calls.
  void CloseIdle() { http_clients_.CloseIdle(); }

  // Makes every call under way, and each later one, return CANCELLED. A watch
  // that is open has its own Stop.
  void Stop();

  const Config& config() const { return config_; }

 private:
  struct Call {
    std::string method;
    std::string path;  // with its query
    std::string body = {};
    std::string content_type = {};
    bool repeatable = true;
  };

  absl::StatusOr<base::Json> Perform(const Call& call, absl::Time deadline);
  absl::StatusOr<base::Json> TryAuthorized(const Call& call,
                                           absl::Time deadline);
  absl::StatusOr<base::Json> Try(const Call& call, const std::string& token,
                                 absl::Time deadline);
  absl::StatusOr<base::HttpResponse> OpenStream(base::HttpStream& stream,
                                                base::HttpRequest request);
  base::HttpRequest RequestOf(const Call& call, const std::string& token) const;
  bool Pause(int attempts, const absl::Status& why, absl::Time deadline);
  bool SleepFor(absl::Duration pause);

  const Config config_;
  const ClientOptions options_;
  base::HttpClients http_clients_;
  std::mutex mutex_;
  std::condition_variable stop_;
  bool stopped_ = false;                 // guarded by mutex_
  std::set<base::HttpStream*> opening_;  // guarded by mutex_
};

}  // namespace kube

#endif  // CNIVPC_KUBE_CLIENT_H_
