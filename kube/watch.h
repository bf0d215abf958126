#ifndef CNIVPC_KUBE_WATCH_H_
#define CNIVPC_KUBE_WATCH_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/http.h"
#include "base/http_stream.h"
#include "kube/watch_decoder.h"

namespace kube {

// A watch that the API server has accepted; from Client::OpenWatch. Blocks. Not
// for two threads at once, but for Stop.
class Watch {
 public:
  explicit Watch(std::unique_ptr<base::HttpStream> stream)
      : stream_(std::move(stream)) {}

  // Waits for the next events, in the server's order; none: the watch has ended
  // as a watch does after some minutes, and a new one goes on from the last
  // version. Errors: those of WatchDecoder and HttpStream; after one, all that
  // came before it has been returned.
  absl::StatusOr<std::vector<WatchEvent>> Next();

  // Makes a Next under way, and each later one, return CANCELLED. For any
  // thread, while this object lives.
  void Stop() { stream_->Stop(); }

 private:
  const std::unique_ptr<base::HttpStream> stream_;
  WatchDecoder decoder_;
};

}  // namespace kube

#endif  // CNIVPC_KUBE_WATCH_H_
