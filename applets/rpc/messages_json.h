#ifndef CNIVPC_APPLETS_RPC_MESSAGES_JSON_H_
#define CNIVPC_APPLETS_RPC_MESSAGES_JSON_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/address.h"
#include "base/attachment.h"
#include "base/json.h"

// For the codecs of messages*.cc only: the parts that several messages have.
// Readers ending in `In` take the member called `key` of an object, and name it
// in their errors.
namespace applets::rpc {

// A JSON text in the making.
class Writing {
 public:
  base::JsonWriter& writer() { return writer_; }
  std::string Text() const {
    return std::string(buffer_.GetString(), buffer_.GetSize());
  }

 private:
  rapidjson::StringBuffer buffer_;
  base::JsonWriter writer_{buffer_};
};

void Write(base::JsonWriter& w, const base::Attachment& a);
void Write(base::JsonWriter& w, const base::Pod& pod);
// Nothing for InfiniteFuture, which stands for "never" and "not known".
void WriteTime(base::JsonWriter& w, absl::string_view key, absl::Time time);
// Seconds, with a fraction if need be.
void WriteSeconds(base::JsonWriter& w, absl::string_view key,
                  absl::Duration duration);
void WriteFlag(base::JsonWriter& w, absl::string_view key, bool value);
// Nothing for "".
void WriteIfSet(base::JsonWriter& w, absl::string_view key,
                absl::string_view value);
void WriteAddresses(base::JsonWriter& w, absl::string_view key,
                    const std::vector<base::Ipv4>& addresses);

void WriteTexts(base::JsonWriter& w, absl::string_view key,
                const std::vector<std::string>& texts);
void WriteCount(base::JsonWriter& w, absl::string_view key, uint64_t count);

absl::StatusOr<base::Ipv4> AddressOf(const base::Json& json);
absl::StatusOr<base::Ipv4> AddressIn(const base::Json& json,
                                     absl::string_view key);
// None when it is missing.
absl::StatusOr<std::vector<base::Ipv4>> AddressesIn(const base::Json& json,
                                                    absl::string_view key);
absl::StatusOr<base::Attachment> AttachmentOf(const base::Json& json);
// The member "attachment".
absl::StatusOr<base::Attachment> AttachmentIn(const base::Json& json);
// The member "pod"; all empty when it is missing.
absl::StatusOr<base::Pod> PodIn(const base::Json& json);
absl::StatusOr<uint32_t> NumberIn(const base::Json& json,
                                  absl::string_view key);
absl::StatusOr<std::vector<std::string>> TextsIn(const base::Json& json,
                                                 absl::string_view key);
// A number of things, 0 when it is missing.
absl::StatusOr<uint64_t> CountIn(const base::Json& json, absl::string_view key);
// InfiniteFuture when it is missing.
absl::StatusOr<absl::Time> TimeIn(const base::Json& json,
                                  absl::string_view key);
// ZeroDuration when it is missing.
absl::StatusOr<absl::Duration> SecondsIn(const base::Json& json,
                                         absl::string_view key);

}  // namespace applets::rpc

#endif  // CNIVPC_APPLETS_RPC_MESSAGES_JSON_H_
