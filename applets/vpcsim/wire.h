#ifndef CNIVPC_APPLETS_VPCSIM_WIRE_H_
#define CNIVPC_APPLETS_VPCSIM_WIRE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "applets/vpcsim/actions.h"
#include "applets/vpcsim/model.h"

// What a request of the cloud's API says: the parameters of GET's query, or of
// POST's body, a form or JSON. Pure.
//
// A POST's query is for logs only (`?Action=NAME` of UCloud's SDK) and isn't
// read, unless there is no body at all.
//
// JSON is flattened as form encoding would name it: {"Ip":["a"]} is Ip.0=a,
// {"A":[{"B":1}]} is A.0.B=1.
namespace applets::vpcsim {

inline constexpr size_t kMaxParams = 2048;
inline constexpr size_t kMaxNameBytes = 256;
inline constexpr size_t kMaxValueBytes = 16 << 10;

// A request as HTTP gave it.
struct WireRequest {
  enum class Method { kGet, kPost };
  Method method = Method::kGet;
  absl::string_view query;  // behind '?', still escaped
  absl::string_view content_type;
  absl::string_view body;
};

// A request that has been read; nobody has looked yet who sent it.
struct WireCall {
  Call call;  // without the parameters that say who calls
  std::string public_key;
  std::string security_token;
  std::string signature;
  // What has been signed, but for the private key at its end: all parameters
  // but Signature, sorted by name in byte order, each its name and its value.
  // In JSON a list is its elements in order, and a map is its own sorted names
  // and values; booleans are true and false, numbers have no exponent and no
  // fraction that is zero.
  std::string signed_text;
};

// Refuses with kBadParameter: what is malformed, named twice, isn't UTF-8 or
// is larger than the limits above; null in JSON.
Result<WireCall> ReadCall(const WireRequest& request);

}  // namespace applets::vpcsim

#endif  // CNIVPC_APPLETS_VPCSIM_WIRE_H_
