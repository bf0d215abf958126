#include "applets/rpc/peer_messages.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/json.h"
#include "base/status.h"

namespace applets::rpc {
namespace {

using base::Json;
using base::JsonWriter;
using base::WriteMember;

// A promise that is longer would keep an address from everybody for too long.
constexpr absl::Duration kMaxHeld = absl::Hours(1);
constexpr int64_t kMaxSpare = int64_t{1} << 24;

class Object {
 public:
  Object() { writer_.StartObject(); }
  template <typename T>
  Object& Add(absl::string_view key, const T& value) {
    WriteMember(writer_, key, value);
    return *this;
  }
  Object& AddBool(absl::string_view key, bool value) {
    base::WriteKey(writer_, key);
    writer_.Bool(value);
    return *this;
  }
  std::string End() {
    writer_.EndObject();
    return {buffer_.GetString(), buffer_.GetSize()};
  }

 private:
  rapidjson::StringBuffer buffer_;
  JsonWriter writer_{buffer_};
};

// Names end up in logs, on command lines and in the store.
bool IsName(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isgraph(c) && c != '"' && c != '\\';
         });
}

absl::StatusOr<std::string> NameIn(const Json& json, absl::string_view key) {
  ASSIGN_OR_RETURN(const Json member, json.Get(key));
  ASSIGN_OR_RETURN(std::string text, member.AsString());
  if (IsName(text)) return text;
  return member.Error(absl::StrCat("must be a name: 1 to ", kMaxNameBytes,
                                   " printable characters, no spaces"));
}

template <typename T>
absl::StatusOr<T> ParsedIn(const Json& json, absl::string_view key) {
  ASSIGN_OR_RETURN(const Json member, json.Get(key));
  ASSIGN_OR_RETURN(const std::string text, member.AsString());
  const auto value = T::Parse(text);
  if (!value.ok()) return member.Error(value.status().message());
  return *value;
}

absl::StatusOr<int64_t> NumberIn(const Json& json, absl::string_view key,
                                 int64_t most) {
  ASSIGN_OR_RETURN(const Json member, json.Get(key));
  ASSIGN_OR_RETURN(const int64_t value, member.AsInt());
  if (value < 0 || value > most) {
    return member.Error(absl::StrCat("must be between 0 and ", most));
  }
  return value;
}

absl::StatusOr<bool> BoolIn(const Json& json, absl::string_view key) {
  ASSIGN_OR_RETURN(const Json member, json.Get(key));
  return member.AsBool();
}

}  // namespace

std::string ToJson(const LendRequest& message) {
  return Object()
      .Add("key", message.key)
      .Add("node", message.node)
      .Add("mac", message.mac.ToString())
      .Add("subnet", message.subnet)
      .End();
}

absl::StatusOr<LendRequest> ParseLendRequest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  LendRequest message;
  ASSIGN_OR_RETURN(message.key, NameIn(json, "key"));
  ASSIGN_OR_RETURN(message.node, NameIn(json, "node"));
  ASSIGN_OR_RETURN(message.mac, ParsedIn<base::Mac>(json, "mac"));
  ASSIGN_OR_RETURN(message.subnet, NameIn(json, "subnet"));
  return message;
}

std::string ToJson(const LendReply& message) {
  return Object()
      .Add("address", message.address.ToString())
      .Add("mac", message.mac.ToString())
      .Add("heldForMs", absl::ToInt64Milliseconds(message.held_for))
      .End();
}

absl::StatusOr<LendReply> ParseLendReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  LendReply message;
  ASSIGN_OR_RETURN(message.address, ParsedIn<base::Ipv4>(json, "address"));
  ASSIGN_OR_RETURN(message.mac, ParsedIn<base::Mac>(json, "mac"));
  ASSIGN_OR_RETURN(
      const int64_t held_for_ms,
      NumberIn(json, "heldForMs", absl::ToInt64Milliseconds(kMaxHeld)));
  message.held_for = absl::Milliseconds(held_for_ms);
  return message;
}

std::string ToJson(const SettleRequest& message) {
  return Object()
      .Add("key", message.key)
      .Add("node", message.node)
      .AddBool("taken", message.taken)
      .End();
}

absl::StatusOr<SettleRequest> ParseSettleRequest(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  SettleRequest message;
  ASSIGN_OR_RETURN(message.key, NameIn(json, "key"));
  ASSIGN_OR_RETURN(message.node, NameIn(json, "node"));
  ASSIGN_OR_RETURN(message.taken, BoolIn(json, "taken"));
  return message;
}

std::string ToJson(const SpareReply& message) {
  return Object()
      .Add("node", message.node)
      .Add("subnet", message.subnet)
      .Add("spare", int64_t{message.spare})
      .End();
}

absl::StatusOr<SpareReply> ParseSpareReply(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  SpareReply message;
  ASSIGN_OR_RETURN(message.node, NameIn(json, "node"));
  ASSIGN_OR_RETURN(message.subnet, NameIn(json, "subnet"));
  ASSIGN_OR_RETURN(const int64_t spare, NumberIn(json, "spare", kMaxSpare));
  message.spare = static_cast<int>(spare);
  return message;
}

}  // namespace applets::rpc
