#ifndef CNIVPC_KUBE_WATCH_DECODER_H_
#define CNIVPC_KUBE_WATCH_DECODER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/json.h"

namespace kube {

// One change, as a watch tells it.
struct WatchEvent {
  enum class Kind {
    kAdded,
    kModified,
    kDeleted,
    kBookmark,  // the object has nothing but a resourceVersion
  };
  Kind kind;
  base::Json object;
};

// The bytes of a watch's answer → events. A line is an event:
//
//   {"type":"ADDED","object":{…}}\n
//
// Errors are final. That of an ERROR event is what its Status says (error.h),
// OUT_OF_RANGE above all: the version is too old, list again. DATA_LOSS: what
// came is no event. RESOURCE_EXHAUSTED: a line is longer than kMaxLine.
class WatchDecoder {
 public:
  // etcd takes objects of 1.5 MiB, of which JSON may make more.
  static constexpr size_t kMaxLine = size_t{8} << 20;

  void Take(absl::string_view bytes);
  // The next event; nullopt if more bytes are needed.
  absl::StatusOr<std::optional<WatchEvent>> Next();
  // DATA_LOSS if the answer has ended within an event.
  absl::Status CheckEnd() const;

 private:
  absl::StatusOr<WatchEvent> Decode(absl::string_view line);
  std::optional<absl::string_view> NextLine();

  std::string buffer_;
  size_t begin_ = 0;    // of what isn't decoded yet
  size_t scanned_ = 0;  // no line ends before
  absl::Status error_;
};

}  // namespace kube

#endif  // CNIVPC_KUBE_WATCH_DECODER_H_
